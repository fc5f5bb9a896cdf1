package flask

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.proxyfix.unset-headers",
	Title:    "every header that the app believes is written by the proxy, not by the visitor",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Guide:    "001: ProxyFix(x_for=1, x_proto=1, x_host=1, x_prefix=1)",
	Why:      "Links that the app makes lead where a visitor says: a password reset sent to its owner carries the token to another's site.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Forwardeds, unsetHeaders),
})

// let is what comes through to an app that believes it.
type let struct {
	headers []string
	places  []string
	into    map[string]bool
	ways    []*model.Approach
}

func (l *let) add(w *model.Approach, t tape.Trust) {
	if l.into == nil {
		l.into = map[string]bool{}
	}
	l.into[t.Into] = true
	if !slices.Contains(l.headers, t.Header) {
		l.headers = append(l.headers, t.Header)
	}
	location, site := w.Place()
	if p := "location " + location + " of " + site; !slices.Contains(l.places, p) {
		l.places = append(l.places, p)
		l.ways = append(l.ways, w)
	}
}

func unsetHeaders(h *check.Hearing, x *model.Forwarded) check.Verdict {
	app, ok := x.Server.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	trusts, _ := app.Believes().Open(h)
	if len(trusts) == 0 {
		return check.DoesNotApply("the app believes no forwarded header")
	}
	for _, why := range x.Unseen {
		h.Missed(why, true)
	}
	var bad, kept, ahead, doubtful let
	why := ""
	for _, t := range trusts {
		if t.Into == "host" && app.ListsHosts() {
			continue
		}
		for _, w := range x.Ways {
			v := w.Gets(t.Header)
			switch {
			case !v.Unchanged():
				if v.By != nil {
					h.Aside().Saw(*v.By)
				}
			case w.Front != nil:
				ahead.add(w, t)
			case v.Doubt != "":
				why = v.Doubt
				doubtful.add(w, t)
			case w.Kept:
				kept.add(w, t)
			default:
				bad.add(w, t)
			}
		}
	}
	shown, denied := forged(h, append(bad.ways, doubtful.ways...))
	if len(bad.ways) == 0 && len(shown) > 0 {
		bad = doubtful
	}
	switch {
	case len(bad.ways) > 0 && denied && len(shown) == 0 && !bad.into["root"] && !bad.into["remote"]:
		return check.CannotTell("the configuration lets "+check.List(bad.headers)+" through, and a forged one did not come back", "reload nginx, so that it runs what its files say, and look again")
	case len(bad.ways) > 0:
		return unset(h, app, bad, shown)
	case len(kept.ways) > 0:
		return check.Warned(sentence(kept)+", though not everybody may ask there", setThem(app, kept)).At(check.Low)
	case len(doubtful.ways) > 0:
		return check.CannotTell("whether nginx lets "+check.List(doubtful.headers)+" through in "+few(doubtful.places)+": "+why, "")
	case len(ahead.ways) > 0:
		return check.CannotTell("who writes "+check.List(ahead.headers)+" in "+few(ahead.places)+": nginx hands on what the proxy in front of it sends",
			"set it in nginx, or see that the proxy in front writes or drops it")
	}
	return check.Passed()
}

func sentence(l let) string {
	return "the app believes " + check.List(l.headers) + ", which nginx lets through as visitors send it in " + few(l.places)
}

// template is from how many locations on the others are counted: who has more has
// them from one template.
const template = 8

func few(places []string) string {
	if n := len(places); n > template {
		return fmt.Sprintf("%s and %d more", strings.Join(places[:3], ", "), n-3)
	}
	return check.List(places)
}

func unset(h *check.Hearing, app *model.App, l let, shown []string) check.Verdict {
	said := sentence(l)
	for _, w := range l.ways[:min(template, len(l.ways))] {
		h.Saw(model.SourceOf(w.Last().Pass))
	}
	for _, m := range app.Chain {
		if len(m.Trusts) > 0 {
			h.Saw(app.At(nil, "its middleware: "+counts(m)))
		}
	}
	if len(shown) > 0 {
		said += ": a forged one came back in " + check.List(shown)
	}
	v := check.Failed(said, setThem(app, l))
	proof := " nginx's configuration and the app's own middleware, run with forged headers, say so."
	if len(shown) > 0 {
		proof = ""
	}
	switch {
	case l.into["host"] && app.Named():
		return v.At(check.High).Because("url_for takes SERVER_NAME, but what reads request.host or request.url gets the name that a visitor chooses." + proof)
	case l.into["host"]:
		return v.Because("Links that the app makes lead where a visitor says: a password reset sent to its owner carries the token to another's site." + proof)
	case l.into["root"]:
		return v.Because("Links and redirects that the app makes begin with what a visitor says, //another.site included." + proof)
	case l.into["remote"]:
		return v.At(check.High).Because("A visitor chooses the address that logs, limits and bans see." + proof)
	}
	return v.At(check.Medium).Because("A visitor chooses the scheme or the port of the links that the app makes." + proof)
}

