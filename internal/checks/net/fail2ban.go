package net

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "net.fail2ban",
	Title:    "fail2ban runs and watches, where it is set up",
	Severity: check.Low,
	Stage:    model.StageFirewall,
	Guide:    "001: fail2ban",
	Why:      "Whoever set it up believes that it keeps guessers away, and nobody is kept away.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Bans, fail2ban),
})

// local is the file for one's own jails, which no package overwrites.
const local = "# /etc/fail2ban/jail.d/local.conf"

func fail2ban(h *check.Hearing, x *model.Bans) check.Verdict {
	u, there := x.Unit.Open(h)
	if !there {
		return guessing(h, x)
	}
	r := check.Remedy{
		Do:       "Let the jail for SSH read the journal: Debian has had no /var/log/auth.log since 12.",
		Commands: []string{local, "[sshd]", "backend = systemd", "enabled = true", "sudo apt-get install python3-systemd", "sudo systemctl restart fail2ban"},
		Verify:   "sudo fail2ban-client status sshd", Minutes: 5,
	}
	if !u.Running() {
		said := "fail2ban is set up and does not run"
		if c, ok := x.Complaint(); ok {
			h.Saw(c)
			said += ": " + c.Text
		} else {
			r.Do, r.Commands = "See why, and start it.", []string{"journalctl -u fail2ban -n 20", "sudo fail2ban-client -t", "sudo systemctl enable --now fail2ban"}
		}
		return check.Failed(said, r)
	}
	jails, _ := x.Jails.Open(h)
	if len(jails) == 0 {
		return check.Failed("fail2ban runs without a jail: it watches nothing", r)
	}
	for _, j := range jails {
		s, state := j.State.Look(h)
		if state == fact.IsKnown && len(s.Files) == 0 && s.Journal == "" {
			_, _ = j.State.Open(h)
			r.Do = "Name a file that is written, or let the jail read the journal."
			r.Commands[1] = "[" + j.Name + "]"
			return check.Failed(fmt.Sprintf("the jail %s of fail2ban watches nothing: no file and no part of the journal", j.Name), r)
		}
	}
	if !u.AtBoot() {
		u.Starters(h)
		r.Do, r.Commands, r.Verify, r.Minutes = "Let systemd start it with the machine.", []string{"sudo systemctl enable fail2ban"}, "systemctl is-enabled fail2ban", 1
		return check.Warned("fail2ban runs, and is gone after the next reboot: it is not enabled", r).Because("After a reboot nobody is kept away, and nobody looks.")
	}
	return check.Passed()
}

// guessing judges a host without fail2ban: it is wanted where strangers may try
// passwords at SSH, and nothing else counts.
func guessing(h *check.Hearing, x *model.Bans) check.Verdict {
	ssh, takes := x.Passwords.Open(h)
	if !takes {
		return check.DoesNotApply("there is no fail2ban, and SSH takes no passwords")
	}
	if by, counts := x.Counts.Open(h); counts {
		return check.DoesNotApply("there is no fail2ban, and " + by + " keeps away who fails")
	}
	if s := spreadOf(h, ssh); s.at[3] == nil {
		return check.Passed() // strangers do not come there
	}
	return check.Warned(fmt.Sprintf("strangers may try passwords at SSH (port %d) as often as they like: nothing on this host counts failures", ssh.Port), check.Remedy{
		Do:       "Log in with keys alone; where passwords have to be, let fail2ban count.",
		Commands: []string{"# /etc/ssh/sshd_config.d/keys.conf, once your own key works:", "PasswordAuthentication no", "sudo sshd -t && sudo systemctl reload ssh"},
		Verify:   "sudo sshd -T | grep passwordauthentication", Minutes: 10,
	}).Because("Machines try the passwords of every SSH port day and night; one weak password of any account is enough.")
}
