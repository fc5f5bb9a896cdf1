package nginx

import (
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.headers.always",
	Title:    "nginx sends its security headers with error pages too",
	Severity: check.Low,
	Stage:    model.StageServer,
	Guide:    "001 security: headers",
	Why:      "add_header alone leaves them out of 404, 500 and the like, which an attacker can make a visitor see.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).HandedOn, alwaysSent),
})

// protective are the headers that protect a page whatever its status is.
var protective = []string{"strict-transport-security", "content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy"}

func alwaysSent(h *check.Hearing, x *model.Handed) check.Verdict {
	if x.Path != "/" {
		return check.DoesNotApply("not the site's own location")
	}
	lost := slices.DeleteFunc(slices.Clone(x.Adds()), func(d *syntax.Directive) bool {
		return d.Arg(2) == "always" || !slices.Contains(protective, strings.ToLower(d.Arg(0)))
	})
	if len(lost) == 0 {
		return check.Passed()
	}
	own, _ := x.Plain.Open(h)
	lost = slices.DeleteFunc(lost, func(d *syntax.Directive) bool { return own.Get(strings.ToLower(d.Arg(0))) != "" })
	if len(lost) == 0 {
		return check.Passed()
	}
	var names, lines []string
	var steps [][]plan.Step
	for _, d := range lost {
		h.Saw(model.SourceOf(d))
		names = append(names, d.Arg(0))
		steps = append(steps, plan.Nginx("let nginx send "+d.Arg(0)+" with error pages too", d).Replace(always(d)))
		lines = append(lines, "# "+where(d.File, d.Line)+":", "add_header "+d.Arg(0)+" "+quoted(d.Arg(1))+" always;")
	}
	return check.Failed("error pages of "+x.Where()+" go without "+check.List(names)+": add_header without always", check.Remedy{
		Do:       "Say always at the end of the line.",
		Commands: append(lines, test),
		Verify:   "curl -sI " + x.Site().URL() + "no-such-page | grep -i " + strings.ToLower(names[0]),
		Minutes:  5,
		Steps:    plan.All(steps...),
	})
}

// always is an add_header as it is written, for answers of every status.
func always(d *syntax.Directive) string {
	said := strings.TrimSuffix(d.Written(), ";")
	if d.Arg(2) == "always" {
		return said + ";"
	}
	return said + " always;"
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }
