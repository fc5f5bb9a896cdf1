package gunicorn

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.http-hardening",
	Title:    "gunicorn reads requests as strictly as it can",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "beyond the guides",
	Why:      "What the proxy takes for one request gunicorn may take for two: the second comes past every rule, or into another visitor's answer.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).ServedGunicorns, httpHardening),
})

// lenient are the switches that take a strictness back (gunicorn 22 and 23).
var lenient = []struct{ name, bad, good, says string }{
	{"header_map", "dangerous", "drop", "headers with an underscore pass for those with a dash"},
	{"permit_obsolete_folding", "true", "False", "a header may go on in the next line"},
	{"strip_header_spaces", "true", "False", "a blank before a header's colon is dropped"},
	{"tolerate_dangerous_framing", "true", "False", "two lengths for one body are taken"},
	{"permit_unconventional_http_version", "true", "False", "other versions than 1.0 and 1.1 are taken"},
}

func httpHardening(h *check.Hearing, x *model.ServedGunicorn) check.Verdict {
	app, ok := x.Loaded.Open(h.Aside())
	if !ok || app.Gunicorn == nil {
		return check.CannotTell("how gunicorn reads requests: its settings could not be told", "sudo assay check --only gunicorn.import-ok says what became of loading the app")
	}
	r := check.Remedy{Verify: "sudo assay check --only gunicorn.http-hardening", Minutes: 15}
	for _, l := range lenient {
		if fmt.Sprint(app.Gunicorn[l.name]) != l.bad {
			continue
		}
		h.Saw(app.At(nil, fmt.Sprintf("gunicorn's %s = %v", l.name, app.Gunicorn[l.name])))
		r.Do = "Leave " + l.name + " out: what needs it is a client or a proxy to be mended."
		r.Commands = restart(x.AppServer)
		r.Steps = plan.Gunicorn("let gunicorn be as strict as it can", x.AppServer, l.name, l.good)
		return grade(x, check.Failed(fmt.Sprintf("gunicorn's %s is %s: %s", l.name, l.bad, l.says), r))
	}
	own, state := x.Package.Open(h)
	switch {
	case !state:
		return check.Passed() // the distribution's, which mends it without a new number
	case model.AtLeast(own, 23, 0):
		return check.Passed()
	}
	r.Do = "Install gunicorn 23 or later into the app's environment, and try the app with it before."
	r.Commands = append([]string{"sudo " + app.Prefix + "/bin/pip install 'gunicorn>=23'"}, restart(x.AppServer)...)
	said := "gunicorn " + own + " of " + app.Prefix + " takes requests that the proxy reads otherwise"
	if model.AtLeast(own, 22, 0) {
		return check.Warned(said+" (CVE-2024-6827)", r).At(check.Low)
	}
	return grade(x, check.Failed(said+" (CVE-2024-1135, CVE-2024-6827)", r))
}

// grade: nginx writes each request anew, and refuses what these faults need; it is
// the one that can be reached that matters.
func grade(x *model.ServedGunicorn, v check.Verdict) check.Verdict {
	if x.Sites {
		return v.At(check.Medium).Because("nginx refuses today's known tricks before gunicorn sees them; whoever reaches gunicorn past nginx, or finds another one, makes two requests of one.")
	}
	return v
}

func restart(s *model.AppServer) []string {
	if u := s.UnitName(); u != "" {
		return []string{"sudo systemctl restart " + u}
	}
	return []string{"# restart gunicorn"}
}
