package net

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "net.appserver-exposed",
	Title:    "the app server is reached only through the proxy",
	Severity: check.Critical,
	Stage:    model.StageFirewall,
	Guide:    "000 step 21: internal services are not publicly reachable",
	Why:      "Anyone may go round TLS, limits and access rules, and forge X-Forwarded-* headers, which decide who a visitor is.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).AppServerListeners, appExposed),
})

func appExposed(h *check.Hearing, l model.AppListener) check.Verdict {
	if l.Server.Gunicorn() && !l.Proxied {
		if own, s := l.Server.Cert.Look(h); s == fact.IsKnown && own {
			return check.DoesNotApply("gunicorn ends TLS itself, by design")
		}
	}
	return exposed(h, l.Listener, l.Server.Name+"'s app server", check.Remedy{
		Do:       "Bind it to a unix socket or to loopback; nginx on this host reaches it there.",
		Commands: []string{"# in ExecStart of " + orUnit(l.Server.UnitName()), fmt.Sprintf("--bind 127.0.0.1:%d", l.Port), "sudo systemctl daemon-reload", "sudo systemctl restart " + orUnit(l.Server.UnitName())},
		Verify:   fmt.Sprintf("sudo ss -ltn | grep :%d", l.Port),
		Minutes:  5,
	})
}

func orUnit(s string) string {
	if s == "" {
		return "<unit>"
	}
	return s
}

// exposed is the one rule for how far a listener may be reached.
func exposed(h *check.Hearing, l *model.Listener, what string, r check.Remedy) check.Verdict {
	reach, _ := l.Reach.Open(h)
	switch {
	case reach.Scope == "unix" || reach.Scope == "loopback" || reach.Scope == "private":
		return check.Passed()
	case reach.Open && reach.Public:
		return check.Failed(fmt.Sprintf("%s listens on %s, and the whole internet can connect (%s)", what, l.Addr, reach.By), r)
	case reach.Open:
		return check.Warned(fmt.Sprintf("%s listens on %s: every machine of the network can connect (%s)", what, l.Addr, reach.By), r).
			Because("This host has private addresses only. Where the provider maps a public address onto it, the internet can connect too, unless its firewall says no.")
	}
	return check.Warned(fmt.Sprintf("%s listens on %s, and only the firewall keeps the world out (%s)", what, l.Addr, reach.By), r).
		Because("One firewall rule less, and it is open.")
}
