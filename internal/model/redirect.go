package model

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Journey is where a visitor is sent who types a name.
type Journey struct {
	Start string // "http://shop.example/"
	Steps []*Leg
	End   string                  // one of the words below
	Cycle int                     // JourneyLoops: the step that it comes back to
	Own   bool                    // JourneyElsewhere: DNS leads to this host all the same
	Plain fact.Of[tape.HTTPReply] // the app's own answer to the first leg of a loop that is the app's
	node  Node
	// Secure says that some block has the name with TLS; Deep is what a page
	// behind the name gets, where its first page is sent to https.
	Secure bool
	Deep   fact.Of[tape.HTTPReply]
	door   *syntax.Directive // the block that answers first
}

// How a journey ends.
const (
	JourneyArrives   = "arrives"
	JourneyLoops     = "loops"
	JourneyLong      = "long"      // redirects beyond the bound
	JourneyForeign   = "foreign"   // another host's name
	JourneyElsewhere = "elsewhere" // a name of this host, at a port on which nginx does not listen
	JourneySilent    = "silent"    // no answer
	JourneyUnseen    = "unseen"
)

// maxLegs is how many redirects are followed: browsers give up after about 20.
const maxLegs = 10

// Leg is one request of a journey.
type Leg struct {
	From, To string
	Reply    fact.Of[tape.HTTPReply]
	App      bool              // the app sent the redirect, else nginx
	By       fact.Source       // the directive that sends it, or that hands it to the app
	Line     *syntax.Directive // the same
	Told     bool              // the app is told by X-Forwarded-Proto how the visitor came
	Cookie   bool              // a cookie comes with it
}

// Subject is what the visitor types.
func (j *Journey) Subject() string { return j.Start }

// Node is the journey, which stands on its blocks.
func (j *Journey) Node() Node { return j.node }

// Journeys are where the names of a deployment lead, each way once.
func (d *Deployment) Journeys() fact.Of[[]*Journey] {
	return of(d, func() fact.Of[[]*Journey] {
		return fact.Then(d.Sites, func([]*Site) []*Journey {
			var out []*Journey
			for _, n := range d.names {
				out = append(out, n.journeys...)
			}
			return out
		})
	})
}

const maxTyped = 6 // names that are typed

// travel follows what the names of a deployment answer.
func (b *builder) travel(d *Deployment) {
	var all []*Journey
	of := map[*Journey]*Name{}
	for i, n := range d.names {
		if i == maxTyped || d.Contained() {
			break
		}
		for _, scheme := range []string{"https", "http"} {
			if slices.ContainsFunc(n.Sites, func(s *Site) bool { return s.takes(scheme, 0) }) {
				j := b.journey(scheme + "://" + n.Name + "/")
				j.node = Node("journey:" + j.Start)
				of[j] = n
				b.deeper(j, n)
				for _, s := range n.Sites {
					b.m.Needs[j.node] = append(b.m.Needs[j.node], s.Node())
				}
				if d.Server != nil {
					b.m.Needs[j.node] = append(b.m.Needs[j.node], d.Server.TrustNode(), forwardedNode(d.Name))
				}
				all = append(all, j)
			}
		}
	}
	for _, j := range distinct(all) {
		of[j].journeys = append(of[j].journeys, j)
		if j.End == JourneyLoops && j.Steps[j.Cycle].App {
			j.Plain = b.straight(d, j.Steps[j.Cycle].From)
		}
	}
}

// takes says that a block listens for a scheme, on its usual port when port is 0.
func (s *Site) takes(scheme string, port int) bool {
	if port == 0 {
		port = usualPort(scheme)
	}
	return slices.ContainsFunc(s.Listens, func(l syntax.Listen) bool {
		return l.Unix == "" && !l.Proxy && !l.QUIC && l.TLS == (scheme == "https") && l.Port <= port && port <= l.PortEnd
	})
}

func usualPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}

// distinct leaves out what another journey passes through, and of a loop all
// but one.
func distinct(all []*Journey) []*Journey {
	var out []*Journey
	for i, j := range all {
		twin := slices.ContainsFunc(all, func(o *Journey) bool {
			return o != j && j.End != JourneyLoops && slices.ContainsFunc(o.Steps[1:], func(l *Leg) bool { return l.From == j.Start })
		})
		for _, o := range all[:i] {
			twin = twin || j.End == JourneyLoops && o.End == JourneyLoops && sameLoop(o, j)
		}
		if !twin {
			out = append(out, j)
		}
	}
	return out
}

// sameLoop says that two names go round in the same way: in the very same loop,
// or in one that the same lines make of each.
func sameLoop(a, b *Journey) bool {
	return slices.ContainsFunc(a.Steps[a.Cycle:], func(l *Leg) bool { return l.From == b.Steps[b.Cycle].From }) ||
		slices.EqualFunc(a.Steps[a.Cycle:], b.Steps[b.Cycle:], func(x, y *Leg) bool { return x.App == y.App && x.By == y.By && x.By.Where != "" })
}

