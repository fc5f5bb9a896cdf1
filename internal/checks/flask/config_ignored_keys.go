package flask

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.config-ignored-keys",
	Title:    "the installed versions read every key of the configuration that they are meant to",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001: SQLALCHEMY_POOL_SIZE, SQLALCHEMY_POOL_RECYCLE, SQLALCHEMY_POOL_TIMEOUT",
	Why:      "What was written to be so is not so, and nothing says it: the default holds.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, ignoredKeys),
})

func ignoredKeys(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	var gone, typos []ignored
	for _, c := range app.Config {
		if x, ok := unread(app, c); ok {
			gone = append(gone, x)
		} else if x, ok := misspelt(app, c); ok {
			typos = append(typos, x)
		}
	}
	if len(gone)+len(typos) == 0 {
		return check.Passed()
	}
	var said []string
	minor := len(typos) == 0
	by := ""
	var keys []string
	for i, x := range gone {
		h.Saw(app.From(x.setting))
		minor = minor && x.minor
		keys = append(keys, x.setting.Key)
		if i == len(gone)-1 || gone[i+1].by != x.by {
			said = append(said, x.by+" ignores "+check.List(keys))
			keys = nil
		}
		by = x.by
	}
	for _, x := range typos {
		h.Saw(app.From(x.setting))
		said = append(said, "nothing reads "+x.setting.Key+", which is spelt like "+x.instead)
	}
	text := strings.Join(said, "; ")
	if p := pool(app); p != "" && strings.HasPrefix(by, "Flask-SQLAlchemy") && slices.ContainsFunc(gone, func(x ignored) bool { return x.pool }) {
		text += ": " + p
	}
	r := inPlace(app, s, gone, typos)
	if minor {
		return check.Warned(text, r)
	}
	return check.Failed(text, r)
}

// pool is what the first engine really has.
func pool(app *model.App) string {
	for _, e := range app.Engines {
		if e.Bind == "default" && e.Size > 0 {
			return fmt.Sprintf("the pool keeps %d connections and opens %d more at most", e.Size, e.Overflow)
		}
	}
	return ""
}

func inPlace(app *model.App, s *model.AppServer, gone, typos []ignored) check.Remedy {
	r := check.Remedy{Do: "Write each under the name that is read.", Minutes: 10, Verify: "sudo assay check --only flask.config-ignored-keys"}
	var options []string
	for _, x := range append(slices.Clone(gone), typos...) {
		if src := app.From(x.setting); src.Line > 0 {
			if at := fmt.Sprintf("# %s:%d", src.Where, src.Line); !slices.Contains(r.Commands, at) {
				r.Commands = append(r.Commands, at)
			}
		}
		if x.pool {
			options = append(options, fmt.Sprintf("%q: %s", x.instead, x.setting.Value))
		}
	}
	if len(options) > 0 {
		r.Commands = append(r.Commands, "SQLALCHEMY_ENGINE_OPTIONS = {"+strings.Join(options, ", ")+"}")
	}
	for _, x := range append(slices.Clone(gone), typos...) {
		if !x.pool {
			r.Commands = append(r.Commands, "# in place of "+x.setting.Key+": "+x.instead)
		}
	}
	r.Commands = append(r.Commands, restart(s)...)
	return r
}

// ignored is a setting that nothing reads.
type ignored struct {
	setting tape.AppSetting
	by      string // the package and its version
	instead string
	pool    bool
	minor   bool
}
