package tls

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "tls.renew.challenge-path",
	Title:    "nginx gives what certbot writes to prove that the name is yours",
	Severity: check.High,
	Stage:    model.StageTLS,
	Guide:    "000 step 11: renewal",
	Why:      "The authority does not find the answer, and does not renew; on the day that the certificate ends, browsers refuse the site.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Renewals, challengePath),
})

func challengePath(h *check.Hearing, r *model.Renewal) check.Verdict {
	ways, _ := r.Ways.Look(h)
	if len(ways) == 0 {
		return check.DoesNotApply("no folder is named for the answers")
	}
	for _, w := range ways {
		if !w.Lost() {
			continue
		}
		conf, _ := r.Conf.Open(h)
		h.Saw(conf.At("webroot_path"), w.At)
		const path = "/.well-known/acme-challenge/"
		said := fmt.Sprintf("nginx looks for %s of %s in %s, and certbot writes into %s", path, w.Name, trimmed(w.File), w.Webroot)
		switch {
		case w.Denied:
			said = fmt.Sprintf("nginx refuses %s of %s to everybody, by %s:%d", path, w.Name, w.At.Where, w.At.Line)
		case w.Passed:
			said = fmt.Sprintf("nginx hands %s of %s to the app, and certbot writes its answer into %s", path, w.Name, w.Webroot)
		}
		return check.Failed(said, check.Remedy{
			Do: "Give the path a location of its own, before all rules, with the folder that certbot writes into.",
			Commands: []string{"# in each server block of " + w.Name, "location ^~ " + path + " {", "    root " + w.Webroot + ";", "    default_type text/plain;", "}",
				"sudo install -d " + w.Webroot, "sudo nginx -t && sudo systemctl reload nginx"},
			Verify:  "sudo certbot renew --dry-run --cert-name " + r.Lineage,
			Minutes: 10,
			Steps:   answered(ways),
		})
	}
	return check.Passed()
}

// answered gives the path a location of its own in each block that loses it.
func answered(ways []*model.Challenge) []plan.Step {
	var out [][]plan.Step
	for _, w := range ways {
		if !w.Lost() {
			continue
		}
		if len(w.Server.Find("return", "rewrite", "if", "deny")) > 0 || slices.ContainsFunc(w.Server.Find("location"), func(d *nginx.Directive) bool {
			return strings.TrimSuffix(d.Arg(len(d.Args)-1), "/") == "/.well-known/acme-challenge"
		}) {
			return nil
		}
		out = append(out, plan.Nginx("answer the authority from the folder that certbot writes into", w.Server).Inside(
			"", "location ^~ /.well-known/acme-challenge/ {", "    root "+w.Webroot+";", "    default_type text/plain;", "}"))
	}
	return plan.All(out...)
}

// trimmed is the folder that stands before the path of a challenge.
func trimmed(file string) string {
	const tail = "/.well-known/acme-challenge/assay"
	if len(file) > len(tail) && file[len(file)-len(tail):] == tail {
		return file[:len(file)-len(tail)]
	}
	return file
}
