package model

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Forwarded is an app with what the ways to it make of the headers in which a
// proxy says who asked for what.
type Forwarded struct {
	Name   string
	Server *AppServer
	Ways   []*Approach
	Unseen []fact.Why // of nginx's configuration: any line of it may write a header
	// Circles: the app sends visitors in a circle.
	Circles bool
	// Elsewhere: another machine answers https for a name of the app.
	Elsewhere fact.Of[bool]
}

// Subject is the app.
func (x *Forwarded) Subject() string { return x.Name }

// Node is what the app is told of its visitors.
func (x *Forwarded) Node() Node { return forwardedNode(x.Name) }

func forwardedNode(deployment string) Node { return Node("forwarded:" + deployment) }

// Forwardeds is the app, where some site leads to it.
func (d *Deployment) Forwardeds() fact.Of[[]*Forwarded] {
	return of(d, func() fact.Of[[]*Forwarded] {
		return fact.Then(d.Sites, func([]*Site) []*Forwarded {
			if d.forwarded == nil || len(d.forwarded.Ways) == 0 {
				return nil
			}
			d.forwarded.Circles, d.forwarded.Elsewhere = d.circles(), d.secureElsewhere()
			return []*Forwarded{d.forwarded}
		})
	})
}

// Approach is how a request comes to the app: through one location, or through one
// server block of nginx after another.
type Approach struct {
	Hops   []*Route      // from the visitor on; the last hands it to the app
	Kept   bool          // not everybody may ask
	Here   fact.Of[bool] // a visitor's connection ends at nginx itself: names of the site lead to this host
	Front  *fact.Source  // the line that says that another proxy stands in front
	Forged []Forged      // what came back when headers were forged
	ahead  int           // proxies in front that somebody declares
	doubt  string        // why headers may change on the way that nothing shows
	cfg    *syntax.Config
}

// Entry is who wrote one value of a list.
type Entry string

// The kinds.
const (
	ByVisitor Entry = "client"  // as many values as he likes
	Visitor   Entry = "visitor" // the address that he connects from
	OwnProxy  Entry = "proxy"   // the address of a proxy of this host
	Claimed   Entry = "claimed" // an address that nginx takes from whoever names it
	Fixed     Entry = "fixed"   // nginx's own: $host, $scheme, text
	Nobody    Entry = ""        // there is no such value
)

// Sent is what the app gets in one header, from left to right.
type Sent struct {
	Entries []Entry
	By      *fact.Source // the line that decides; nil: no line names the header
	Doubt   string       // why it may be another
}

// From is who wrote the value at a position, counted from the right, 1 for the
// last; 0 stands for the whole of it.
func (v Sent) From(position int) Entry {
	if position == 0 {
		switch {
		case slices.Contains(v.Entries, ByVisitor):
			return ByVisitor
		case len(v.Entries) == 0:
			return Nobody
		}
		return v.Entries[0]
	}
	for i := len(v.Entries) - 1; i >= 0; i-- {
		if v.Entries[i] == ByVisitor {
			return ByVisitor
		}
		if position--; position == 0 {
			return v.Entries[i]
		}
	}
	return Nobody
}

// Unchanged says that the app gets what a visitor sends, as he sends it.
func (v Sent) Unchanged() bool { return len(v.Entries) == 1 && v.Entries[0] == ByVisitor }

// Place names the location that a visitor asks for.
func (w *Approach) Place() (location, site string) { return w.Hops[0].Path, w.Hops[0].site.Subject() }

// Last is the location that hands the request to the app.
func (w *Approach) Last() *Route { return w.Hops[len(w.Hops)-1] }

// Gets is what the app gets in a header.
func (w *Approach) Gets(header string) Sent {
	v := w.brought(header)
	for i := range w.Hops {
		v = w.after(i, header, v)
	}
	if slices.Contains(v.Entries, ByVisitor) && v.Doubt == "" {
		v.Doubt = w.doubt
	}
	return v
}

// before is what the hop gets.
func (w *Approach) before(hop int, header string) Sent {
	v := w.brought(header)
	for i := range hop {
		v = w.after(i, header, v)
	}
	return v
}

