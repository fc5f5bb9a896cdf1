package model

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Front is one site as its visitors meet it: what it answers to GET /, or to
// the page that somebody complains about.
type Front struct {
	*Surface
	Page   bool                 // somebody complains about it
	Away   []string             // where all of the name's addresses lead, if none is known to lead here
	Log    fact.Of[fact.Source] // what nginx's error log says of this very request; Absent: nothing
	Handed bool                 // nginx hands the path to the app
	Code   fact.Of[*App]
	Direct fact.Of[*Surface]  // the app without nginx; Absent: nginx does not hand the page to it
	Thrown fact.Of[Complaint] // what the app threw at it; Absent: nothing is written of it
}

// URL is the address that a visitor types.
func (f *Front) URL() string { return f.Surface.URL() + strings.TrimSuffix(f.Path, "/") }

// Subject is that address.
func (f *Front) Subject() string { return f.URL() }

// Node is the site's answer, which stands on all that a request goes through.
func (f *Front) Node() Node {
	return "front:" + f.Surface.Node() + Node(strings.TrimSuffix(f.Path, "/"))
}

// Fails says that visitors do not get a page: there is no answer, or one that
// blames the server, or a 404 for what the app itself answers. Of a page that
// somebody complains about any error is one.
func (f *Front) Fails() bool {
	var n fact.Notes
	r, state := f.Reply.Look(&n)
	switch {
	case state != fact.IsKnown:
		return false
	case r.Error != "" || r.Status >= 500 || f.Page && r.Status >= 400:
		return true
	}
	_, lost := f.Lost()
	return r.Status == 404 && lost
}

// Lost says that the app answers the same request, with the visitor's own Host,
// when it is asked without nginx.
func (f *Front) Lost() (*Surface, bool) {
	var n fact.Notes
	s, state := f.Direct.Look(&n)
	if state != fact.IsKnown {
		return nil, false
	}
	r, state := s.Reply.Look(&n)
	return s, state == fact.IsKnown && r.Error == "" && r.Status < 400
}

// Waits says that visitors get no answer in time.
func (f *Front) Waits() bool {
	var n fact.Notes
	r, state := f.Reply.Look(&n)
	return state == fact.IsKnown && (r.Class == "timeout" || r.Status == 504)
}

// Explained says that the request's own failure tells what it is.
func (f *Front) Explained() bool {
	var n fact.Notes
	_, state := f.Thrown.Look(&n)
	return state == fact.IsKnown || f.Nowhere()
}

// Nowhere says that nginx hands the path to the app, which has no rule for it.
func (f *Front) Nowhere() bool {
	var n fact.Notes
	app, _ := f.Code.Look(&n)
	r, _ := f.Reply.Look(&n)
	path, _, _ := strings.Cut(f.Path, "?")
	return f.Handed && app != nil && r.Status == 404 && !app.Routed(path)
}

// Gets is what visitors get, in a few words; "" where that is not known.
func (f *Front) Gets() string {
	var n fact.Notes
	r, state := f.Reply.Look(&n)
	switch {
	case state != fact.IsKnown:
		return ""
	case r.Class == "timeout":
		return "nothing: they wait"
	case r.Class == "refused":
		return "nothing: they are refused"
	case r.Error != "":
		return "no answer: " + r.Error
	}
	return Status(r.Status)
}

// Status is a status with its name.
func Status(code int) string { return strings.TrimSpace(strconv.Itoa(code) + " " + reasons[code]) }

// reasons are the names that browsers and logs give the statuses (RFC 9110, 15).
var reasons = map[int]string{200: "OK", 301: "Moved Permanently", 302: "Found", 303: "See Other", 307: "Temporary Redirect", 308: "Permanent Redirect",
	400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large", 421: "Misdirected Request",
	429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}

// Fronts are the sites of a deployment as their visitors meet them.
func (d *Deployment) Fronts() fact.Of[[]*Front] {
	return of(d, func() fact.Of[[]*Front] {
		return fact.Then(d.Sites, func([]*Site) []*Front { return d.met })
	})
}

// meet looks at what the sites answer. Where that is a failure, nginx's log and
// the service's own journal are read after it.
func (b *builder) meet(d *Deployment) {
	for _, sf := range d.surfaces {
		if sf.Site != nil {
			b.front(d, &Front{Surface: sf}, sf.Node())
		}
	}
	b.page(d)
}

func (b *builder) front(d *Deployment, f *Front, app Node) {
	f.Log, f.Thrown = fact.Absent[fact.Source](), fact.Absent[Complaint]()
	sf := f.Surface
	of := sf.Site.answers(f.Path)
	f.Handed = d.Server != nil && slices.ContainsFunc(sf.Site.Routes, func(r *Route) bool { return slices.Contains(of, r.Node()) })
	f.Code, f.Direct = fact.Absent[*App](), b.without(d, f)
	if d.Server != nil {
		f.Code = d.Server.Code
	}
	if i := slices.IndexFunc(d.points, func(p *Points) bool { return p.Name.Name == sf.Host }); i >= 0 {
		f.Away = d.points[i].away()
	}
	if f.Fails() {
		b.fallsMeanwhile(d)
		f.Log = b.nginxSaid(sf)
		if r, _ := sf.Reply.Look(&b.notes); r.Status == 500 && d.Server != nil {
			f.Thrown = b.thrown(d.Server)
		}
	}
	d.met = append(d.met, f)
	needs := []Node{}
	for _, n := range d.names {
		if slices.Contains(n.Sites, sf.Site) {
			needs = append(needs, n.Node())
		}
	}
	for _, s := range secured(d.names) {
		if strings.HasPrefix(sf.Endpoint, "tls:") && slices.Contains(s.Name.Sites, sf.Site) {
			needs = append(needs, s.Node())
		}
	}
	needs = append(needs, sf.Site.Node())
	b.m.Needs[f.Node()] = append(append(needs, of...), app)
}

