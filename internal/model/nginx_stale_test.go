package model

import (
	"testing"
	"time"
)

// A reload in the middle is a reload; a worker in the place of a dead one is none.
func TestGeneration(t *testing.T) {
	old, now := time.Unix(1000, 0), time.Unix(2000, 0)
	const title, leaving = "nginx: worker process", "nginx: worker process is shutting down"
	type worker struct {
		title string
		start time.Time
	}
	for name, c := range map[string]struct {
		workers []worker
		want    time.Time
	}{
		"as it was":     {[]worker{{title, old}, {title, old}}, old},
		"one died":      {[]worker{{title, old}, {title, old}, {title, now}}, old},
		"reloading":     {[]worker{{title, old}, {title, old}, {title, now}, {title, now}}, now},
		"one CPU":       {[]worker{{title, old}, {title, now}}, now},
		"old ones left": {[]worker{{leaving, old}, {title, now}, {title, now}}, now},
		"cache alone":   {[]worker{{"nginx: cache manager process", old}}, time.Time{}},
	} {
		var all []Process
		for _, w := range c.workers {
			var p Process
			p.Args, p.Start = []string{w.title}, w.start
			all = append(all, p)
		}
		if got := generation(all); !got.Equal(c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
