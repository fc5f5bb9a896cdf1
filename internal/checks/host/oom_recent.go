package host

import (
	"fmt"
	"time"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "host.oom-recent",
	Title:    "the kernel kills nothing on a request's way for want of memory",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "001 common issues: memory",
	Why:      "Each time requests are lost in the middle, and what was killed leaves its work half done. It comes back with the same load.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).KilledUnits, oomRecent),
})

const week = 7 * 24 * time.Hour

func oomRecent(h *check.Hearing, x *model.Killed) check.Verdict {
	list := x.Kills
	if x.Unit == "" {
		return beside(h, x)
	}
	if len(list) == 0 {
		return check.Passed()
	}
	last := list[len(list)-1]
	h.Saw(last.Source)
	what := "a process"
	if last.Task != "" {
		what = last.Task
	}
	text := fmt.Sprintf("%s of %s was killed for want of memory, %s in two weeks", what, x.Unit, times(len(list)))
	r := check.Remedy{
		Do: "See what takes the memory when it happens. Fewer workers, or a limit on how many requests one serves (max_requests with jitter) where a worker grows; " +
			"else more memory, and some swap to soften it.",
		Commands: []string{"sudo journalctl --since=-14d _TRANSPORT=kernel -g 'oom-kill|Out of memory' --no-pager", "free -m", "systemd-cgtop -m -b -n 1 | head -n 20"},
		Verify:   "sudo assay check --only host.oom-recent", Minutes: 60,
	}
	if last.Limit {
		text += ", at the unit's own limit"
		r.Do = "It came to the limit that its unit sets. Raise that where the machine has more to give, or let it take less: fewer workers, max_requests with jitter where a worker grows."
		r.Commands = []string{"systemctl show " + x.Unit + " -p MemoryMax -p MemoryHigh", "sudo systemctl edit " + x.Unit + "   # [Service] MemoryMax=...", "sudo systemctl restart " + x.Unit}
	}
	if len(x.Since(x.Now.Add(-week))) == 0 {
		return check.Warned(text, r)
	}
	return check.Failed(text, r)
}

// beside judges what requests do not pass: that it came to its own limit is its
// own affair, that the machine had no memory left is not.
func beside(h *check.Hearing, x *model.Killed) check.Verdict {
	for i := len(x.Kills) - 1; i >= 0; i-- {
		k := x.Kills[i]
		if k.Limit || k.Task == "" {
			continue
		}
		x.Unsure(h)
		h.Saw(k.Source)
		return check.Warned("the machine ran out of memory in the last two weeks, and the kernel killed "+k.Task, check.Remedy{
			Do:       "See what takes it, and move it elsewhere, or give it a limit of its own (MemoryMax=), or the machine more memory. The next time it may be the app or the database.",
			Commands: []string{"sudo journalctl --since=-14d _TRANSPORT=kernel -g 'oom-kill|Out of memory' --no-pager", "free -m", "systemd-cgtop -m -b -n 1 | head -n 20"},
			Verify:   "free -m", Minutes: 60,
		}).Because("The kernel chooses what it kills by size: the next time it may be the database or a worker in the middle of a request.")
	}
	return check.Passed()
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
