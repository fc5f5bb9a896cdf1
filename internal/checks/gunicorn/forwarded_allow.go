package gunicorn

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.forwarded-allow",
	Title:    "gunicorn takes nginx's word, and nobody else's",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "001: ProxyFix; gunicorn's forwarded_allow_ips",
	Why:      "The app takes every request for plain http: redirects, links and cookies are made for the wrong scheme.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Peerings, forwardedAllow),
})

func forwardedAllow(h *check.Hearing, x *model.Peering) check.Verdict {
	allow, _ := x.Allow.Open(h)
	list := strings.Join(allow, ",")
	if model.Trusts(allow, x.Peer) {
		return everybody(h, x, list)
	}
	app, ok := x.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	_, _ = x.Allow.Look(h)
	h.Saw(model.SourceOf(x.Pass))
	r := check.Remedy{
		Do:       "Tell gunicorn the address from which nginx comes; or let both meet on 127.0.0.1 or a unix socket, where nothing has to be told.",
		Commands: []string{"# gunicorn: --forwarded-allow-ips " + x.Peer},
		Verify:   "sudo assay check --only gunicorn.forwarded-allow", Minutes: 5,
	}
	if u := x.Server.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl edit --full "+u, "sudo systemctl restart "+u)
	}
	r.Steps = plan.Gunicorn("let gunicorn take nginx's word", x.Server, "forwarded_allow_ips", list+","+x.Peer)
	said := fmt.Sprintf("nginx comes to gunicorn from %s, and gunicorn takes such headers from %s alone (forwarded_allow_ips)", x.Peer, list)
	if src, set := x.Script.Open(h.Aside()); set && model.AtLeast(app.Dists["gunicorn"], 22, 0) {
		h.Saw(src)
		return check.Failed(said+": it drops the SCRIPT_NAME that nginx sends", r).Breaking(true).
			Because("The app does not know below which path it is: it gets the whole path, has no page of that name, and answers 404.")
	}
	trusts, _ := app.Believes().Open(h)
	if slices.ContainsFunc(trusts, func(t tape.Trust) bool { return t.Into == "scheme" }) {
		return check.Passed() // the app itself takes the scheme from the proxy
	}
	if x.Loops {
		return check.Failed(said+": the app takes every request for plain http, and redirects it", r).Breaking(true).
			Because("The app sends visitors to https who came by https: browsers give up with ERR_TOO_MANY_REDIRECTS.")
	}
	if !strings.HasPrefix(x.Site().URL(), "https:") {
		return check.Passed()
	}
	return check.Warned(said+": the app takes every request for plain http", r)
}

// everybody is a list that anybody is on.
func everybody(h *check.Hearing, x *model.Peering, list string) check.Verdict {
	if !strings.Contains(list, "*") {
		return check.Passed()
	}
	open, _ := x.Open.Open(h)
	if !open {
		return check.Passed()
	}
	return check.Failed("gunicorn takes the word of everybody for scheme and SCRIPT_NAME (forwarded_allow_ips = *), and others than nginx can reach it", check.Remedy{
		Do:       "Name nginx's address in the place of the *, and let gunicorn listen where only nginx comes.",
		Commands: []string{"# gunicorn: --forwarded-allow-ips " + x.Peer},
		Verify:   "sudo assay check --only gunicorn.forwarded-allow", Minutes: 5,
		Steps: plan.Gunicorn("let gunicorn take nobody's word but nginx's", x.Server, "forwarded_allow_ips", x.Peer),
	}).Because("Whoever connects past nginx decides what the app takes for https, and under which path its links are.")
}
