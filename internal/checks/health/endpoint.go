package health

import (
	"fmt"
	"net/url"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "health.endpoint",
	Title:    "a health check is there, and answers whoever asks",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "000 step 18: health check endpoint; 001 monitoring",
	Why:      "A monitor, a load balancer and a deploy script have nothing that they can rely on.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Healths, endpoint),
})

// Times in which a monitor should have its answer.
const (
	slow    = 1000
	tooSlow = 3000
)

func endpoint(h *check.Hearing, x *model.Health) check.Verdict {
	app, ok := x.Code.Open(h)
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case len(x.Here) > 0:
		h.Saw(x.Here...)
		return check.Passed()
	case x.Spot == nil:
		h.Saw(app.Source)
		return check.Warned("no rule of the app is a health check: none ends in /health, /healthz, /ready, /ping ...", add(x))
	}
	if dark, _ := x.Dark.Open(h.Aside()); dark {
		return check.DoesNotApply("the site's first page fails too")
	}
	if c := x.Spot.View.Cached; c != nil {
		h.Saw(x.Spot.At)
		return check.Failed(fmt.Sprintf("%s is kept in the cache: it says what was so before", x.Spot.Path), check.Remedy{
			Do: "Take cache.cached off this view.", Commands: []string{"# " + place(x.Spot)}, Verify: x.Spot.Curl(), Minutes: 5,
		})
	}
	if x.Spot.Front == nil || x.Spot.Kept.Where != "" || x.Spot.Self.Where != "" {
		return check.Passed() // nginx keeps it for those who should have it
	}
	r, _ := x.Through.Open(h)
	h.Saw(x.Spot.At)
	return answered(h, x, r)
}

func answered(h *check.Hearing, x *model.Health, r tape.HTTPReply) check.Verdict {
	what := x.Spot.URL()
	cure := check.Remedy{Do: "Let the health check answer whoever asks, without login, redirect and limit.", Commands: []string{"# " + place(x.Spot)}, Verify: x.Spot.Curl(), Minutes: 10}
	switch {
	case r.Error != "":
		return check.Failed(fmt.Sprintf("%s does not answer (%s), and the site's first page does", what, r.Error), cure)
	case r.Status >= 500 && x.Sick(h.Aside()) != nil:
		return check.DoesNotApply("it says that " + x.Sick(h.Aside()).Subject() + " fails, and so it does")
	case r.Status >= 500:
		return check.Failed(fmt.Sprintf("%s says %s: the app itself reports that something it needs fails", what, model.Status(r.Status)), check.Remedy{
			Do: "Look what it says, and what the service has written.", Commands: []string{x.Spot.Curl()}, Verify: x.Spot.Curl(), Minutes: 15, Cure: check.OnHost,
		}).Because("A monitor and a load balancer take the site for down.")
	case r.Status >= 300 && r.Status < 400 && elsewhere(x.Spot.Path, r.Get("location")):
		return check.Failed(fmt.Sprintf("%s sends who asks to another page (%s)", what, model.Status(r.Status)), cure).
			Because("A monitor that follows sees the other page, the login form for one, which answers 200 whatever is broken; one that does not takes the site for down.")
	case r.Status == 404:
		return lostBetween(h, x, what)
	case r.Status >= 400:
		return check.Failed(fmt.Sprintf("%s answers %s to who asks without a login", what, model.Status(r.Status)), cure)
	case r.Millis >= slow:
		return late(x, r)
	}
	return check.Passed()
}

func late(x *model.Health, r tape.HTTPReply) check.Verdict {
	cure := check.Remedy{Do: "Ask what it looks at with a limit of a second, and leave out what is slow by nature.", Commands: []string{"# " + place(x.Spot)}, Verify: x.Spot.Curl(), Minutes: 20}
	if r.Millis >= tooSlow {
		return check.Failed(x.Spot.URL()+" takes more than 3 seconds", cure)
	}
	return check.Warned(x.Spot.URL()+" takes more than a second", cure)
}

// lostBetween judges a 404: the app may give it, or nginx has sent the request
// elsewhere.
func lostBetween(h *check.Hearing, x *model.Health, what string) check.Verdict {
	own, there := x.Direct.Open(h.Aside())
	if !there || own.Status != 200 {
		return check.CannotTell(what+" answers 404 Not Found, and so does the app", "ask for it by the name that the app wants: "+x.Spot.Curl())
	}
	x.Direct.Open(h)
	return check.Failed(what+" answers 404 Not Found, and the app itself answers 200 OK", check.Remedy{
		Do: "See which location of nginx takes the path, and hand it on to the app.", Verify: x.Spot.Curl(), Minutes: 10, Cure: check.OnHost,
	})
}

// elsewhere says that a redirect leads to another path: the same one under
// another name or scheme is the site's own way.
func elsewhere(path, location string) bool {
	u, err := url.Parse(location)
	return err != nil || strings.TrimSuffix(u.Path, "/") != strings.TrimSuffix(path, "/")
}

func add(x *model.Health) check.Remedy {
	r := check.Remedy{
		Do: "Add one that tries what the app cannot do without, and says 503 when that fails.",
		Commands: []string{"@app.get(\"/health\")", "def health():", "    try:", "        db.session.execute(text(\"SELECT 1\"))", "    except Exception:",
			"        app.logger.exception(\"health\")", "        return {\"status\": \"failed\"}, 503", "    return {\"status\": \"ok\"}"},
		Verify: "sudo assay check --only health.endpoint", Minutes: 15,
	}
	if u := x.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return r
}
