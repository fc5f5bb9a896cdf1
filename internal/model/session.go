package model

import (
	"cmp"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// formPage are pages that strangers are meant to open, and that keep a token in
// the session: nothing else of an app is asked for without need.
var formPage = regex.New(`(?i)^/([a-z]{2}/|[a-z]+/)?(log-?in|sign-?in|auth/login|sign-?up|register|forgot|reset|contact)(-password)?/?$`)

// sessions asks the running app for sessions, to see with which key they are
// signed. Absent: nothing is known that would give one.
func (b *builder) sessions(d *Deployment) fact.Of[tape.SessionReply] {
	s := d.Server
	return fact.Bind(s.Code, func(a *App) fact.Of[tape.SessionReply] {
		_, signs := a.SignsAt()
		listens, state := s.Listens.Look(&b.notes)
		switch {
		case state == fact.IsUnknown:
			return fact.Unknown[tape.SessionReply](b.lastWhy())
		case d.mute():
			return fact.Unknown[tape.SessionReply](fact.Why{Text: "ask the app for sessions: it does not answer in time"})
		case !signs, !a.Cookies(), a.Key().Empty(), anew(a), len(listens) == 0:
			return fact.Absent[tape.SessionReply]()
		}
		i := slices.IndexFunc(listens, func(l *Listener) bool { return l.stream() })
		if i < 0 {
			return fact.Absent[tape.SessionReply]()
		}
		n, _ := s.Staff(&b.notes, a)
		name, _ := a.Setting("SESSION_COOKIE_NAME")
		return b.f.Sessions(a.Ref, tape.SessionVisit{
			Endpoint: listens[i].Endpoint(), Count: min(max(4*n, 12), tape.MaxSessions), Cookie: cmp.Or(Text(name), "session"),
			Host: b.visited(d), Paths: a.formPages(), Header: []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: " + b.scheme(d)},
		})
	})
}

// visited is the name under which visitors come.
func (b *builder) visited(d *Deployment) string {
	for _, n := range d.Names() {
		if !strings.ContainsAny(n, "*~_") {
			return n
		}
	}
	return "localhost"
}

// scheme is what nginx tells the app of a visitor's way.
func (b *builder) scheme(d *Deployment) string {
	sites, _ := d.Sites.Look(&b.notes)
	for _, s := range sites {
		if end, _ := s.Endpoint(); len(s.Routes) > 0 && strings.HasPrefix(end, "tls:") {
			return "https"
		}
	}
	return "http"
}

// formPages are at most three pages that may give a session: login forms first,
// then the first page.
func (a *App) formPages() []string {
	var out []string
	for _, r := range a.Rules {
		if slices.Contains(r.Methods, "GET") && !strings.Contains(r.Rule, "<") && r.Host == "" && r.Subdomain == "" && formPage.MatchString(r.Rule) && !slices.Contains(out, r.Rule) {
			out = append(out, r.Rule)
		}
	}
	login := regex.New(`(?i)log-?in|sign-?in`)
	slices.SortStableFunc(out, func(x, y string) int {
		switch lx, ly := login.MatchString(x), login.MatchString(y); {
		case lx && !ly:
			return -1
		case ly && !lx:
			return 1
		}
		return strings.Compare(x, y)
	})
	return append(out[:min(len(out), 2)], "/")
}

func anew(a *App) bool {
	yes, _ := a.MadeAnew()
	return yes
}
