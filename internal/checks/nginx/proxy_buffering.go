package nginx

import (
	"slices"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.buffering",
	Title:    "nginx passes streams of events on as they come",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "001 performance: proxy_buffering",
	Why:      "Visitors see nothing until nginx has a bufferful, and the connection ends before.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).EventStreams, buffered),
})

func buffered(h *check.Hearing, s *model.Stream) check.Verdict {
	if !s.Held() {
		return check.Passed()
	}
	at := s.Source()
	if v, src := s.Value("proxy_buffering"); v != "" {
		at = src
	}
	h.Saw(s.Place, at)
	location := apart(s, "proxy_buffering off;", "proxy_read_timeout 1h;")
	way := []string{"# or " + where(s.Pass.File, s.Pass.Line) + ": a location for " + s.URL + " with the same lines, and", "proxy_buffering off;", "proxy_read_timeout 1h;"}
	if location != nil {
		way = append([]string{"# or before " + where(s.Block.File, s.Block.Line) + ":"}, location[:len(location)-1]...)
	}
	return check.Failed("nginx holds the events of "+s.Subject()+" back: proxy_buffering is on there, and the app does not say X-Accel-Buffering: no", check.Remedy{
		Do:       "Let the app say so with the stream: it then holds in front of every nginx. Or give the stream a location of its own.",
		Commands: slices.Concat([]string{`# in the app: response.headers["X-Accel-Buffering"] = "no"`}, way, []string{test}),
		Steps:    placed("let nginx pass the events of "+s.URL+" on as they come", s, location),
		Verify:   "curl -N -m 5 " + s.Site().URL() + trimSlash(s.URL),
		Minutes:  10,
	})
}

func trimSlash(path string) string {
	if path != "" && path[0] == '/' {
		return path[1:]
	}
	return path
}
