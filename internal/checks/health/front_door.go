package health

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
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
	switch {
	case r.Error != "":
		return check.Failed(fmt.Sprintf("visitors of %s %s", f.URL(), silence(r)), look(f))
	case r.Status < 500:
		return check.Passed()
	case r.Status == 503 && r.Get("retry-after") != "":
		return check.Warned(f.URL()+" says that it is closed for maintenance", look(f)).
			Because("503 with Retry-After is what a site answers while it is closed on purpose. If nobody closed it, it is down.")
	}
	if line, state := f.Log.Look(h.Aside()); state == fact.IsKnown {
		h.Saw(line)
	}
	what := fmt.Sprintf("visitors of %s get %s", f.URL(), status(r))
	c, state := f.Thrown.Look(h.Aside())
	if state != fact.IsKnown {
		return check.Failed(what, look(f))
	}
	h.Saw(c.Sources()...)
	cure := look(f)
	cure.Do, cure.Cure = "Mend the line of the app's code that the traceback ends in, or what it needs.", check.InCode
	return check.Failed(what+": "+c.Text, cure)
}

// silence is what a request without an answer comes to.
func silence(r tape.HTTPReply) string {
	switch r.Class {
	case "timeout":
		return "wait, and get no answer"
	case "refused":
		return "are refused: nobody listens"
	}
	return "get no answer: " + r.Error
}

// reasons are the names that browsers and logs give the statuses (RFC 9110, 15.6).
var reasons = map[int]string{500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 507: "Insufficient Storage"}

func status(r tape.HTTPReply) string {
	return strings.TrimSpace(fmt.Sprint(r.Status, " ", reasons[r.Status]))
}

func look(f *model.Front) check.Remedy {
	return check.Remedy{
		Do:       "Mend what stands first here, if anything does. Else the logs of nginx and of the service say more.",
		Commands: []string{"sudo tail -n 20 /var/log/nginx/error.log", "sudo journalctl -n 50 --no-pager -p warning"},
		Verify:   f.Curl("/"),
		Minutes:  15,
	}
}
