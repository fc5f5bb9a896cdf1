package nginx

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.upstream-matches-bind",
	Title:    "nginx hands requests to a socket on which the app listens",
	Severity: check.Critical,
	Stage:    model.StageSocket,
	Breaks:   true,
	Guide:    "000 step 7 and causes: nginx points to the wrong socket or port",
	Why:      "Visitors get 502 Bad Gateway.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).ProxiedRoutes, upstreamMatches),
})

func upstreamMatches(h *check.Hearing, w *model.Way) check.Verdict {
	if w.Opaque != "" {
		return check.CannotTell("the address in "+w.Opaque+" is made of a variable", "look at the map or set that fills it")
	}
	var dead, alive []string
	elsewhere := 0
	idle := idleBackups(w)
	for _, u := range w.Upstreams {
		switch {
		case u.Down, slices.Contains(idle, u):
			continue
		case u.Remote:
			elsewhere++
			continue
		}
		l, state := u.Listener.Look(h.Aside())
		switch state {
		case fact.IsAbsent:
			h.Saw(u.Source)
			_, _ = u.Listener.Look(h)
			dead = append(dead, u.Addr)
		case fact.IsKnown:
			alive = append(alive, u.Addr)
			if v, wrong := wrongEnd(h, w, u, l); wrong {
				return v
			}
		}
	}
	switch {
	case len(dead) == 0 && len(alive) == 0 && elsewhere > 0:
		return check.DoesNotApply("the upstream is another machine")
	case len(dead) == 0:
		return half(h, w)
	case len(alive)+elsewhere > 0:
		return check.Warned(fmt.Sprintf("of the %d servers that nginx hands %s to, nobody listens on %s", len(dead)+len(alive)+elsewhere, w.Where(), listText(dead)), sparedRemedy(w, dead[0])).At(check.Medium).Breaking(false).
			Because("Another server answers in its place, so visitors notice little; but there is less of the app than you planned, and nothing left when the other one fails.")
	}
	for _, r := range w.Also {
		h.Saw(model.SourceOf(r.Pass))
	}
	return check.Failed("nginx hands "+w.Where()+" to "+listText(dead)+", where nobody listens", matchRemedy(h, w, dead[0]))
}

// half finds a name with two addresses of which the app has one.
func half(h *check.Hearing, w *model.Way) check.Verdict {
	for _, u := range w.Upstreams {
		if len(u.Silent) == 0 {
			continue
		}
		l, _ := u.Listener.Open(h)
		h.Saw(u.Source)
		return check.Warned(fmt.Sprintf("nginx is told %s, which is %s too, where nobody listens", u.Addr, listText(u.Silent)), check.Remedy{
			Do:       "Write the address itself in place of the name.",
			Commands: []string{"# " + where(u.Source.Where, u.Source.Line) + ": " + u.Source.Text, "proxy_pass http://" + l.Addr + ";", "sudo nginx -t && sudo systemctl reload nginx"},
			Verify:   "curl -sI " + w.Site().URL(), Minutes: 5,
			Steps: plan.Pointed("let nginx ask the app where it listens", w, u, l.Addr),
		}).At(check.Low).Breaking(false).
			Because("Every second request is first refused there, which fills the error log; for ten seconds after that nginx takes the address for dead.")
	}
	return check.Passed()
}

// idleBackups are the backup servers of an upstream of which another server
// listens: nginx does not ask them, and a deployment by turns stops one of two.
func idleBackups(w *model.Way) []*model.Upstream {
	var n fact.Notes
	var out []*model.Upstream
	serves := false
	for _, u := range w.Upstreams {
		_, state := u.Listener.Look(&n)
		if u.Backup {
			out = append(out, u)
		} else if !u.Down && (u.Remote || state == fact.IsKnown) {
			serves = true
		}
	}
	if !serves {
		return nil
	}
	return out
}

