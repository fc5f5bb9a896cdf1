package net

import (
	"fmt"
	"strings"

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
	Ask:      check.Each((*model.Deployment).AppServerPorts, appExposed),
})

func appExposed(h *check.Hearing, x *model.Exposure) check.Verdict {
	if x.Server.Gunicorn() && !x.Proxied {
		if own, s := x.Server.Cert.Look(h); s == fact.IsKnown && own {
			return check.DoesNotApply("gunicorn ends TLS itself, by design")
		}
	}
	return exposed(h, x, x.Server.Name+"'s app server", appRemedy(h, x))
}

func appRemedy(h *check.Hearing, x *model.Exposure) check.Remedy {
	r := check.Remedy{
		Do:      "Bind it to loopback, where nginx on this host reaches it.",
		Verify:  fmt.Sprintf("sudo ss -ltn 'sport = :%d'", x.Port),
		Minutes: 5,
	}
	to := fmt.Sprintf("--bind 127.0.0.1:%d", x.Port)
	src, known := x.Server.StartedBy()
	if x.Server.Gunicorn() {
		if b, s := x.Server.Binds.Look(h); s == fact.IsKnown && len(b) > 0 && b[0].Source.Line > 0 {
			src, known = b[0].Source, true
		}
		if strings.HasSuffix(src.Where, ".py") {
			to = fmt.Sprintf("bind = \"127.0.0.1:%d\"", x.Port)
		}
	} else if x.Server.Kind == "flask-dev" {
		to = "--host 127.0.0.1  # or app.run(host=\"127.0.0.1\")"
	}
	if other := inside(h, x); other != "" {
		r.Do = "Take this address away: the app listens on " + other + " as well, where nginx on this host reaches it."
		to = "# without " + check.List(addresses(x))
	}
	if known {
		h.Saw(src)
		r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d", src.Where, src.Line))
	}
	r.Commands = append(r.Commands, to)
	if u := x.Server.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl daemon-reload", "sudo systemctl restart "+u)
	}
	return r
}

// inside is another socket of the app that only this host reaches.
func inside(h *check.Hearing, x *model.Exposure) string {
	all, _ := x.Server.Listens.Look(h)
	for _, l := range all {
		r, state := l.Reach.Look(h)
		if state == fact.IsKnown && width(r) == 0 && l.Port != x.Port {
			return l.Addr
		}
	}
	return ""
}

func addresses(x *model.Exposure) []string {
	var out []string
	for _, l := range x.Listeners {
		out = append(out, l.Addr)
	}
	return out
}

// exposed is the one rule for how far a port may be reached. The widest of its
// sockets counts.
func exposed(h *check.Hearing, x *model.Exposure, what string, r check.Remedy) check.Verdict {
	return spreadOf(h, x).verdict(what, r)
}

// spread is a port's sockets by how wide they are, and by whose leave.
type spread struct {
	at [4][]string
	by [4]string
}

func spreadOf(h *check.Hearing, x *model.Exposure) spread {
	var s spread
	for _, l := range x.Listeners {
		reach, state := l.Reach.Look(h)
		if state != fact.IsKnown {
			continue
		}
		k := width(reach)
		addr := l.Addr
		if strings.HasPrefix(l.Proto, "udp") {
			addr += " (udp)"
		}
		s.at[k], s.by[k] = append(s.at[k], addr), reach.By
	}
	if !s.closed() {
		for _, l := range x.Listeners { // a port alone does not say whose it is
			_, _ = l.Holders.Open(h)
		}
	}
	return s
}

func (s spread) closed() bool { return s.at[3] == nil && s.at[2] == nil && s.at[1] == nil }

func (s spread) verdict(what string, r check.Remedy) check.Verdict {
	at, by := s.at, s.by
	switch {
	case at[3] != nil:
		return check.Failed(fmt.Sprintf("%s listens on %s, and the whole internet can connect (%s)", what, check.List(at[3]), by[3]), r)
	case at[2] != nil:
		return check.Warned(fmt.Sprintf("%s listens on %s: every machine of the network can connect (%s)", what, check.List(at[2]), by[2]), r).
			Because("This host has private addresses only. Where the provider maps a public address onto it, the internet can connect too, unless its firewall says no.")
	case at[1] != nil:
		return check.Warned(fmt.Sprintf("%s listens on %s, and only the firewall keeps the world out (%s)", what, check.List(at[1]), by[1]), r).
			Because("One firewall rule less, and it is open.")
	}
	return check.Passed()
}

func width(r model.Reach) int {
	switch {
	case r.Scope == "unix" || r.Scope == "loopback" || r.Scope == "private":
		return 0
	case !r.Open:
		return 1
	case !r.Public:
		return 2
	}
	return 3
}