// setters are the directives by which each kind of pass sets a header, and what
// stands before its name there.
var setters = map[string][2]string{
	"proxy_pass":   {"proxy_set_header", ""},
	"grpc_pass":    {"grpc_set_header", ""},
	"uwsgi_pass":   {"uwsgi_param", "HTTP_"},
	"scgi_pass":    {"scgi_param", "HTTP_"},
	"fastcgi_pass": {"fastcgi_param", "HTTP_"},
}

// after is a header behind one more hop: nginx hands on every header of its
// client that no line names (ngx_http_proxy_create_request, 1.22 to 1.26).
func (w *Approach) after(hop int, header string, in Sent) Sent {
	pass := w.Hops[hop].Pass
	at := pass.Parent
	for _, d := range syntax.Effective(at, "more_clear_input_headers") {
		if slices.ContainsFunc(d.Args, func(a string) bool { return strings.EqualFold(a, header) }) {
			in = Sent{By: source(d)}
		}
	}
	for _, d := range syntax.Effective(at, "more_set_input_headers") {
		for _, a := range d.Args {
			if name, v, ok := strings.Cut(a, ":"); ok && strings.EqualFold(strings.TrimSpace(name), header) {
				in = w.read(hop, header, strings.TrimSpace(v), d)
			}
		}
	}
	set := setters[pass.Name]
	var own []*syntax.Directive
	for _, d := range syntax.Effective(at, set[0]) {
		name := d.Arg(0)
		if set[1] != "" {
			name = strings.ReplaceAll(strings.TrimPrefix(name, set[1]), "_", "-")
		}
		if strings.EqualFold(name, header) {
			own = append(own, d)
		}
	}
	if len(own) > 0 { // the same name twice is sent twice
		out := Sent{}
		for _, d := range own {
			v := w.read(hop, header, d.Arg(1), d)
			out = Sent{append(out.Entries, v.Entries...), v.By, cmp.Or(out.Doubt, v.Doubt)}
		}
		return out
	}
	if v, d := syntax.Value(at, strings.TrimSuffix(set[0], "set_header")+"pass_request_headers"); d != nil && v == "off" {
		return Sent{By: source(d)}
	}
	return in
}

func source(d *syntax.Directive) *fact.Source {
	s := facts.DirectiveSource(d)
	return &s
}

// read is what a line makes of a header.
func (w *Approach) read(hop int, header, text string, d *syntax.Directive) Sent {
	v := Sent{By: source(d)}
	for part := range strings.SplitSeq(text, ",") {
		switch part = strings.TrimSpace(part); part {
		case "":
		case "$proxy_add_x_forwarded_for":
			v.Entries = append(append(v.Entries, w.before(hop, "X-Forwarded-For").Entries...), w.peer(hop))
		case "$remote_addr":
			v.Entries = append(v.Entries, w.peer(hop))
		case "$realip_remote_addr":
			v.Entries = append(v.Entries, w.connection(hop))
		default:
			v = w.filled(hop, header, part, d, v)
		}
	}
	return v
}

// filled adds a part with other variables.
func (w *Approach) filled(hop int, header, part string, d *syntax.Directive, v Sent) Sent {
	if name, ok := strings.CutPrefix(part, "$http_"); ok && name != "host" && !strings.Contains(name, "$") {
		v.Entries = append(v.Entries, w.before(hop, strings.ReplaceAll(name, "_", "-")).Entries...)
		return v
	}
	who := Fixed
	for _, r := range w.cfg.Read(d, part) {
		for _, p := range r.Pieces {
			if p.Doubt != "" {
				v.Doubt = p.Doubt
			}
			name, sent := strings.CutPrefix(p.From, "$http_")
			switch {
			case p.From == "" || !p.Admits(lure(header)) || name == "host":
			case sent && !slices.Contains(w.before(hop, strings.ReplaceAll(name, "_", "-")).Entries, ByVisitor):
			case sent || strings.HasPrefix(p.From, "$arg_") || strings.HasPrefix(p.From, "$cookie_") || p.From == "$proxy_add_x_forwarded_for":
				who = ByVisitor
			}
		}
	}
	v.Entries = append(v.Entries, who)
	return v
}

// lure is what somebody would forge a header to.
func lure(header string) string {
	switch strings.ToLower(header) {
	case "x-forwarded-host", "x-original-host":
		return "spoof.invalid"
	case "x-forwarded-prefix", "x-script-name":
		return "/spoof"
	case "x-forwarded-proto", "x-scheme":
		return "http"
	case "x-forwarded-port":
		return "81"
	case "x-forwarded-ssl":
		return "on"
	case "forwarded":
		return "for=203.0.113.77;host=spoof.invalid"
	}
	return "203.0.113.77"
}

