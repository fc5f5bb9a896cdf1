package flask

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.proxyfix.count",
	Title:    "the app reads the value that the last trusted proxy wrote",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "001: incorrect proxy counts can be a security vulnerability",
	Why:      "A visitor chooses the address that logs, limits and bans see.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Forwardeds, proxyCount),
})

// lists are the headers to which each proxy adds a value.
var lists = []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix"}

func proxyCount(h *check.Hearing, x *model.Forwarded) check.Verdict {
	app, ok := x.Server.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	trusts, _ := app.Believes().Open(h)
	if !slices.ContainsFunc(trusts, func(t tape.Trust) bool { return slices.Contains(lists, t.Header) }) {
		return check.DoesNotApply("the app believes no list of proxies")
	}
	for _, why := range x.Unseen {
		h.Missed(why, true)
	}
	var worst *check.Verdict
	var said int
	for _, t := range trusts {
		if !slices.Contains(lists, t.Header) {
			continue
		}
		for _, w := range x.Ways {
			if w.Kept {
				continue
			}
			v, rank := counted(h, app, w, t)
			if rank > said {
				worst, said = &v, rank
			}
		}
	}
	if worst != nil {
		return *worst
	}
	return check.Passed()
}

// counted judges one header on one way; the rank orders what is worth saying.
func counted(h *check.Hearing, app *model.App, w *model.Approach, t tape.Trust) (check.Verdict, int) {
	v := w.Gets(t.Header)
	who := v.From(t.Position)
	location, site := w.Place()
	there := " in location " + location + " of " + site
	reads := fmt.Sprintf("the app takes %s of %s", entry(t), t.Header)
	if v.By != nil {
		h.Aside().Saw(*v.By)
	}
	isFor := t.Header == "X-Forwarded-For"
	switch {
	case who == model.ByVisitor && v.Unchanged(): // flask.proxyfix.unset-headers tells of it
		return check.Verdict{}, 0
	case v.Doubt != "" && (who == model.ByVisitor || who == model.Nobody):
		return check.CannotTell("which value of "+t.Header+" is the visitor's"+there+": "+v.Doubt, ""), 1
	case who == model.Claimed: // nginx.realip.trust tells of it
		return check.Verdict{}, 0
	case who == model.ByVisitor:
		return chosen(h, app, w, t, v, reads, there)
	case who == model.OwnProxy && isFor:
		r := mend(app, t, properly(v))
		said := fmt.Sprintf("every visitor has the address of a proxy: %s, and a proxy of this host is what stands there%s", reads, there)
		see(h, app, v)
		return check.Failed(said, r).Because("One address stands for everybody: a limit or a ban hits all visitors at once, and the logs name none."), 6
	case who == model.Nobody && isFor:
		see(h, app, v)
		r := mend(app, t, properly(v))
		if len(v.Entries) == 0 {
			r = check.Remedy{Do: "Let nginx send the visitor's address.", Minutes: 5, Cure: check.OnHost, Commands: []string{
				"# " + place(w), w.Set("X-Forwarded-For", "$proxy_add_x_forwarded_for"), "sudo nginx -t && sudo systemctl reload nginx"}}
		}
		return check.Failed(fmt.Sprintf("no visitor has an address: %s, and it holds %s%s", reads, many(len(v.Entries)), there), r).
			Because("remote_addr is empty or the proxy's: a limit or a ban hits all visitors at once, and the logs name none."), 5
	case who == model.Nobody && len(v.Entries) > 0:
		see(h, app, v)
		return check.Warned(fmt.Sprintf("%s is ignored: %s, and it holds %s%s", t.Header, reads, many(len(v.Entries)), there), mend(app, t, 1)).
			At(check.Medium).Because("The app does not learn what nginx tells it; links may have the wrong scheme or name."), 3
	}
	return check.Verdict{}, 0
}

