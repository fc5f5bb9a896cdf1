package systemd

import (
	"fmt"
	"time"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.crash-loop",
	Title:    "the app's service does not die again and again",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 5: Restart=",
	Why:      "Each time the requests that are under way are lost and visitors get 502 for some seconds. It looks well at any single moment, since systemd starts it again.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Served, crashLoop),
})

// Deaths that are too many: in a day, and in a week.
const (
	inDay  = 4
	inWeek = 3
)

func crashLoop(h *check.Hearing, u *model.Unit) check.Verdict {
	if !u.Running() || u.Looping() {
		return check.DoesNotApply(u.Name + " does not run now, which is told elsewhere")
	}
	all, _ := u.Deaths().Open(h)
	day, week, last := 0, 0, model.Death{}
	for _, d := range all {
		if u.Now.Sub(d.At) <= 24*time.Hour {
			day++
		}
		if u.Now.Sub(d.At) <= 7*24*time.Hour {
			week++
		}
		last = d
	}
	if day < inDay && week < inWeek {
		return check.Passed()
	}
	r := check.Remedy{
		Do: "Read what it said before each end. status=9/KILL that nobody sent is the kernel's, for want of memory; SEGV is a fault in a C extension; an exit code is the app's own.",
		Commands: []string{
			"sudo journalctl -u " + u.Name + " -g 'Main process exited|Failed with result' --since=-7d --no-pager",
			"sudo journalctl -u " + u.Name + " --until=@" + fmt.Sprint(last.At.Add(time.Second).Unix()) + " -n 40 --no-pager",
			"sudo journalctl -k -g 'oom|segfault' --since=-7d --no-pager",
		},
		Verify: "systemctl show -p NRestarts " + u.Name, Minutes: 30,
	}
	if day >= inDay {
		return check.Failed(fmt.Sprintf("%s died %d times in the last day while it ran, and was started again: %s", u.Name, day, clip(last.How)), r)
	}
	return check.Warned(fmt.Sprintf("%s died %d times in the last week while it ran, and was started again: %s", u.Name, week, clip(last.How)), r)
}