// wrongEnd finds a listener that is not the app, or does not speak what nginx
// speaks to it.
func wrongEnd(h *check.Hearing, w *model.Way, u *model.Upstream, l *model.Listener) (check.Verdict, bool) {
	if p := w.PlainToTLS(u); p.Where != "" {
		h.Saw(u.Source, p)
		return check.Failed(fmt.Sprintf("nginx speaks http to %s, where it speaks https itself", u.Addr), check.Remedy{
			Do:       "Speak https there, with the visitor's name; or better: hand the request to the app itself.",
			Commands: []string{"# " + where(u.Source.Where, u.Source.Line) + ": " + u.Source.Text, "proxy_pass https://" + u.Addr + ";", "proxy_ssl_server_name on;", "proxy_ssl_name $host;", test},
			Verify:   "curl -sI " + w.Site().URL(), Minutes: 5,
			Steps: spokenTLS(w),
		}).Because("Visitors get 400: The plain HTTP request was sent to HTTPS port."), true
	}
	if w.Server == nil {
		return check.Verdict{}, false
	}
	held, hs := l.Holders.Look(h.Aside())
	_, ms := w.Server.Master.Look(h.Aside())
	if hs == fact.IsKnown && ms != fact.IsUnknown && len(held) > 0 && held[0].PID != 1 && held[0].Comm != "nginx" && l.Path == "" && !slices.ContainsFunc(held, w.Server.Has) && !w.Beside(u.Addr) {
		h.Saw(u.Source)
		_, _ = l.Holders.Look(h)
		port := u.Addr[strings.LastIndexByte(u.Addr, ':')+1:]
		return check.Failed(fmt.Sprintf("%s is held by another program, %s, not by %s", u.Addr, held[0].Comm, w.Server.Name), check.Remedy{
			Do:       "Stop the other program, or give each an address of its own; nginx and the app must name the same one.",
			Commands: []string{"sudo ss -ltnp 'sport = :" + port + "'"},
			Verify:   "curl -sI " + w.Site().URL(), Minutes: 10,
		}).Because("Requests reach another program than the app."), true
	}
	if w.Server.Gunicorn() && u.Protocol != "http" && (u.Protocol != "https" || w.SpeaksTLS(u).Where == "") {
		if u.Protocol != "https" || speaksPlain(h, w) {
			h.Saw(u.Source)
			_, _ = w.Server.Master.Look(h)
			return check.Failed(fmt.Sprintf("nginx speaks %s to %s, where gunicorn understands only http", u.Protocol, u.Addr), check.Remedy{
				Do:       "Put proxy_pass with http:// in the place of " + w.Pass.Name + " " + w.Pass.Arg(0) + ".",
				Commands: []string{"# " + where(w.Pass.File, w.Pass.Line), "proxy_pass http://" + u.Addr + ";", "sudo nginx -t && sudo systemctl reload nginx"},
				Verify:   "curl -sI " + w.Site().URL(), Minutes: 5,
				Steps: spoken(w, u.Addr),
			}).Because("gunicorn waits for a request that it can read until its timeout: visitors wait, and then get 502 or 504."), true
		}
	}
	return check.Verdict{}, false
}

// speaksPlain says that gunicorn has no certificate, or that the app answers to
// HTTP without TLS: while nginx's handshakes hold every worker it does not.
func speaksPlain(h *check.Hearing, w *model.Way) bool {
	if cert, state := w.Server.Cert.Look(h.Aside()); state == fact.IsKnown && !cert {
		_, _ = w.Server.Cert.Look(h)
		return true
	}
	r, state := w.Plain.Look(h)
	return state == fact.IsKnown && r.Status > 0
}

// sparedRemedy is for one dead server among several.
func sparedRemedy(w *model.Way, dead string) check.Remedy {
	r := check.Remedy{Do: "Start what should listen on " + dead + ", or take the server out of the upstream.", Verify: "curl -sI " + w.Site().URL(), Minutes: 5}
	for _, u := range w.Upstreams {
		if u.Addr == dead {
			r.Commands = []string{"# " + where(u.Source.Where, u.Source.Line) + ": " + u.Source.Text, "sudo nginx -t && sudo systemctl reload nginx"}
		}
	}
	return r
}

