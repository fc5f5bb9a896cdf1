package flask

import (
	"fmt"
	"net/url"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.celery",
	Title:    "somebody does the app's background tasks, with the same code and the same environment",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001 troubleshooting: Celery tasks",
	Why:      "What the app hands over piles up unseen: mails, bills and reports never come.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Queueds, celery),
})

func celery(h *check.Hearing, x *model.Queued) check.Verdict {
	a, ok := x.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if a.Queues == nil {
		return check.CannotTell("tell whether the app has tasks of Celery", "make a new recording with this version of assay")
	}
	if len(a.Queues) == 0 {
		return check.DoesNotApply("the app has no tasks of Celery")
	}
	q := a.Queues[0]
	src := a.Source
	src.Text = fmt.Sprintf("%d tasks of Celery, %s the first; broker %s", len(q.Tasks), q.Tasks[0], q.Broker)
	h.Saw(src)
	r := check.Remedy{Do: "Give the workers a unit of their own that starts with the app and is restarted with it (PartOf=).", Minutes: 20, Verify: "sudo assay check --only flask.celery"}
	if q.Eager {
		r.Do = "Turn task_always_eager off: it is meant for tests."
		return check.Warned("the app's tasks run inside its requests: task_always_eager is on", r).
			Because("A page waits until the task is done, and ends with 500 when the task fails.")
	}
	takers, _ := x.Takers.Open(h.Aside())
	if len(takers) == 0 {
		return nobodyTakes(a, q, x, r)
	}
	for _, t := range takers {
		if v, bad := taker(h, a, t, r); bad {
			return v
		}
	}
	return check.Passed()
}

func nobodyTakes(a *model.App, q tape.Queue, x *model.Queued, r check.Remedy) check.Verdict {
	u, err := url.Parse(q.Broker)
	if err != nil || u.Hostname() != "" && !model.OwnHost(u.Hostname()) {
		return check.DoesNotApply("its broker is another host, where its workers may be as well")
	}
	unit := x.UnitName()
	if unit == "" {
		unit = x.Name + ".service"
	}
	r.Commands = []string{"# /etc/systemd/system/" + x.Name + "-celery.service", "[Unit]", "PartOf=" + unit, "After=" + unit, "[Service]", "# User=, WorkingDirectory= and EnvironmentFile= as in " + unit,
		"ExecStart=" + a.Prefix + "/bin/celery -A MODULE worker", "[Install]", "WantedBy=multi-user.target", "sudo systemctl enable --now " + x.Name + "-celery"}
	return check.Failed(fmt.Sprintf("nobody does the app's tasks: it has %d of Celery (%s), and no worker runs on this host", len(q.Tasks), q.Tasks[0]), r)
}

// taker judges one worker against the app.
func taker(h *check.Hearing, a *model.App, t model.Taker, r check.Remedy) (check.Verdict, bool) {
	who := "its Celery worker"
	r.Do, r.Minutes = "Restart it with each deployment.", 5
	if t.Unit != "" {
		who += " (" + t.Unit + ")"
		r.Commands = []string{"sudo systemctl restart " + t.Unit}
	}
	if keys, _ := t.Differ.Look(h.Aside()); len(keys) > 0 {
		h.Saw(model.TakerSource(t))
		r.Do = "Let both units read the same EnvironmentFile=, and restart both."
		return check.Failed(fmt.Sprintf("%s has another %s than the app", who, check.List(keys)), r).
			Because("The app's tasks work on another database, or with other keys, than the pages that hand them over."), true
	}
	if m, newer := a.Newer(t.Process); newer {
		h.Saw(model.TakerSource(t), fact.Source{Where: m.Path, Text: "was written after the worker had started", Ask: a.Source.Ask})
		return check.Failed(fmt.Sprintf("%s runs older code than lies on the disk: %s was written after it had started", who, m.Path), r).
			Because("Tasks are done as the last release did them, or fail by arguments that they do not know."), true
	}
	return check.Passed(), false
}
