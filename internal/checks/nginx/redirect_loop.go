package nginx

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.redirect.loop",
	Title:    "every name ends on a page after a few redirects",
	Severity: check.Critical,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 causes: redirect loop, ProxyFix missing; 001 step 5: http to https",
	Why:      "Browsers give up with ERR_TOO_MANY_REDIRECTS: nobody sees the site.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Journeys, redirectLoop),
})

func redirectLoop(h *check.Hearing, j *model.Journey) check.Verdict {
	for _, l := range j.Steps {
		_, _ = l.Reply.Open(h)
	}
	n := len(j.Steps)
	switch j.End {
	case model.JourneyLoops:
		return loops(h, j)
	case model.JourneyLong:
		return check.Failed(fmt.Sprintf("%s leads to no page within %d redirects", j.Start, n), chainRemedy(j))
	case model.JourneySilent:
		return check.DoesNotApply("nginx did not answer")
	case model.JourneyElsewhere:
		if j.Own {
			return check.DoesNotApply("nginx does not listen where visitors are sent")
		}
		return check.CannotTell("visitors of "+j.Start+" are sent to what another machine answers", "curl -sIL "+j.Start+"   # from outside")
	}
	if n > 5 {
		return check.Warned(fmt.Sprintf("%s opens only after %d redirects", j.Start, n-1), chainRemedy(j)).Breaking(false).
			Because("Each redirect is a journey of its own for the visitor, and one more rule somewhere makes it a loop.")
	}
	return check.Passed()
}

func loops(h *check.Hearing, j *model.Journey) check.Verdict {
	round := j.Steps[j.Cycle:]
	var clauses []string
	for i, l := range j.Steps {
		if l.By.Where != "" {
			h.Saw(l.By)
		}
		if l.Cookie && i >= j.Cycle {
			return check.CannotTell(l.From+" sets a cookie and redirects to where a visitor has been: with the cookie it may end there", "curl -sIL -c /tmp/c -b /tmp/c "+j.Start)
		}
		what := "it"
		if l.From != j.Start {
			what = "that"
		}
		to := l.To
		if to == l.From {
			to = "itself"
		}
		clauses = append(clauses, fmt.Sprintf("%s sends %s to %s", layer(l), what, to))
	}
	if round[0].App {
		_, _ = j.Plain.Look(h)
	}
	said := j.Start + " never opens: " + strings.Join(clauses, ", ")
	if len(round) == 1 && round[0].App && strings.HasPrefix(round[0].From, "https:") {
		return believesHTTP(j, round[0], said)
	}
	var at []string
	for _, l := range round {
		if l.By.Where != "" {
			at = append(at, fmt.Sprintf("# %s:%d: %s", l.By.Where, l.By.Line, l.By.Text))
		}
	}
	r := check.Remedy{
		Do:       "Decide for one direction, and take the other redirect out.",
		Commands: append(at, "sudo nginx -t && sudo systemctl reload nginx"),
		Verify:   "curl -sIL --max-redirs 10 -o /dev/null -w '%{http_code} %{url_effective}\\n' " + j.Start,
		Minutes:  15,
	}
	for _, l := range round {
		if l.App {
			r.Do = "Decide for one direction, and take the other redirect out: of nginx's configuration, or of the app."
		}
	}
	if at := homeward(round); at != nil {
		r.Do = "Take the redirect out of the block that has the site: the other blocks do nothing but lead there."
		r.Commands = []string{"# " + where(at.File, at.Line) + ": take out " + at.Written() + " { ... }", test}
		r.Steps = plan.Nginx("let the block that has the site show it", at).Delete()
	}
	return check.Failed(said, r)
}

// homeward is the redirect out of the one block of a loop that has pages: the
// others only lead there. It is nil where that is not certain.
func homeward(round []*model.Leg) *syntax.Directive {
	var at *syntax.Directive
	for _, l := range round {
		if l.App || l.Line == nil {
			return nil
		}
		server := l.Line.In("server")
		switch {
		case server == nil:
			return nil
		case len(server.Locations()) == 0:
			continue
		case at != nil && at != l.Line:
			return nil
		}
		at = l.Line
	}
	if at == nil || at.Name != "return" {
		return nil
	}
	if p := at.Parent; p.Name == "if" && len(p.Block) == 1 && p.Parent.Name == "server" {
		return p
	}
	return nil // it is what its block or location is there for
}

// believesHTTP is the app that sends https to https: it was asked by nginx in
// plain http and does not know how the visitor came.
func believesHTTP(j *model.Journey, l *model.Leg, said string) check.Verdict {
	r := check.Remedy{
		Verify:  "curl -sIL --max-redirs 10 -o /dev/null -w '%{http_code} %{url_effective}\\n' " + j.Start,
		Minutes: 10,
	}
	where := fmt.Sprintf("# %s:%d, beside %s", l.By.Where, l.By.Line, l.By.Text)
	if !l.Told {
		r.Do = "Let nginx tell the app how the visitor came; the app has to take that from the proxy (ProxyFix with x_proto=1, or gunicorn's own forwarded_allow_ips)."
		r.Commands = []string{where, "proxy_set_header X-Forwarded-Proto $scheme;", "sudo nginx -t && sudo systemctl reload nginx"}
		if l.Line != nil && l.Line.Name == "proxy_pass" {
			r.Steps = plan.NginxListed("let nginx write X-Forwarded-Proto", l.Line.Parent, "proxy_set_header", "X-Forwarded-Proto", "proxy_set_header X-Forwarded-Proto $scheme;")
		}
		return check.Failed(said, r).Because("nginx ends TLS and asks the app in plain http without a word of it; the app takes every visitor for one who came by http, and sends him to https. " + redirectWhy)
	}
	r.Do = "nginx says by X-Forwarded-Proto that the visitor came by https; let the app take it from the proxy."
	r.Commands = []string{"from werkzeug.middleware.proxy_fix import ProxyFix", "app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)"}
	r.Cure = check.InCode
	return check.Failed(said, r).Because("nginx says that the visitor came by https, and the app does not take its word: it sends everybody to https, also those who are there. " + redirectWhy)
}

const redirectWhy = "Browsers give up with ERR_TOO_MANY_REDIRECTS."

func layer(l *model.Leg) string {
	if l.App {
		return "the app"
	}
	return "nginx"
}

// chainRemedy lists who sends whom where.
func chainRemedy(j *model.Journey) check.Remedy {
	r := check.Remedy{Do: "Send visitors to the last address at once.", Verify: "curl -sIL -o /dev/null -w '%{num_redirects}\\n' " + j.Start, Minutes: 15}
	for _, l := range j.Steps {
		if l.To != "" {
			r.Commands = append(r.Commands, fmt.Sprintf("# %s sends %s to %s", layer(l), l.From, l.To))
		}
	}
	return r
}
