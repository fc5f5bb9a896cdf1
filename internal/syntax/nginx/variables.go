package nginx

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// Piece is a part of a text with variables: fixed, or what a client sends.
type Piece struct {
	Text   string            // fixed; for a client's part what an innocent one may be
	From   string            // "$arg_host": the variable by which a client fills it; "" where it does not
	Admits func(string) bool // whether a client can make it this value; never nil where From is set
	Words  []string          // what patterns on the way ask for: a value that passes may have to hold one
	Doubt  string            // why nobody can tell what stands here
}

// Reading is one thing that a text with variables may become, and the
// directives (set, map, location) that make it so.
type Reading struct {
	Pieces []Piece
	By     []*Directive
}

const (
	maxReadings = 64
	maxChain    = 8
)

// Read says what a text in block or directive at may become when nginx fills in
// its variables: `set` and `map` are followed, a capture has the bounds of its
// pattern, and so has what an `if` lets pass.
func (c *Config) Read(at *Directive, text string) []Reading {
	return (&expander{cfg: c}).text(at, text, 0)
}

type expander struct {
	cfg    *Config
	guards []guard
}

// guard is a test that a variable has passed.
type guard struct {
	name   string
	admits func(string) bool
	words  []string
}

var variable = regexp.MustCompile(`\$(?:\{([A-Za-z0-9_]+)\}|([1-9])|([A-Za-z_][A-Za-z0-9_]*))`)

func (e *expander) text(at *Directive, text string, depth int) []Reading {
	out := []Reading{{}}
	last := 0
	for _, m := range variable.FindAllStringSubmatchIndex(text, -1) {
		name := ""
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				name = text[m[g]:m[g+1]]
			}
		}
		out = join(out, []Reading{{Pieces: fixed(text[last:m[0]])}})
		out = join(out, e.variable(at, name, depth))
		last = m[1]
	}
	return join(out, []Reading{{Pieces: fixed(text[last:])}})
}

func fixed(s string) []Piece {
	if s == "" {
		return nil
	}
	return []Piece{{Text: s}}
}

// join is every first with every second.
func join(a, b []Reading) []Reading {
	var out []Reading
	for _, x := range a {
		for _, y := range b {
			if len(out) < maxReadings {
				out = append(out, Reading{append(slices.Clone(x.Pieces), y.Pieces...), append(slices.Clone(x.By), y.By...)})
			}
		}
	}
	return out
}

func doubt(why string) []Reading { return []Reading{{Pieces: []Piece{{Text: "x", Doubt: why}}}} }

func (e *expander) variable(at *Directive, name string, depth int) []Reading {
	if depth > maxChain {
		return doubt("$" + name + " goes through too many others")
	}
	held := e.guards
	e.guards = append(slices.Clone(held), tested(at, name)...)
	defer func() { e.guards = held }()
	if strings.Trim(name, "0123456789") == "" {
		return e.capture(at, name, depth)
	}
	if own, ok := e.assigned(at, name, depth); ok {
		return own
	}
	switch {
	case slices.Contains(paths, name):
		return e.client(name, "/x", func(v string) bool { return strings.HasPrefix(v, "/") })
	case name == "host":
		return e.client(name, "x", e.hostAdmits(at))
	case name == "http_host":
		// Free in every block: nginx finds the block by the request line where
		// that names a host (seen on 1.22), and takes no slash in it.
		return e.client(name, "x", func(v string) bool { return !strings.Contains(v, "/") })
	case name == "is_args":
		return []Reading{{Pieces: fixed("?")}}
	case slices.Contains(sent, name) || hasPrefix(name, "arg_", "http_", "cookie_"):
		return e.client(name, "x", nil)
	case slices.Contains(decided, name) || hasPrefix(name, "upstream_", "sent_http_", "ssl_", "time_", "geoip", "proxy_protocol_", "realip_"):
		return []Reading{{Pieces: fixed("x")}}
	}
	return doubt("$" + name + " is filled by what the configuration does not show")
}

func hasPrefix(s string, of ...string) bool {
	return slices.ContainsFunc(of, func(p string) bool { return strings.HasPrefix(s, p) })
}

