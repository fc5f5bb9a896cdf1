package nginx

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.worker.user",
	Title:    "nginx works without root's rights, by files that only root writes",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "beyond the guides",
	Why:      "A fault in nginx or in one of its modules is at once root's: the whole host is lost with it.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Proxy, workerUser),
})

func workerUser(h *check.Hearing, n *model.Nginx) check.Verdict {
	cfg, ok := n.Config.Open(h)
	if !ok {
		return check.DoesNotApply("nginx has no configuration")
	}
	master, runs := n.Master.Open(h)
	if runs && master.UID != 0 {
		return check.DoesNotApply("nginx was not started by root")
	}
	workers := slices.DeleteFunc(slices.Clone(n.Workers), func(w model.Process) bool { return !strings.Contains(strings.Join(w.Args, " "), "worker process") })
	if runs && len(workers) == 0 {
		return check.CannotTell("who nginx's workers run as: it has none", "look again once it has started")
	}
	for _, w := range workers {
		if w.UID != 0 {
			continue
		}
		r := check.Remedy{
			Do:       "Name a user without rights; www-data is there for it on Debian. What nginx reads and writes then has to be open to that one.",
			Commands: []string{"# " + n.Main + ", at the top", "user www-data;", test},
			Verify:   "ps -o user,args -C nginx",
			Minutes:  10,
		}
		if set := cfg.Root.Find("user"); len(set) > 0 {
			h.Saw(model.SourceOf(set[0]))
			r.Commands[0] = "# " + where(set[0].File, set[0].Line)
		}
		return check.Failed("nginx's workers run as root", r)
	}
	for _, why := range cfg.Unseen {
		h.Missed(why, true)
	}
	others, state := n.Others.Look(h)
	if state != fact.IsKnown || others == "" {
		return check.Passed()
	}
	file, _, _ := strings.Cut(others, " belongs to ")
	if strings.Contains(others, " can write ") {
		_, file, _ = strings.Cut(others, " can write ")
		file, _, _ = strings.Cut(file, " (")
	}
	return check.Failed("who is not root decides what nginx does as root: "+others, check.Remedy{
		Do:       "Let the file belong to root, or keep a copy of it that does: what a deploy user writes there, root's nginx reads at the next reload.",
		Commands: []string{"sudo chown -h root:root " + file, "sudo chmod go-w " + file},
		Verify:   fmt.Sprintf("stat -c '%%U %%a %%n' %s", file),
		Minutes:  10,
	}).Because("Whoever has that account lets nginx, which starts as root, read and give out any file of the host: certificates' keys, /etc/shadow.")
}
