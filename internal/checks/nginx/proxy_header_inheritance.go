package nginx

import (
	"slices"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.header-inheritance",
	Title:    "no location loses what its server tells the app",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "000 step 7: proxy_set_header",
	Why:      "What the location serves goes by another address or another scheme than the rest of the site, and a visitor can write it himself.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Forwardeds, headerInheritance),
})

func headerInheritance(h *check.Hearing, x *model.Forwarded) check.Verdict {
	app, trusts, ok := believer(h, x)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	var hit ways
	var lost []string
	var steps [][]plan.Step
	r := check.Remedy{Do: "Say them again in the location, best by a file that every location includes: one proxy_set_header of its own takes the place of all that it would inherit.", Minutes: 5}
	for _, w := range x.Ways {
		if w.Kept || !w.HTTP() || w.Front != nil || w.Displaced("Host") != nil && !app.Named() { // the lost Host is told of with all the rest
			continue
		}
		var gone []string
		if d := w.Displaced("X-Forwarded-For"); d != nil && !w.ToldVisitor() && !believes(trusts, "remote") {
			gone = append(gone, "X-Forwarded-For")
			h.Saw(model.SourceOf(d))
		}
		if d := w.Displaced("X-Forwarded-Proto"); d != nil && w.TLS() && !w.ToldScheme() && !believes(trusts, "scheme") {
			gone = append(gone, "X-Forwarded-Proto")
			h.Saw(model.SourceOf(d))
		}
		if len(gone) == 0 {
			continue
		}
		hit = append(hit, w)
		file, line := w.Setting()
		r.Commands = append(r.Commands, "# "+where(file, line)+", beside it")
		for _, name := range gone {
			d := w.Displaced(name)
			r.Commands = append(r.Commands, "proxy_set_header "+d.Arg(0)+" "+d.Arg(1)+";")
			steps = append(steps, plan.NginxListed("say again in "+w.At()+" what its server tells the app", w.Last().Pass.Parent, "proxy_set_header", d.Arg(0), d.Written()))
			if !slices.Contains(lost, name) {
				lost = append(lost, name)
			}
		}
	}
	if len(hit) == 0 {
		return check.Passed()
	}
	r.Commands, r.Steps = append(r.Commands, test), plan.All(steps...)
	r.Verify = "sudo nginx -T 2>/dev/null | grep -nE 'location|proxy_set_header'"
	said := hit.String() + " loses " + check.List(lost) + ", which its server tells the app: it has a proxy_set_header of its own"
	v := check.Failed(said, r).At(check.Medium)
	if x.Circles && slices.Contains(lost, "X-Forwarded-Proto") {
		return v.At(check.High).Breaking(true)
	}
	return v
}
