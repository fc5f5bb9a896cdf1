package gunicorn

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.workers.count",
	Title:    "somebody chose how many requests are served at a time",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "000 step 5: --workers 3; 001 gunicorn: workers",
	Why:      "Processes take the processor from each other, each with the whole app in memory, and answers come later than with fewer of them.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Capacities, workersCount),
})

// Workers to a processor, of which gunicorn's own page says that 2 to 4 are of
// use: more harm where somebody limits the time (then the number was worked out
// of the machine's processors), and later where none does, since workers that
// wait for others cost little.
const limited, unlimited = 8, 16

func workersCount(h *check.Hearing, c model.Capacity) check.Verdict {
	m, ok := c.Memory.Open(h.Aside())
	if !ok || c.Down(h.Aside()) {
		return check.DoesNotApply("gunicorn does not run")
	}
	want, _ := c.Want.Open(h.Aside())
	if want == 1 {
		return oneByOne(h, c)
	}
	cpus, _ := c.Time.Open(h.Aside())
	quota := cpus < float64(m.CPUs)
	if each := float64(want) / max(cpus, 1); each <= limited || !quota && each <= unlimited {
		return check.Passed()
	}
	_, _ = c.Want.Look(h)
	_, _ = c.Time.Look(h)
	r := settingRemedy(c.AppServer, "workers", fmt.Sprintf("Set workers to some %d; threads (--threads 4) serve requests that wait for others.", int(2*cpus)+1))
	if !quota {
		return check.Warned(fmt.Sprintf("gunicorn runs %d workers on %s", want, processors(cpus)), r)
	}
	return check.Failed(fmt.Sprintf("gunicorn runs %d workers, and the service may have the time of %s", want, processors(cpus)), r)
}

// oneByOne judges one worker: whoever wrote 1, or threads, has chosen.
func oneByOne(h *check.Hearing, c model.Capacity) check.Verdict {
	class, _ := c.Setting("worker_class").Open(h.Aside())
	threads, _ := c.Number("threads").Open(h.Aside())
	if threads > 1 || len(class) == 0 || class[0] != "sync" || !c.ByDefault("workers") {
		return check.Passed()
	}
	if a, ok := c.Code.Open(h.Aside()); ok && a.Has("socketio") { // Flask-SocketIO works with one worker alone
		return check.Passed()
	}
	_, _ = c.Want.Look(h)
	return check.Warned("gunicorn serves one request at a time: nobody set workers, and its default is 1",
		settingRemedy(c.AppServer, "workers", "Set --workers 3, or --threads 4 where memory is short. If one at a time is meant, say so: --workers 1.")).
		Because("One slow page, and everybody waits for it; while that worker is replaced nobody is served.")
}

func processors(n float64) string {
	if n == float64(int(n)) {
		return number(int(n), "processor")
	}
	return fmt.Sprintf("%.1f processors", n)
}

func number(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
