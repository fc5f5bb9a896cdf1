package log

import (
	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "log.available",
	Title:    "what the app and the system say is kept",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "000 step 6: journalctl; 001 logging",
	Why:      "When something breaks, nothing tells what it was.",
	Cure:     check.OnHost,
	Ask:      check.Both(check.OfHost((*model.Model).Journals, journalKept), check.Both(check.Each((*model.Deployment).Units, said), check.Each((*model.Deployment).Muffled, muffled))),
})

func journalKept(h *check.Hearing, j model.JournalSubject) check.Verdict {
	k, _ := j.Kept.Open(h.Aside())
	_, _ = j.Kept.Look(h)
	switch {
	case k.Lasts || k.Other != "":
		return check.Passed()
	case k.Storage == "none":
		return check.Failed("journald keeps nothing: Storage=none", keep())
	}
	return check.Warned("the journal is kept in memory alone, and is gone after a reboot", keep()).
		Because("After a crash of the machine, or a reboot that somebody hoped would help, nothing tells what went before.")
}

func keep() check.Remedy {
	return check.Remedy{Do: "Let journald write to the disk; it limits itself to a tenth of it.",
		Commands: []string{"# /etc/systemd/journald.conf.d/zz-assay.conf, under [Journal]: Storage=persistent", "sudo systemctl restart systemd-journald", "sudo journalctl --flush"},
		Verify:   "journalctl --header | grep -m1 /var/log/journal", Minutes: 3,
		Steps: plan.New("keep the journal on the disk", "/etc/systemd/journald.conf.d/zz-assay.conf", "0644", "[Journal]\nStorage=persistent\n",
			plan.Act{Verb: "restart", Unit: "systemd-journald.service"}, plan.Act{Verb: "restart", Unit: "systemd-journal-flush.service"})}
}

// said follows what the service writes to its standard error: gunicorn's own
// log and the app's, unless gunicorn was told to write a file.
func said(h *check.Hearing, u *model.Unit) check.Verdict {
	t, _ := u.Files.Open(h)
	src, set := t.SettingSource("StandardError")
	from := "StandardError"
	if !set || src.Text == "StandardError=inherit" { // its default (systemd.exec(5))
		src, set = t.SettingSource("StandardOutput")
		from = "StandardOutput"
	}
	if !set || src.Text != from+"=null" {
		return check.Passed()
	}
	if file := u.LogsTo(h.Aside()); file != "" {
		return check.Passed()
	}
	h.Saw(src)
	return check.Failed("what "+u.Name+" says is thrown away: "+src.Text, check.Remedy{
		Do:       "Let the journal keep what the service says.",
		Commands: []string{"sudo systemctl edit " + u.Name + "   # under [Service]: " + from + "=journal", "sudo systemctl restart " + u.Name},
		Verify:   "sudo journalctl -u " + u.Name + " -n 5 --no-pager", Minutes: 3,
		Steps: plan.DropIn("let the journal keep what "+u.Name+" says", u.Name, "Service", from, "journal"),
	})
}

// muffled is a service that says more than journald takes of one.
func muffled(h *check.Hearing, x *model.Muffled) check.Verdict {
	h.Saw(x.Source)
	return check.Warned("journald has dropped lines of "+x.Unit+" in the last day: it says more than the limit lets through", check.Remedy{
		Do: "Let it say less: an access log belongs to nginx, which has one, and DEBUG to development. Else raise its limit, which systemd sets for each unit (LogRateLimitBurst=; by itself 10000 lines in 30 seconds, and more with much room on the disk).",
		Commands: []string{"sudo journalctl -u " + x.Unit + " --since=-1d -o cat --no-pager | cut -c1-60 | sort | uniq -c | sort -n | tail -n 5",
			"sudo systemctl edit " + x.Unit + "   # [Service] LogRateLimitBurst=...", "sudo systemctl restart " + x.Unit},
		Verify: "sudo journalctl -u systemd-journald --since=-1h -g Suppressed --no-pager", Minutes: 15,
	}).Because("What is dropped is what is said when much is said: the lines of the outage itself.")
}
