package nginx

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/regex"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.service.running",
	Title:    "nginx runs",
	Severity: check.Critical,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 debugging: check service status; 001 issues: 502",
	Why:      "Nothing is served: visitors get \"connection refused\".",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Proxy, running),
})

func running(h *check.Hearing, n *model.Nginx) check.Verdict {
	if _, runs := n.Master.Open(h); runs {
		return check.Passed()
	}
	_, configured := n.Config.Open(h)
	if serves, _ := n.Serves().Open(h); !configured || !serves {
		return check.DoesNotApply("no deployment is served through nginx")
	}
	r := check.Remedy{
		Do:       "Start nginx, and let it come up with the machine.",
		Commands: []string{"sudo systemctl enable --now nginx"},
		Verify:   "systemctl is-active nginx",
		Minutes:  2,
	}
	u, known := n.Unit.Look(h)
	if known != fact.IsKnown {
		return check.Failed("nginx is not running", r)
	}
	h.Saw(u.Source)
	if u.Load == "masked" {
		r.Commands = []string{"sudo systemctl unmask nginx", "sudo systemctl enable --now nginx"}
		return check.Failed("nginx is not running: nginx.service is masked, systemd refuses to start it", r)
	}
	if c, ok := u.Stopped(); ok {
		h.Saw(c.Source)
		r.Do = "Find out who stopped it and why; then start it."
		r.Commands, r.Steps = []string{"sudo systemctl start nginx"}, plan.Systemctl("start nginx", "start", "nginx.service")
		return check.Failed("nginx was stopped, it did not fail by itself", r)
	}
	c, ok := u.Complaint()
	if !ok || !c.Telling() {
		r.Commands = append(r.Commands, "# if it does not start:", "sudo journalctl -u nginx -n 50 --no-pager")
		return check.Failed("nginx is not running: nginx.service is "+u.Active, r)
	}
	h.Saw(c.Source)
	r.Do, r.Minutes = "Put right what it said (above), and start it.", 10
	if port := taken.FindStringSubmatch(c.Text); port != nil {
		r.Do = "Another program listens on port " + port[1] + ": find it, and stop it for good or give it another port. Then start nginx."
		r.Commands = append([]string{"sudo ss -ltnp 'sport = :" + port[1] + "'"}, r.Commands...)
		if n.Rival != nil {
			h.Saw(n.Rival.Source)
			yields(&r, n, u)
		}
		return check.Failed("nginx is not running: "+c.Text, r).Because("The site is not served; on port " + port[1] + " visitors find another program.")
	}
	return check.Failed("nginx is not running: "+c.Text, r)
}

// yields stops the other program where the machine's next start would find the
// port nginx's anyhow: nginx comes up with it, and the other one does not.
func yields(r *check.Remedy, n *model.Nginx, u *model.Unit) {
	o := n.Rival
	if !u.AtBoot() || o.AtBoot() {
		return
	}
	r.Do = "Stop " + o.Name + ", which holds the port and does not come up with the machine, as nginx does. Then start nginx."
	r.Commands = []string{"sudo systemctl stop " + o.Name, "sudo systemctl start nginx"}
	r.Steps = plan.All(plan.Systemctl("stop what holds nginx's port", "stop", o.Name), check.Up("start nginx", u))
}

// taken is what nginx says when a port is not free (1.22, 1.26).
var taken = regex.New(`bind\(\) to \S+:(\d+) failed \(98: `)

// listText joins what was found for a summary: two in full, then a count.
func listText(items []string) string {
	if len(items) <= 2 {
		return strings.Join(items, " and ")
	}
	return fmt.Sprintf("%s and %d more", items[0], len(items)-1)
}
