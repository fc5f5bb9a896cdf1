package nginx

import (
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.config.valid",
	Title:    "nginx accepts its configuration",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "000 step 8: nginx -t, reload only after it passes",
	Why:      "nginx runs on what it loaded before; the next reload is refused, and after a restart or a reboot the site stays down.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).ProxyConfig, configValid),
})

func configValid(h *check.Hearing, n model.NginxConfigSubject) check.Verdict {
	t, state := n.Test.Look(h)
	if state == fact.IsAbsent {
		return check.DoesNotApply("nginx is not installed")
	}
	remedy := check.Remedy{
		Do:       "Mend the line that nginx names, test again, then reload.",
		Commands: []string{"sudo nginx -t", "sudo systemctl reload nginx"},
		Verify:   "sudo nginx -t",
		Minutes:  5,
	}
	if state == fact.IsUnknown {
		return check.Passed() // unknown, since the look was blind
	}
	if t.OK && len(t.Problems) == 0 {
		return check.Passed()
	}
	if t.OK {
		return check.Warned("nginx warns about its configuration: "+strings.TrimPrefix(t.Problems[0], "[warn] "), remedy).
			Because("nginx loads it, but not all of it does what it says.")
	}
	what := "it exits with an error"
	if len(t.Problems) > 0 {
		what = strings.TrimPrefix(t.Problems[0], "[emerg] ")
	}
	v := check.Failed("nginx refuses its configuration: "+what, remedy)
	if _, runs := n.Master.Look(h); runs == fact.IsAbsent {
		return v.At(check.Critical).Breaking(true).Because("nginx cannot start, so nothing is served.")
	}
	return v
}