func (b *builder) journey(start string) *Journey {
	j := &Journey{Start: start, End: JourneyLong}
	at, _ := url.Parse(start)
	for len(j.Steps) < maxLegs {
		leg := &Leg{From: at.String()}
		server, endpoint := b.arrival(at)
		if endpoint == "" {
			j.End, j.Own = JourneyElsewhere, b.leadsHere(at.Hostname())
			return j
		}
		leg.Reply = b.f.HTTP(endpoint, at.Host, at.RequestURI())
		j.Steps = append(j.Steps, leg)
		r, state := leg.Reply.Look(&b.notes)
		to := r.Get("location")
		switch {
		case state != fact.IsKnown:
			j.End = JourneyUnseen
			return j
		case r.Error != "" && r.Status == 0:
			j.End = JourneySilent
			return j
		case !slices.Contains([]int{301, 302, 303, 307, 308}, r.Status) || to == "":
			j.End = JourneyArrives
			return j
		}
		next, err := at.Parse(to)
		if err != nil {
			j.End = JourneyForeign
			return j
		}
		next.Fragment = ""
		if next.Path == "" {
			next.Path = "/"
		}
		leg.To, leg.Cookie = next.String(), r.Get("set-cookie") != ""
		b.sender(leg, server, at, r)
		if i := slices.IndexFunc(j.Steps, func(l *Leg) bool { return l.From == leg.To }); i >= 0 {
			j.End, j.Cycle = JourneyLoops, i
			return j
		}
		if !b.ownName(next.Hostname()) || next.Scheme != "http" && next.Scheme != "https" {
			j.End = JourneyForeign
			return j
		}
		at = next
	}
	return j
}

// arrival is the block that answers a URL on this host, and where it is asked.
func (b *builder) arrival(at *url.URL) (*syntax.Directive, string) {
	n, state := b.m.Nginx.Look(&b.notes)
	if state != fact.IsKnown {
		return nil, ""
	}
	port := usualPort(at.Scheme)
	if p, err := strconv.Atoi(at.Port()); err == nil {
		port = p
	}
	var servers []*syntax.Directive
	var best *Site
	for _, s := range n.Sites {
		servers = append(servers, s.Server)
		if s.takes(at.Scheme, port) && (best == nil || slices.Contains(s.Names, at.Hostname()) && !slices.Contains(best.Names, at.Hostname())) {
			best = s
		}
	}
	if best == nil {
		return nil, ""
	}
	for _, l := range best.Listens {
		if l.Unix == "" && !l.Proxy && l.TLS == (at.Scheme == "https") && l.Port <= port && port <= l.PortEnd {
			ip := probeIP(l)
			sel := syntax.SelectServer(servers, ip, port, at.Hostname(), l.TLS)
			kind := map[bool]string{true: "tls:", false: "tcp:"}[l.TLS]
			return sel.Server, kind + net.JoinHostPort(ip, strconv.Itoa(port))
		}
	}
	return nil, ""
}

// ownName says that a name is one of this host's: nginx has it, or it is the
// same name with or without www and DNS leads here.
func (b *builder) ownName(name string) bool {
	n, _ := b.m.Nginx.Look(&b.notes)
	if n == nil {
		return false
	}
	twin := "www." + name
	if bare, is := strings.CutPrefix(name, "www."); is {
		twin = bare
	}
	related := false
	for _, s := range n.Sites {
		if slices.Contains(s.Names, name) {
			return true
		}
		related = related || slices.Contains(s.Names, twin)
	}
	return related && b.leadsHere(name)
}

func (b *builder) leadsHere(name string) bool {
	r, _ := b.f.DNS(name, "A").Look(&b.notes)
	own, _ := b.m.Machine.Addresses.Look(&b.notes)
	return slices.ContainsFunc(own, func(a Address) bool { return slices.Contains(r.Addrs, a.IP) })
}

// sender finds who sent a redirect. nginx writes its own name into the page of
// a redirect (src/http/ngx_http_special_response.c); what an app sends comes
// through as it is.
func (b *builder) sender(leg *Leg, server *syntax.Directive, at *url.URL, r tape.HTTPReply) {
	if server == nil {
		return
	}
	loc := server.Match(at.Path).Location
	if loc == nil {
		loc = server
	}
	leg.App = !strings.Contains(r.Body, "<center>nginx")
	for d := loc; d != nil && d.Name != "http"; d = d.Parent {
		for _, name := range append([]string{"return", "rewrite"}, passes...) {
			for _, x := range d.All(name) {
				own := x.In("location") == loc.In("location") || x.In("location") == nil
				if (slices.Contains(passes, name) == leg.App) && own && leg.By.Where == "" && (leg.App || redirects(x)) {
					leg.By, leg.Line = directiveSource(x), x
					leg.Told = told(x)
				}
			}
		}
	}
}

func redirects(d *syntax.Directive) bool {
	if d.Name == "rewrite" {
		last := d.Arg(len(d.Args) - 1)
		return last == "redirect" || last == "permanent" || strings.HasPrefix(d.Arg(1), "http")
	}
	return strings.HasPrefix(d.Arg(0), "30") || strings.Contains(d.Arg(0), "://")
}

func told(pass *syntax.Directive) bool {
	for _, h := range syntax.Effective(pass.Parent, "proxy_set_header") {
		if strings.EqualFold(h.Arg(0), "X-Forwarded-Proto") {
			return true
		}
	}
	return false
}

// straight asks the app itself.
func (b *builder) straight(d *Deployment, from string) fact.Of[tape.HTTPReply] {
	at, err := url.Parse(from)
	for _, sf := range d.surfaces {
		if sf.Direct && err == nil {
			return b.f.HTTP(sf.Endpoint, at.Host, at.RequestURI())
		}
	}
	return fact.Absent[tape.HTTPReply]()
}