// counts is a middleware as its code says it: "ProxyFix x_for=1 x_host=1".
func counts(m tape.Middleware) string {
	out := m.Class[strings.LastIndex(m.Class, ".")+1:]
	for _, k := range []string{"x_for", "x_proto", "x_host", "x_port", "x_prefix"} {
		if m.Trusts[k] > 0 {
			out += fmt.Sprintf(" %s=%d", k, m.Trusts[k])
		}
	}
	return out
}

// forged reads what came back: where a forged header shows, and whether an
// answer that would have to show it does not.
func forged(h *check.Hearing, ways []*model.Approach) (shown []string, denied bool) {
	for _, w := range ways {
		for _, f := range w.Forged {
			var n fact.Notes
			r, state := f.Reply.Look(&n)
			if state == fact.IsUnknown {
				h.Missed(n.Why(), false)
				continue
			}
			before := len(shown)
			for _, into := range []string{"host", "root"} {
				if at := model.Shows(r, into); at != "" && !slices.Contains(shown, at) {
					shown = append(shown, at)
				}
			}
			if len(shown) > before {
				h.Saw(n.Sources...)
			}
			if r.Status >= 300 && r.Status < 400 && strings.Contains(r.Get("location"), "://") && model.Shows(r, "host") == "" {
				denied = true
			}
		}
	}
	return shown, denied
}

// written is what a proxy writes into each header.
var written = map[string]string{
	"X-Forwarded-For": "$proxy_add_x_forwarded_for", "X-Forwarded-Proto": "$scheme", "X-Forwarded-Host": "$host",
	"X-Forwarded-Port": "$server_port", "X-Real-IP": "$remote_addr", "X-Client-IP": "$remote_addr", "X-Scheme": "$scheme",
}

func setThem(app *model.App, l let) check.Remedy {
	r := check.Remedy{
		Do:      "Let nginx write each header that the app believes, and drop (\"\") those that you do not need. Better still, let the app believe no more than it needs: ProxyFix(app.wsgi_app, x_for=1, x_proto=1).",
		Minutes: 10,
		Steps:   writeThem(l),
	}
	told := map[string]bool{}
	for _, w := range l.ways {
		file, line := w.Setting()
		at := fmt.Sprintf("%s:%d", file, line)
		if told[at] {
			continue
		}
		told[at] = true
		if len(told) > template {
			continue
		}
		r.Commands = append(r.Commands, "# "+at+", beside it")
		for _, name := range l.headers {
			r.Commands = append(r.Commands, w.Set(name, written[name]))
		}
	}
	if more := len(told) - template; more > 0 {
		r.Commands = append(r.Commands, fmt.Sprintf("# and in %d more places; a file that all of them include is easier to keep", more))
	}
	r.Commands = append(r.Commands, "sudo nginx -t && sudo systemctl reload nginx")
	for _, w := range l.ways {
		if len(w.Forged) > 0 {
			r.Verify = w.Forged[0].Curl + " | grep spoof  # nothing"
			return r
		}
	}
	if app.App.App != nil {
		r.Verify = "grep -rn --include='*.py' ProxyFix " + app.App.App.RootPath
	}
	return r
}

// writeThem lets nginx write the headers, where it is nginx that visitors speak
// TLS with: behind another proxy they may be that one's words.
func writeThem(l let) []plan.Step {
	var steps [][]plan.Step
	for _, w := range l.ways {
		if len(w.Hops) > 1 || w.Front != nil || !w.HTTP() || !w.TLS() {
			return nil
		}
		for _, name := range l.headers {
			steps = append(steps, plan.NginxListed("let nginx write "+name+" itself", w.Last().Pass.Parent, "proxy_set_header", name, w.Set(name, written[name])))
		}
	}
	return plan.All(steps...)
}
