package gunicorn

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.workers.memory-fit",
	Title:    "gunicorn's workers fit into the memory that they may have",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "001 common issues: memory",
	Why:      "The kernel kills a process of the service when there is no more: the requests in it get 502, and half of their work is done.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Capacities, memoryFit),
})

// nearly is the share of the memory beyond which there is no room; alone, for
// what the workers take now, and with what they took at most.
const nearly, beyond = 0.9, 1.0

func memoryFit(h *check.Hearing, c model.Capacity) check.Verdict {
	m, ok := c.Memory.Open(h.Aside())
	if !ok || c.Down(h.Aside()) || len(m.Processes) < 2 {
		return check.DoesNotApply("gunicorn does not run")
	}
	allowed, _ := c.Allowed.Open(h.Aside())
	want, _ := c.Want.Look(h.Aside())
	now, most := model.Takes(m, want)
	may, others, where := allowed.Bytes, int64(0), fmt.Sprintf("%s gives them %d MiB", allowed.By, allowed.Bytes>>20)
	if allowed.By == "" {
		others, where = model.Others(m), fmt.Sprintf("the machine has %d MiB", m.Total>>20)
		may += m.SwapFree
	}
	if float64(most+others) <= beyond*float64(may) && float64(now+others) <= nearly*float64(may) {
		return check.Passed()
	}
	_, _ = c.Memory.Look(h)
	_, _ = c.Allowed.Look(h)
	_, _ = c.Want.Look(h)
	h.Saw(fact.Source{Where: "gunicorn's processes", Text: fmt.Sprintf("%d MiB now, %d MiB when each takes what it took at most; others have %d MiB", now>>20, most>>20, others>>20)})
	r := check.Remedy{
		Do:       "Let fewer workers run, each with threads (--workers 2 --threads 4), or give the service more memory. --preload loads the app once for all, if nothing in it minds the fork.",
		Commands: []string{"sudo systemctl edit --full " + c.UnitName() + "   # --workers, MemoryMax=", "sudo systemctl restart " + c.UnitName()},
		Verify:   "sudo assay check --only gunicorn.workers.memory-fit", Minutes: 15,
	}
	if c.UnitName() == "" {
		r.Commands = nil
	}
	text := fmt.Sprintf("gunicorn's %d workers need more memory than they may have: %s", max(want, len(m.Processes)-1), where)
	if float64(now+others) <= nearly*float64(may) {
		return check.Warned(fmt.Sprintf("gunicorn's %d workers have no room for what each of them once took: %s", max(want, len(m.Processes)-1), where), r)
	}
	return check.Failed(text, r)
}
