package model

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
)

// ReadTimeout is how many seconds nginx waits for the app to say something; false
// where its text is not to be read. nginx's default is 60.
func (x *Handed) ReadTimeout() (int, fact.Source, bool) {
	v, d := syntax.Value(x.Pass.Parent, "proxy_read_timeout")
	if d == nil {
		src := facts.DirectiveSource(x.Pass)
		src.Text += " without proxy_read_timeout, so 60s"
		return 60, src, true
	}
	n, ok := Seconds(v)
	return n, facts.DirectiveSource(d), ok
}

// Seconds reads nginx's 60, 90s, 2m, 1h 30m or 500ms (ngx_parse_time).
func Seconds(s string) (int, bool) {
	total := 0
	for _, word := range strings.Fields(s) {
		for word != "" {
			i := strings.IndexFunc(word, func(r rune) bool { return r < '0' || r > '9' })
			if i < 0 {
				i = len(word)
			}
			n, err := strconv.Atoi(word[:i])
			j := i
			for j < len(word) && (word[j] < '0' || word[j] > '9') {
				j++
			}
			unit, ok := map[string]int{"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}[word[i:j]]
			switch {
			case err != nil || !ok && word[i:j] != "ms":
				return 0, false
			case ok:
				total += n * unit
			default:
				total += n / 1000
			}
			word = word[j:]
		}
	}
	return total, s != ""
}

// OneByOne says that a worker has one request at a time, and that gunicorn's
// timeout is for that request (gunicorn, "timeout": with the others it is for the
// worker's loop alone).
func OneByOne(class []string, threads int) bool {
	return len(class) > 0 && threads <= 1 && slices.Contains([]string{"sync", "gunicorn.workers.sync.SyncWorker"}, class[0])
}
