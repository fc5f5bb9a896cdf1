package nginx

import (
	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.realip.trust",
	Title:    "nginx takes a visitor's address from its proxies alone",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "001: headers can be spoofed",
	Why:      "A visitor chooses the address that logs, limits, bans and the app see.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Believeds, realipTrust),
})

// untrusted takes the lines out: visitors come to nginx itself, and no proxy
// stands in front.
func untrusted(x *model.Believed) []plan.Step {
	say := "let nginx take a visitor's address from his connection alone"
	level, wide := x.By.Parent, x.Wide()
	gone := wide
	if len(wide) == len(level.Find("set_real_ip_from")) {
		gone = append(gone, level.Find("real_ip_header", "real_ip_recursive")...)
	}
	var steps [][]plan.Step
	for _, d := range gone {
		steps = append(steps, plan.Nginx(say, d).Delete())
	}
	return plan.All(steps...)
}

func realipTrust(h *check.Hearing, x *model.Believed) check.Verdict {
	if x.By == nil {
		return check.Passed()
	}
	h.Saw(model.SourceOf(x.By))
	for _, w := range x.Ways {
		here, state := w.Here.Look(h)
		if state == fact.IsUnknown || !here {
			return check.CannotTell("whether visitors can come past the proxy in front: nginx takes "+x.Header+" from anybody ("+where(x.By.File, x.By.Line)+")",
				"name the proxy's own addresses in set_real_ip_from")
		}
	}
	v := check.Failed("nginx takes a visitor's address from whoever names one: set_real_ip_from "+x.By.Arg(0)+" with "+x.Header, check.Remedy{
		Do:       "Name the addresses of the proxies in front, and only those; with none in front, take the lines out.",
		Commands: []string{"# " + where(x.By.File, x.By.Line) + ", with your proxy's addresses", "set_real_ip_from 192.0.2.0/24;", test},
		Verify:   "sudo nginx -T 2>/dev/null | grep set_real_ip_from",
		Minutes:  10,
		Steps:    untrusted(x),
	})
	if rules := x.Ruled(); len(rules) > 0 {
		return v.Because("A visitor chooses the address that logs and the app see, and that nginx's own rules go by (" + check.List(rules) + "): he comes as 127.0.0.1 wherever that one is let in.")
	}
	return v
}