// chosen is a value that a visitor writes, as far as can be seen from here.
func chosen(h *check.Hearing, app *model.App, w *model.Approach, t tape.Trust, v model.Sent, reads, there string) (check.Verdict, int) {
	if w.Front == nil {
		here, state := w.Here.Look(h)
		if state != fact.IsKnown || !here {
			return check.CannotTell(fmt.Sprintf("whether another proxy stands in front of nginx: %s, and nginx writes %s%s", reads, many(after(v)), there),
				"with one proxy in front it is right, with none a visitor chooses that value; set_real_ip_from would say which"), 2
		}
	}
	see(h, app, v)
	what, because := "his own address", "A visitor chooses the address that logs, limits and bans see."
	severity := check.High
	switch t.Into {
	case "host", "root":
		what, severity = "the name in the app's links", check.Critical
		because = "Links that the app makes lead where a visitor says: a password reset sent to its owner carries the token to another's site."
	case "scheme", "port":
		what, severity, because = "the "+t.Into+" in the app's links", check.Medium, "Links that the app makes have the scheme or the port that a visitor says."
	}
	switch {
	case w.Front != nil:
		return check.Warned(fmt.Sprintf("whoever comes past the proxy in front of nginx chooses %s: %s, and nginx writes %s%s", what, reads, many(after(v)), there), mend(app, t, properly(v))).
			Because(because + " set_real_ip_from makes nginx's own value the visitor's, so the app needs no other."), 4
	}
	return check.Failed(fmt.Sprintf("a visitor chooses %s: %s, and nginx writes %s%s", what, reads, many(after(v)), there), mend(app, t, properly(v))).
		Because(because).At(severity), 7
}

func see(h *check.Hearing, app *model.App, v model.Sent) {
	if v.By != nil {
		h.Saw(*v.By)
	}
	for _, m := range app.Chain {
		if len(m.Trusts) > 0 {
			h.Saw(app.At(nil, "its middleware: "+counts(m)))
		}
	}
}

// entry names the value that the app takes. The probe sends six.
func entry(t tape.Trust) string {
	switch t.Position {
	case 0:
		return "the whole"
	case 1:
		return "the last value"
	case 2:
		return "the last value but one"
	case 6:
		return "the first value"
	}
	return fmt.Sprintf("value %d from the end", t.Position)
}

func many(n int) string {
	switch n {
	case 0:
		return "none"
	case 1:
		return "one"
	}
	return fmt.Sprint(n)
}

// after counts the values behind the visitor's own.
func after(v model.Sent) int {
	return len(v.Entries) - 1 - slices.Index(v.Entries, model.ByVisitor)
}

// properly is the position of the visitor's address; 1 where there is none.
func properly(v model.Sent) int {
	for i := len(v.Entries) - 1; i >= 0; i-- {
		if v.Entries[i] == model.Visitor {
			return len(v.Entries) - i
		}
	}
	return 1
}

var option = map[string]string{"X-Forwarded-For": "x_for", "X-Forwarded-Proto": "x_proto", "X-Forwarded-Host": "x_host", "X-Forwarded-Port": "x_port", "X-Forwarded-Prefix": "x_prefix"}

func mend(app *model.App, t tape.Trust, right int) check.Remedy {
	root := "."
	if app.App.App != nil {
		root = app.App.App.RootPath
	}
	set := fmt.Sprintf("%s=%d", option[t.Header], right)
	r := check.Remedy{Minutes: 10, Do: "Let ProxyFix count the proxies that write the header: " + set + "."}
	r.Commands = []string{"grep -rn --include='*.py' ProxyFix " + root, "# there: " + set}
	if !slices.ContainsFunc(app.Chain, func(m tape.Middleware) bool { return len(m.Trusts) > 0 }) {
		r.Do = "Let Werkzeug's ProxyFix read the header, in place of the app's own middleware: it counts from the end, where the proxies write."
		r.Commands = []string{"grep -rniE --include='*.py' 'x_forwarded|x-forwarded' " + root, "# in its place:",
			"from werkzeug.middleware.proxy_fix import ProxyFix", "app.wsgi_app = ProxyFix(app.wsgi_app, " + set + ")"}
	}
	return r
}

func place(w *model.Approach) string {
	file, line := w.Setting()
	return fmt.Sprintf("%s:%d, beside it", file, line)
}