// brought is what a header holds when it comes to this host: a declared proxy
// adds the address that asked it, and says what scheme it was asked by.
func (w *Approach) brought(header string) Sent {
	v := Sent{Entries: []Entry{ByVisitor}}
	switch {
	case w.ahead > 0 && strings.EqualFold(header, "X-Forwarded-For"):
		v.Entries = append(v.Entries, Visitor)
		for range w.ahead - 1 {
			v.Entries = append(v.Entries, OwnProxy)
		}
		v.By = w.Front
	case w.ahead > 0 && strings.EqualFold(header, "X-Forwarded-Proto"):
		v = Sent{Entries: []Entry{Fixed}, By: w.Front}
	}
	return v
}

// connection is who the hop is asked by.
func (w *Approach) connection(hop int) Entry {
	if hop > 0 || w.Front != nil {
		return OwnProxy
	}
	return Visitor
}

// peer is $remote_addr at a hop: set_real_ip_from takes it from a header.
func (w *Approach) peer(hop int) Entry {
	at := w.Hops[hop].Pass.Parent
	from := syntax.Effective(at, "set_real_ip_from")
	if len(from) == 0 {
		if hop > 0 || w.ahead > 0 {
			return OwnProxy
		}
		return Visitor
	}
	header, _ := syntax.Value(at, "real_ip_header")
	if header == "" {
		header = "X-Real-IP"
	}
	anybody := slices.ContainsFunc(from, func(d *syntax.Directive) bool { return strings.HasSuffix(d.Arg(0), "/0") })
	switch {
	case hop > 0 && header != "proxy_protocol":
		if v := w.before(hop, header).From(1); v != Nobody {
			return v
		}
		return OwnProxy
	case anybody && header != "proxy_protocol":
		return Claimed
	}
	return Visitor
}

// Believes is what the app takes from headers: sent through its own middleware.
func (a *App) Believes() fact.Of[[]tape.Trust] {
	if a.Echo == nil {
		return fact.Unknown[[]tape.Trust](fact.Why{Text: "send headers through the app's middleware: it did not come to an end", Ask: a.Source.Ask})
	}
	return fact.Known(a.Echo.Trusts)
}

// Setting is where the last hop's headers are set, or where it hands on.
func (w *Approach) Setting() (file string, line int) {
	pass := w.Last().Pass
	if own := syntax.Effective(pass.Parent, setters[pass.Name][0]); len(own) > 0 {
		d := own[len(own)-1]
		return d.File, d.Line
	}
	return pass.File, pass.Line
}

// Set is the line that sets a header there; "" drops it.
func (w *Approach) Set(header, value string) string {
	if value == "" {
		value = `""`
	}
	set := setters[w.Last().Pass.Name]
	if set[1] != "" {
		header = set[1] + strings.ToUpper(strings.ReplaceAll(header, "-", "_"))
	}
	return set[0] + " " + header + " " + value + ";"
}

// ListsHosts says that Flask itself refuses names that are not listed
// (TRUSTED_HOSTS, 3.1).
func (a *App) ListsHosts() bool {
	c, ok := a.Setting("TRUSTED_HOSTS")
	return ok && Is(c) && AtLeast(a.Dists["flask"], 3, 1)
}

// Named says that url_for takes its host from the configuration.
func (a *App) Named() bool {
	c, ok := a.Setting("SERVER_NAME")
	return ok && Is(c)
}

// MatchesHost says that the app has no page for a Host other than SERVER_NAME:
// Flask below 3.1 (flask/app.py, create_url_adapter).
func (a *App) MatchesHost() bool {
	return a.Named() && a.Dists["flask"] != "" && !AtLeast(a.Dists["flask"], 3, 1)
}

// AtLeast compares the first two numbers of a version; false where it has none.
func AtLeast(version string, major, minor int) bool {
	a, rest, _ := strings.Cut(version, ".")
	b, _, _ := strings.Cut(rest, ".")
	x, err := strconv.Atoi(a)
	if err != nil {
		return false
	}
	y, _ := strconv.Atoi(strings.TrimRight(b, "abcrdevpost"))
	return x > major || x == major && y >= minor
}
