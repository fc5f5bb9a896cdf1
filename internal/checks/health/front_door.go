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
	case r.Status == 404 && f.Path == "/":
		return lost(h, f, what)
	case !f.Fails():
		return check.Passed()
	case r.Status == 503 && r.Get("retry-after") != "":
		return check.Warned(f.URL()+" says that it is closed for maintenance", look(f)).
			Because("503 with Retry-After is what a site answers while it is closed on purpose. If nobody closed it, it is down.")
	}
	if f.Nowhere() {
		_, _ = f.Code.Look(h.Aside())
		return check.Failed(what+": no rule of the app has this path", check.Remedy{
			Do: "Look whether the address is right, and whether the release with that page is the one that runs.", Verify: f.Curl(f.Path), Minutes: 5, Cure: check.InCode,
		})
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

// lost judges a first page that is not there: an API has none.
func lost(h *check.Hearing, f *model.Front, what string) check.Verdict {
	own, there := f.Direct.Open(h.Aside())
	if !there {
		_, _ = f.Direct.Look(h)
		return check.Passed()
	}
	r, _ := own.Reply.Open(h)
	if _, is := f.Lost(); !is {
		return check.Passed()
	}
	return check.Failed(fmt.Sprintf("%s, and the app itself answers the same request with %s", what, model.Status(r.Status)), look(f))
}

func look(f *model.Front) check.Remedy {
	return check.Remedy{
		Do:       "The logs of nginx and of the service say more.",
		Commands: []string{"sudo tail -n 20 /var/log/nginx/error.log", "sudo journalctl -n 50 --no-pager -p warning"},
		Verify:   f.Curl(f.Path),
		Minutes:  15,
	}
}