var (
	// paths begin with a slash, whatever the client sends.
	paths = []string{"uri", "request_uri", "document_uri"}
	// sent are the client's own words beside its headers, arguments and cookies.
	sent = []string{"args", "query_string", "request", "request_body", "request_filename", "realpath_root", "remote_user",
		"content_type", "request_method", "proxy_add_x_forwarded_for", "ssl_server_name"}
	// decided are the host's or the connection's.
	decided = []string{"scheme", "https", "server_name", "server_addr", "server_port", "server_protocol", "hostname", "nginx_version", "pid",
		"msec", "request_id", "remote_addr", "remote_port", "binary_remote_addr", "document_root", "proxy_host", "proxy_port", "status",
		"connection", "connection_requests", "request_time", "request_length", "request_completion", "content_length", "pipe", "http2"}
)

func (e *expander) client(name, innocent string, admits func(string) bool) []Reading {
	p := Piece{Text: innocent, From: "$" + name, Admits: e.guarded(name, admits)}
	for _, g := range e.guards {
		p.Words = append(p.Words, g.words...)
	}
	return []Reading{{Pieces: []Piece{p}}}
}

// guarded adds the tests that stand on the way.
func (e *expander) guarded(name string, admits func(string) bool) func(string) bool {
	guards := slices.Clone(e.guards)
	return func(v string) bool {
		if admits != nil && !admits(v) {
			return false
		}
		return !slices.ContainsFunc(guards, func(g guard) bool { return g.name == name && !g.admits(v) })
	}
}

// hostAdmits: $host is the name asked for, and only names that nginx brings to
// this block come here: any where it is the default server of a socket.
func (e *expander) hostAdmits(at *Directive) func(string) bool {
	server, all := at.In("server"), e.cfg.Servers()
	return func(v string) bool {
		if server == nil || strings.ContainsAny(v, "/:?#") {
			return false
		}
		return slices.ContainsFunc(server.Listens(), func(l Listen) bool {
			addr := l.Addr
			if l.Unix != "" {
				addr = "unix:" + l.Unix
			}
			s := SelectServer(all, addr, l.Port, v, l.TLS)
			return s.Server == server || s.CannotTell != ""
		})
	}
}

// tested are the tests of `if` that a value has passed at this place: of the
// blocks around it, and those before it that end the request otherwise.
func tested(at *Directive, name string) []guard {
	var out []guard
	for d := at; d != nil && d.Name != "http"; d = d.Parent {
		if d.Name == "if" && d.Arg(0) == "$"+name && len(d.Args) == 3 {
			if g := test(d.Arg(1), d.Arg(2)); g != nil {
				out = append(out, guard{name, g, words(d.Arg(2))})
			}
		}
		for _, f := range d.Parent.Find("if") {
			negated, is := strings.CutPrefix(f.Arg(1), "!")
			if is && f.Arg(0) == "$"+name && len(f.Args) == 3 && len(f.Find("return")) > 0 {
				if g := test(negated, f.Arg(2)); g != nil {
					out = append(out, guard{name, g, words(f.Arg(2))})
				}
			}
		}
	}
	return out
}

func test(op, want string) func(string) bool {
	switch op {
	case "=":
		return func(v string) bool { return v == want }
	case "~", "~*":
		re, err := compile(want, op == "~*")
		if err != nil {
			return nil
		}
		return re.MatchString
	}
	return nil
}

var word = regexp.MustCompile(`[A-Za-z0-9.-]{3,}`)

// words are what a pattern spells out.
func words(re string) []string {
	return word.FindAllString(strings.ReplaceAll(re, `\`, ""), 8)
}

// sub is what one group of a pattern lets through.
func sub(pattern string, fold bool, group string) (admits func(string) bool, has bool, err error) {
	flags := syntax.Perl
	if fold {
		flags |= syntax.FoldCase
	}
	tree, err := syntax.Parse(pattern, flags)
	if err != nil {
		return nil, false, err
	}
	g := findGroup(tree, group)
	if g == nil {
		return nil, false, nil
	}
	re, err := regexp.Compile(`^(?s:` + g.Sub[0].String() + `)$`)
	if err != nil {
		return nil, true, err
	}
	return re.MatchString, true, nil
}

func findGroup(t *syntax.Regexp, group string) *syntax.Regexp {
	if t.Op == syntax.OpCapture && (t.Name == group || group == string(rune('0'+t.Cap)) && t.Cap < 10) {
		return t
	}
	for _, s := range t.Sub {
		if g := findGroup(s, group); g != nil {
			return g
		}
	}
	return nil
}
