package host

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "host.service-user",
	Title:    "the app has a user of its own, without rights of root's",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "001 non-root user",
	Why:      "Whoever finds a hole in the app has the whole machine.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Accounts, serviceUser),
})

func serviceUser(h *check.Hearing, x *model.ServiceAccount) check.Verdict {
	u, known := x.User.Open(h)
	if !known {
		return check.DoesNotApply("there is no such account, which its unit tells")
	}
	name := x.Server.UnitName()
	if name == "" {
		name = x.Server.Subject()
	}
	folder, writes := "/srv/app", "# sudo chown -R app: the folders that the app writes to"
	if a, _ := x.Server.Code.Look(h.Aside()); a != nil && a.Cwd != "" {
		folder = a.Cwd
	}
	if u, _ := x.Server.Uploads.Look(h.Aside()); len(u) > 0 {
		writes = "sudo chown -R app: " + u[0].Folder
	}
	r := check.Remedy{
		Do: "Give the app a user of its own, which owns nothing of the code, and let it write to its uploads alone.",
		Commands: []string{"sudo useradd --system --home-dir " + folder + " --no-create-home --shell /usr/sbin/nologin app", "sudo systemctl edit " + name, "# [Service]", "# User=app", "# Group=www-data",
			writes, "sudo systemctl restart " + name},
		Verify: "ps -o user,args -C gunicorn", Minutes: 15,
	}
	if u.UID == 0 {
		return check.Failed("the app runs as root", r)
	}
	if groups, _ := x.RootGroups.Open(h.Aside()); len(groups) > 0 {
		_, _ = x.RootGroups.Look(h)
		r.Do, r.Commands = "Take the account out of the group, and restart the service: a process keeps the groups that it was started with.",
			[]string{"sudo gpasswd -d " + u.Name + " " + groups[0], "sudo systemctl restart " + name}
		r.Verify, r.Minutes = "id "+u.Name, 5
		return check.Failed(fmt.Sprintf("the app's user %s is in the group %s, whose members can be root", u.Name, groups[0]), r)
	}
	if line, rule := x.Sudo.Look(h.Aside()); rule == fact.IsKnown {
		_, _ = x.Sudo.Look(h)
		r.Do, r.Commands = "Take the rule away, or name the one command that the app needs.", []string{"sudo visudo -f " + line}
		r.Verify, r.Minutes = "sudo -l -U "+u.Name, 5
		return check.Failed(fmt.Sprintf("sudo lets the app's user %s do everything as root, without a password", u.Name), r)
	}
	if other, shared := x.Shared.Open(h.Aside()); shared {
		_, _ = x.Shared.Look(h)
		return check.Warned(fmt.Sprintf("the app runs as %s, and so does %s", u.Name, other), r).
			Because("Each of the two can read the other's secrets, files and memory, and use its sockets: a hole in one is a hole in both.")
	}
	return check.Passed()
}
