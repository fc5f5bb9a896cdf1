package log

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "log.errors-now",
	Title:    "no page of the app ends in an exception",
	Severity: check.High,
	Stage:    model.StageCode,
	Breaks:   true,
	Guide:    "000 troubleshooting: the service's journal",
	Why:      "Whoever opens that page gets 500 Internal Server Error.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Throwings, errorsNow),
})

func errorsNow(h *check.Hearing, t *model.Throwing) check.Verdict {
	list, _ := t.Thrown.Open(h.Aside())
	if len(list) == 0 {
		return check.Passed()
	}
	slices.SortStableFunc(list, func(a, b model.Thrown) int { return b.Last.Compare(a.Last) })
	worst := list[0]
	for _, x := range list {
		if x.Times > worst.Times {
			worst = x
		}
	}
	for _, x := range append([]model.Thrown{worst}, list...) {
		h.Saw(x.Source)
		if x.Place.Where != "" {
			h.Saw(x.Place)
		}
	}
	text := fmt.Sprintf("%s with 500: %s", ends(worst.Pages), worst.Text)
	if len(list) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(list)-1)
	}
	r := check.Remedy{
		Do:      "Mend the line of the app's code that the traceback ends in, or what it needs.",
		Minutes: 30,
		Verify:  "sudo assay check --only log.errors-now",
	}
	if worst.Place.Where != "" {
		r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d", worst.Place.Where, worst.Place.Line))
	}
	if u := t.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo journalctl -u "+u+" -n 80 --no-pager")
	}
	return check.Failed(text, r)
}

// ends are the pages in words, not more than three of them.
func ends(pages []string) string {
	switch n := len(pages); {
	case n == 1:
		return pages[0] + " ends"
	case n > 3:
		return fmt.Sprintf("%s, %s and %d other pages end", pages[0], pages[1], n-2)
	}
	return check.List(pages) + " end"
}
