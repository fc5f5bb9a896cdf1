package net

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "net.fail2ban-sees-real-clients",
	Title:    "fail2ban reads what is written, and bans visitors, not the proxy",
	Severity: check.Medium,
	Stage:    model.StageFirewall,
	Guide:    "001: fail2ban",
	Why:      "Nobody is ever banned: the jail waits for lines that are not written there any more.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Jails, realClients),
})

const oneForAll = "One ban shuts out every visitor at once, since all of them come from there."

func realClients(h *check.Hearing, j *model.Jail) check.Verdict {
	s, _ := j.State.Open(h)
	real := check.Remedy{
		Do: "Let nginx take the visitor's address from the proxy, so that its logs have it; and let no jail ban the proxy.",
		Commands: []string{"# in nginx's http block", "set_real_ip_from <the proxy's address>;", "real_ip_header X-Forwarded-For;", "sudo nginx -t && sudo systemctl reload nginx",
			local, "[DEFAULT]", "ignoreip = 127.0.0.1/8 ::1 <the proxy's address>", "sudo systemctl reload fail2ban"},
		Verify: "sudo fail2ban-client status " + j.Name, Minutes: 15,
	}
	for _, addr := range s.Banned {
		if what, is := j.Proxy(addr); is {
			real.Commands = append([]string{"sudo fail2ban-client set " + j.Name + " unbanip " + addr}, real.Commands...)
			return check.Failed(fmt.Sprintf("the jail %s of fail2ban has banned %s, which is %s", j.Name, addr, what), real).At(check.High).Because(oneForAll)
		}
	}
	for _, w := range j.Logs {
		why, dead := w.Dead.Look(h)
		if dead == fact.IsKnown {
			_, _ = w.Dead.Open(h)
			return check.Failed(fmt.Sprintf("the jail %s of fail2ban waits at %s, where nothing is written: %s", j.Name, w.Path, why), moved(j, w))
		}
		of, _ := w.Clients.Look(h)
		if proxies := w.InFront(j, of); len(proxies) > 0 {
			_, _ = w.Clients.Open(h)
			return check.Failed(fmt.Sprintf("the jail %s of fail2ban takes every visitor for %s: no other address stands in %s", j.Name, check.List(proxies), w.Path), real).Because(oneForAll)
		}
	}
	for _, why := range j.Unseen {
		h.Missed(why, false)
	}
	return check.Passed()
}

// moved points a jail at what is written.
func moved(j *model.Jail, w *model.WatchedLog) check.Remedy {
	r := check.Remedy{
		Do:       "Name the log that nginx writes now; a pattern is read when fail2ban starts.",
		Commands: []string{"sudo nginx -T | grep -E '(access|error)_log'", local, "[" + j.Name + "]", "logpath = /var/log/nginx/*error.log", "sudo systemctl restart fail2ban"},
		Verify:   "sudo fail2ban-client status " + j.Name, Minutes: 5,
	}
	if w.Syslog() {
		r.Do = "Let the jail read the journal, where the lines are: Debian has come without a syslog daemon since 12."
		r.Commands = []string{local, "[" + j.Name + "]", "backend = systemd", "sudo apt-get install python3-systemd", "sudo systemctl restart fail2ban"}
	}
	return r
}
