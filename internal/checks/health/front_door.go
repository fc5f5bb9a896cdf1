package health

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "health.front-door",
	Title:    "the site gives its visitors a page",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Breaks:   true,
	Guide:    "000 step 22: what a visitor gets",
	Why:      "Whoever opens the site gets an error.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Fronts, frontDoor),
})

func frontDoor(h *check.Hearing, f *model.Front) check.Verdict {
	r, _ := f.Reply.Open(h)
	what := fmt.Sprintf("visitors of %s get %s", f.URL(), f.Gets())
	switch {
	case r.Error != "":
		return check.Failed(what, look(f))
	case r.Status < 500:
		return check.Passed()
	case r.Status == 503 && r.Get("retry-after") != "":
		return check.Warned(f.URL()+" says that it is closed for maintenance", look(f)).
			Because("503 with Retry-After is what a site answers while it is closed on purpose. If nobody closed it, it is down.")
	}
	if line, state := f.Log.Look(h.Aside()); state == fact.IsKnown {
		h.Saw(line)
	}
	c, state := f.Thrown.Look(h.Aside())
	if state != fact.IsKnown {
		return check.Failed(what, look(f))
	}
	h.Saw(c.Sources()...)
	cure := look(f)
	cure.Do, cure.Cure = "Mend the line of the app's code that the traceback ends in, or what it needs.", check.InCode
	return check.Failed(what+": "+c.Text, cure)
}

func look(f *model.Front) check.Remedy {
	return check.Remedy{
		Do:       "Mend what stands first here, if anything does. Else the logs of nginx and of the service say more.",
		Commands: []string{"sudo tail -n 20 /var/log/nginx/error.log", "sudo journalctl -n 50 --no-pager -p warning"},
		Verify:   f.Curl("/"),
		Minutes:  15,
	}
}
