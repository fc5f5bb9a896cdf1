package flask

import (
	"encoding/json"
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.body-limits",
	Title:    "the app's limits leave room for a form",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Breaks:   true,
	Guide:    "000 step 7: upload sizes",
	Why:      "Who sends a form gets 413 Request Entity Too Large; every page that is only read works.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, bodyLimits),
})

// limits are what Flask and Werkzeug refuse a body by, from which version on,
// and below which they refuse what an ordinary form holds: a text of some pages,
// twenty fields.
var limits = []struct {
	key          string
	major, minor int
	least        float64
	what         string
}{
	{"MAX_CONTENT_LENGTH", 0, 0, 16 << 10, "a request of more than %s bytes"},
	{"MAX_FORM_MEMORY_SIZE", 3, 1, 16 << 10, "a form with a field of more than %s bytes"},
	{"MAX_FORM_PARTS", 3, 1, 20, "a form with more than %s fields"},
}

func bodyLimits(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	for _, l := range limits {
		c, set := app.Setting(l.key)
		var n float64
		if !set || c.Default || json.Unmarshal(c.Value, &n) != nil || n >= l.least || string(c.Value) == "null" || !model.AtLeast(app.Dists["flask"], l.major, l.minor) {
			continue
		}
		src := app.From(c)
		h.Saw(src)
		r := check.Remedy{Do: "Raise it to what the app's largest form needs. For uploads alone, a view can have a limit of its own (request.max_content_length, Flask 3.1).",
			Minutes: 5, Verify: "sudo assay check --only flask.body-limits"}
		if src.Line > 0 {
			r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d", src.Where, src.Line))
		}
		r.Commands = append(r.Commands, l.key+" = "+fmt.Sprint(int(l.least)*64))
		r.Commands = append(r.Commands, restart(s)...)
		return check.Failed(fmt.Sprintf("the app refuses "+l.what+": %s is %s", string(c.Value), l.key, string(c.Value)), r)
	}
	return check.Passed()
}