// without is the same request to the app itself.
func (b *builder) without(d *Deployment, f *Front) fact.Of[*Surface] {
	if !f.Handed || f.Page {
		return fact.Absent[*Surface]()
	}
	return fact.Bind(d.Server.Listens, func([]*Listener) fact.Of[*Surface] {
		i := slices.IndexFunc(d.surfaces, func(s *Surface) bool { return s.Direct && s.Host == f.Host })
		if i < 0 {
			return fact.Absent[*Surface]()
		}
		return fact.Known(d.surfaces[i])
	})
}

// answers are what a site answers a path with.
func (s *Site) answers(uri string) (out []Node) {
	path, _, _ := strings.Cut(uri, "?")
	m := s.Server.Match(path)
	for _, st := range s.Statics {
		if st.loc != nil && st.loc == m.Location {
			out = append(out, (&StaticSite{Site: s}).Node(), st.Node())
		}
	}
	for _, r := range s.Routes {
		if r.Pass.In("location") == m.Location || m.Location == nil && r.Path == "/" {
			out = append(out, r.Node())
		}
	}
	return out
}

// page asks for the one that somebody complains about.
func (b *builder) page(d *Deployment) {
	v, _ := b.f.Visit().Look(&b.notes)
	u, err := url.Parse(v.Page)
	if v.Page == "" || err != nil || u.RequestURI() == "/" {
		return
	}
	for _, sf := range d.surfaces {
		if sf.Site == nil || !slices.ContainsFunc(sf.Site.Names, func(n string) bool { return strings.EqualFold(n, u.Hostname()) }) || sf.Site.Secure() != (u.Scheme == "https") {
			continue
		}
		one := *sf
		one.Path, one.Host = u.RequestURI(), strings.ToLower(u.Hostname())
		one.Reply = b.f.HTTP(one.Endpoint, one.Host, one.Path)
		b.front(d, &Front{Surface: &one, Page: true}, sf.Node())
		return
	}
}

// defaultErrorLog is where Debian's and nginx.org's builds write when nothing
// says where.
const defaultErrorLog = "/var/log/nginx/error.log"

// nginxSaid is the newest line of the error log about the request that we sent.
func (b *builder) nginxSaid(sf *Surface) fact.Of[fact.Source] {
	file := defaultErrorLog
	if set := syntax.Effective(sf.Site.Server, "error_log"); len(set) > 0 {
		file = set[len(set)-1].Arg(0)
	}
	if !strings.HasPrefix(file, "/") || file == "/dev/null" {
		return fact.Absent[fact.Source]()
	}
	return fact.Bind(b.f.TailAfter(file), func(text string) fact.Of[fact.Source] {
		found := fact.Absent[fact.Source]()
		for line := range strings.Lines(text) {
			if !b.ours(line) || !strings.Contains(line, `"GET `+sf.Path+` `) || !strings.Contains(line, `host: "`+sf.Host+`"`) {
				continue
			}
			_, said, _ := strings.Cut(line, "#")
			_, said, _ = strings.Cut(said, ": ")
			said, _, _ = strings.Cut(strings.TrimLeft(said, "*0123456789 "), ", client: ")
			src := fact.Source{Where: file, Text: clip(said), Ask: tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail-after"}}
			found = fact.Known(src, src)
		}
		return found
	})
}

// ours says that a line of nginx's error log was written since this visit began.
// Its clock is the host's, in a zone that the line does not name: zones differ
// by whole quarters of an hour.
func (b *builder) ours(line string) bool {
	if len(line) < 19 {
		return false
	}
	at, err := time.Parse("2006/01/02 15:04:05", line[:19])
	if err != nil {
		return false
	}
	const quarter = 15 * time.Minute
	late := (at.Sub(b.m.Machine.Now.Truncate(time.Second))%quarter + quarter) % quarter
	return late < 2*time.Minute
}

// thrown is the exception that the service's journal, or gunicorn's own log,
// holds of the request that we sent.
func (b *builder) thrown(s *AppServer) fact.Of[Complaint] {
	newest := func(j Journal) fact.Of[Complaint] {
		recent := j.since(b.m.Machine.Now.Truncate(time.Second))
		if c := recent.worst(0, len(recent.Lines)); c.weight >= precise {
			return fact.Known(c, c.Sources()...)
		}
		return fact.Absent[Complaint]()
	}
	var file string
	var n fact.Notes
	if u, state := s.Unit.Look(&n); state == fact.IsKnown && u != nil {
		file = u.ErrorFile()
	}
	if s.unitName == "" {
		return fact.Absent[Complaint]()
	}
	where := "journalctl -u " + s.unitName
	said := fact.Bind(b.f.JournalAfter(s.unitName), func(lines []facts.Entry) fact.Of[Complaint] {
		return newest(newJournal(where, tape.Ask{Kind: tape.KindCommand, Name: "journal-after", Arg: s.unitName}, lines))
	})
	if _, state := said.Look(&n); state == fact.IsKnown || file == "" {
		return said
	}
	return fact.Bind(b.logTail(file), newest)
}
