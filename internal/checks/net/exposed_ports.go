package net

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "net.exposed-ports",
	Title:    "strangers reach the web server and SSH, and nothing else",
	Severity: check.High,
	Stage:    model.StageFirewall,
	Guide:    "000 step 21: only ports 80 and 443 are public",
	Why:      "Every open port is tried by machines within hours, and this one was not made for that.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).OpenPorts, exposedPort),
})

func exposedPort(h *check.Hearing, x *model.OpenPort) check.Verdict {
	s := spreadOf(h, x.Exposure)
	if s.at[3] == nil {
		return check.Passed() // closed, of a private network, or behind the firewall
	}
	if before(h, x.Before) {
		return check.DoesNotApply("a firewall in front of this host is declared")
	}
	r := check.Remedy{
		Do:       "Let it listen on 127.0.0.1 or on a private address, or keep the world out with the firewall; where strangers are meant to come, nothing is to be done.",
		Commands: []string{fmt.Sprintf("sudo ss -ltnp 'sport = :%d'", x.Port)},
		Verify:   fmt.Sprintf("# from another machine: nc -vz THIS-HOST %d", x.Port),
		Minutes:  10,
	}
	if u := x.Unit(); u != "" {
		r.Commands = append(r.Commands, "systemctl cat "+u, "# nobody needs it: sudo systemctl disable --now "+u)
	}
	said := fmt.Sprintf("%s listens on %s, and the whole internet can connect (%s)", x.Who, check.List(s.at[3]), s.by[3])
	switch {
	case x.Session:
		return check.Failed(said+"; somebody started it in a shell", r)
	case x.ByHand:
		return check.Failed(said, r)
	}
	return check.Warned(said, r).Because("Every open port is tried by machines within hours. Whether this one is meant for strangers nobody but you knows.")
}