// matchRemedy points proxy_pass at the app's own address where that is known.
func matchRemedy(h *check.Hearing, w *model.Way, dead string) check.Remedy {
	r := check.Remedy{Verify: "curl -sI " + w.Site().URL(), Minutes: 5}
	own := ownAddress(h, w)
	for _, u := range w.Upstreams { // what the next release takes over stays right after it
		for _, l := range u.Links {
			if model.SameAddr(l.Addr, own) {
				own = "unix:" + l.File
			}
		}
	}
	if own == "" || own == dead {
		r.Do = "Start the app server that should listen on " + dead + "."
		r.Commands = []string{"sudo ss -ltnpx | grep -e gunicorn -e python"}
		if w.Server != nil {
			if u := w.Server.UnitName(); u != "" {
				r.Commands = []string{"sudo systemctl restart " + u, "sudo journalctl -u " + u + " -n 50 --no-pager"}
				r.Verify = "systemctl is-active " + u
			}
		}
		return r
	}
	r.Do = fmt.Sprintf("The app listens on %s: put that address into nginx's configuration.", own)
	r.Commands = edits(w, dead, own)
	r.Commands = append(r.Commands, "sudo nginx -t && sudo systemctl reload nginx")
	if _, runs := w.Server.Listens.Look(h.Aside()); runs == fact.IsKnown {
		const say = "let nginx ask the app where it listens"
		r.Steps = plan.Pointed(say, w, w.Upstreams[0], own)
		for _, u := range w.Upstreams[1:] { // of a group nobody else is there
			r.Steps = plan.All(r.Steps, plan.Nginx(say, w.Site().Statement(u.Source)).Delete())
		}
	}
	return r
}

// spoken lets nginx speak HTTP to an address.
func spoken(w *model.Way, addr string) []plan.Step {
	var steps [][]plan.Step
	for _, r := range append([]*model.Route{w.Route}, w.Also...) {
		_, to, uri, variable := syntax.ParseProxyPass(r.Pass.Arg(0))
		if variable || uri != "" || !model.SameAddr(to, addr) {
			return nil
		}
		steps = append(steps, plan.Nginx("let nginx speak HTTP to the app", r.Pass).Replace("proxy_pass http://"+to+";"))
	}
	return plan.All(steps...)
}

// spokenTLS lets nginx speak https, and say for which name.
func spokenTLS(w *model.Way) []plan.Step {
	const say = "let nginx speak https where https is spoken"
	var steps [][]plan.Step
	for _, r := range append([]*model.Route{w.Route}, w.Also...) {
		if r.Pass.Name != "proxy_pass" || len(syntax.Effective(r.Pass.Parent, "proxy_ssl_name")) > 0 || len(syntax.Effective(r.Pass.Parent, "proxy_ssl_server_name")) > 0 {
			return nil
		}
		steps = append(steps, plan.NginxRewritten(say, r.Pass, "http://", "https://"),
			plan.Nginx(say, r.Pass).After("proxy_ssl_server_name on;", "proxy_ssl_name $host;"))
	}
	return plan.All(steps...)
}

// edits are the lines to change: each proxy_pass, or the server line of the
// upstream that it names.
func edits(w *model.Way, dead, own string) []string {
	for _, u := range w.Upstreams {
		if u.Addr == dead && strings.HasPrefix(u.Source.Text, "server ") {
			return []string{"# " + where(u.Source.Where, u.Source.Line), "server " + own + ";"}
		}
	}
	var out []string
	for _, r := range append([]*model.Route{w.Route}, w.Also...) {
		out = append(out, "# "+where(r.Pass.File, r.Pass.Line), "proxy_pass http://"+own+";")
	}
	return out
}

// ownAddress is where the app listens, or else is told to.
func ownAddress(h *check.Hearing, w *model.Way) string {
	if w.Server == nil {
		return ""
	}
	if l, s := w.Server.Listens.Look(h.Aside()); s == fact.IsKnown && len(l) > 0 {
		if b, bs := w.Server.Binds.Look(h.Aside()); bs == fact.IsKnown && len(b) > 0 && model.SameAddr(b[0].Addr, l[0].Addr) {
			h.Saw(b[0].Source)
		}
		return l[0].Addr
	}
	if b, s := w.Server.Binds.Look(h.Aside()); s == fact.IsKnown && len(b) > 0 && b[0].Problem == "" {
		h.Saw(b[0].Source)
		return b[0].Addr
	}
	return ""
}

func where(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }
