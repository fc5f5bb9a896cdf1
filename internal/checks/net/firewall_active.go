package net

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "net.firewall-active",
	Title:    "the firewall drops what nothing is said of, over IPv4 and IPv6, and after a reboot",
	Severity: check.High,
	Stage:    model.StageFirewall,
	Guide:    "000 step 21, 001: firewall (ufw)",
	Why:      "The next program that listens on 0.0.0.0 is open to the internet.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Walls, firewallActive),
})

func firewallActive(h *check.Hearing, w *model.Wall) check.Verdict {
	addrs, _ := w.Public.Open(h)
	if len(addrs) == 0 {
		return check.DoesNotApply("this host has no public address of its own")
	}
	if !w.Serves {
		return check.DoesNotApply("no app is served from here")
	}
	var open, shut []string
	for _, a := range addrs {
		if passes, _ := w.Passes[a].Open(h); passes {
			open = append(open, a)
		} else {
			shut = append(shut, a)
		}
	}
	keeper, asleep := keepers(h, w)
	r := check.Remedy{Do: "Load its rules, and see why they are not there: the journal of the service says.", Verify: "sudo nft list ruleset", Minutes: 10}
	switch {
	case len(shut) == 0 && keeper != nil:
		h.Saw(keeper.Line)
		r.Commands = []string{"systemctl status " + keeper.Unit, "sudo systemctl restart " + keeper.Unit}
		return check.Failed(fmt.Sprintf("%s is set to drop what nothing is said of (%s), and no such rule is in force", strings.TrimSuffix(keeper.Unit, ".service"), keeper.File), r).
			Because("Whoever set it up believes that it is on: the next program that listens on 0.0.0.0 is open to the internet.")
	case len(shut) == 0 && before(h, w.Declared):
		return check.DoesNotApply("a firewall in front of this host is declared")
	case len(shut) == 0:
		r.Do = "Let the firewall drop what nothing is said of. SSH first, or you lock yourself out. A provider's firewall in front does as well: declare it in /etc/assay/assay.toml (firewall = \"...\")."
		r.Commands = []string{"sudo apt-get install ufw", "sudo ufw allow OpenSSH", "sudo ufw allow 'Nginx Full'", "sudo ufw default deny incoming", "sudo ufw enable"}
		return check.Warned("no firewall on this host drops anything, at "+check.List(addrs), r).At(check.Low)
	case len(open) > 0:
		r.Do = "Say for both kinds of addresses what may come in: a table of family inet has one rule for both; ufw does so with IPV6=yes in /etc/default/ufw."
		r.Commands = []string{"sudo nft list ruleset"}
		return check.Failed(fmt.Sprintf("the firewall drops what nothing is said of at %s, and lets everything through at %s", check.List(shut), check.List(open)), r).At(check.Medium).
			Because("Scanners come over both: what the one keeps out walks in by the other.")
	case asleep != nil && keeper == nil:
		h.Saw(asleep.Line)
		r.Do = "Let systemd load the rules when the machine starts."
		r.Commands, r.Verify, r.Minutes = []string{"sudo systemctl enable " + asleep.Unit}, "systemctl is-enabled "+asleep.Unit, 1
		return check.Warned(fmt.Sprintf("the firewall is gone after the next reboot: %s is not enabled, and nothing else loads its rules", asleep.Unit), r).
			Because("After a reboot all is open, and nobody looks.")
	}
	return check.Passed()
}

// before says that a firewall in front of the host is declared; who declares
// "none" has thought of it, and has none.
func before(h *check.Hearing, declared fact.Of[string]) bool {
	text, said := declared.Open(h)
	return said && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), "no")
}

// keepers are the first service that loads rules of its own with the machine,
// and the first that has some and does not.
func keepers(h *check.Hearing, w *model.Wall) (keeper, asleep *model.Keeper) {
	for _, k := range w.Keepers {
		shuts, _ := k.Shuts.Look(h)
		boots := false
		if shuts {
			boots, _ = k.Boots.Open(h)
		}
		switch {
		case !shuts:
		case boots && keeper == nil:
			keeper = k
		case !boots && asleep == nil:
			asleep = k
		}
	}
	return keeper, asleep
}
