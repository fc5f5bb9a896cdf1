package model

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Grievance is one kind of trouble that nginx itself has had since it loaded its
// configuration, in its own words: not the app's, and not a visitor's.
type Grievance struct {
	Kind  string // connections, files, disk, header
	Path  string // of a file that nginx could not write
	Count int
	Line  fact.Source       // the newest
	Limit fact.Source       // the directive that sets the limit; Where is "" for none
	Set   *syntax.Directive // the same
	Hint  fact.Source       // what the app's own log says of it
	Conf  facts.NginxConfig // where a limit would stand
	User  string            // of the workers
	site  *Site
	of    string
}

// Subject is the kind of trouble, and where.
func (g *Grievance) Subject() string {
	if g.site != nil {
		return g.site.Subject() + " " + g.Kind
	}
	return g.Kind
}

// Node is the site that has it, or nginx.
func (g *Grievance) Node() Node {
	if g.site != nil {
		return g.site.Node()
	}
	return NodeNginx
}

// Site is the block that the trouble is named with, nil for none.
func (g *Grievance) Site() *Site { return g.site }

// Grievances are what nginx's error log says of a deployment's sites.
func (d *Deployment) Grievances() fact.Of[[]*Grievance] {
	return of(d, func() fact.Of[[]*Grievance] {
		return fact.Bind(d.Sites, func(sites []*Site) fact.Of[[]*Grievance] {
			if len(sites) == 0 {
				return fact.Known[[]*Grievance](nil)
			}
			return d.grieves
		})
	})
}

// grievance is nginx's word for what only nginx can mend (1.22 and 1.26).
var grievance = []struct {
	kind string
	say  *regex.Regex
}{
	{"connections", regex.New(`worker_connections are not enough`)},
	{"files", regex.New(`failed \(24: Too many open files\)`)},
	{"disk", regex.New(`(open|pwrite|pwritev|write|mkdir|rename)\(\) "(/[^"]+)" failed \((28: No space left|30: Read-only|122: Disk quota|5: Input/output)`)},
	{"disk", regex.New(`\[crit\].* (open|mkdir|rename|pwrite)\(\) "(/[^"]+)" failed \(13: `)},
	{"header", regex.New(`upstream sent too big header`)},
}

// errorLine is a line of nginx's error log: time, level, process.
var errorLine = regex.New(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[(\w+)\] (\d+)#\d+: `)

// grievances reads the error logs of nginx. A line counts where a worker wrote it
// that runs now: each reload starts new ones, and what was mended is past.
func (b *builder) grievances() {
	n, state := b.m.Nginx.Look(&b.notes)
	for _, d := range b.m.Deployments {
		d.grieves = fact.Known[[]*Grievance](nil)
		if sites, _ := d.Sites.Look(&b.notes); state == fact.IsKnown && len(sites) > 0 && !d.Contained() {
			d.grieves = b.grievesOf(n, d, sites)
		}
	}
}

func (b *builder) grievesOf(n *Nginx, d *Deployment, sites []*Site) fact.Of[[]*Grievance] {
	alive := map[string]bool{}
	for _, w := range n.Workers {
		alive[strconv.Itoa(w.PID)] = true
	}
	var out []*Grievance
	var read []string
	var notes fact.Notes
	for _, s := range sites {
		file := s.errorLog()
		if file == "" || slices.Contains(read, file) {
			continue
		}
		read = append(read, file)
		text, _ := b.f.Tail(file).Look(&notes)
		for l := range strings.Lines(text) {
			if m := errorLine.FindStringSubmatch(l); m != nil && alive[m[2]] {
				out = grieve(out, d, sites, file, strings.TrimRight(l, "\n"))
			}
		}
	}
	if len(out) == 0 && notes.Blind() {
		return fact.Unknown[[]*Grievance](notes.Why())
	}
	for _, g := range out {
		b.limit(n, d, g)
	}
	return fact.Known(out)
}

// errorLog is the file that a block's errors go to, "" for none.
func (s *Site) errorLog() string {
	file, d := syntax.Value(s.Server, "error_log")
	switch {
	case d == nil:
		return defaultErrorLog
	case !strings.HasPrefix(file, "/") || file == "/dev/null":
		return ""
	}
	return file
}

func grieve(out []*Grievance, d *Deployment, sites []*Site, file, line string) []*Grievance {
	for _, k := range grievance {
		m := k.say.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		g := &Grievance{Kind: k.kind, of: d.Name}
		if len(m) > 2 {
			g.Path = m[2]
		}
		if _, rest, named := strings.Cut(line, ", server: "); named {
			name, _, _ := strings.Cut(rest, ",")
			i := slices.IndexFunc(sites, func(s *Site) bool { return slices.Contains(s.Server.Names(), name) && len(s.Routes) > 0 })
			if i < 0 && !slices.ContainsFunc(sites, func(s *Site) bool { return slices.Contains(s.Server.Names(), name) }) {
				return out // another site's
			}
			if i >= 0 && g.Kind != "connections" && g.Kind != "files" { // those are nginx's as a whole
				g.site = sites[i]
			}
		}
		i := slices.IndexFunc(out, func(o *Grievance) bool {
			return o.Kind == g.Kind && o.site == g.site && path.Dir(o.Path) == path.Dir(g.Path)
		})
		if i < 0 {
			i, out = len(out), append(out, g)
		}
		said := line[len(errorLine.FindString(line)):]
		said, _, _ = strings.Cut(strings.TrimLeft(said, "*0123456789 "), ", client: ")
		if _, request, ok := strings.Cut(line, ", request: "); ok {
			request, _, _ = strings.Cut(request, ",")
			said += ", request: " + request
		}
		out[i].Count++
		out[i].Path = g.Path
		out[i].Line = fact.Source{Where: file, Text: clip(said), Ask: tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail"}}
		return out
	}
	return out
}

// limitOf is the directive that sets what was not enough.
var limitOf = map[string]string{"connections": "worker_connections", "files": "worker_rlimit_nofile", "header": "proxy_buffer_size"}

func (b *builder) limit(n *Nginx, d *Deployment, g *Grievance) {
	cfg, _ := n.Config.Look(&b.notes)
	if cfg.Config == nil {
		return
	}
	g.Conf = cfg
	if u, state := n.User.Look(&b.notes); state == fact.IsKnown {
		g.User = u.Name
	}
	at := cfg.Root
	if g.site != nil {
		at = g.site.Server
	}
	if set := at.All(limitOf[g.Kind]); len(set) > 0 {
		g.Set = set[len(set)-1]
		g.Limit = facts.DirectiveSource(g.Set)
	} else if set := cfg.Root.All(limitOf[g.Kind]); len(set) > 0 {
		g.Set = set[len(set)-1]
		g.Limit = facts.DirectiveSource(g.Set)
	}
	if g.Kind != "header" || d.Server == nil || d.Server.unitName == "" {
		return
	}
	lines, _ := b.f.Journal(d.Server.unitName).Look(&b.notes)
	for _, l := range lines {
		if strings.Contains(l.Text, "cookie is too large") {
			g.Hint = fact.Source{Where: "journalctl -u " + d.Server.unitName, Text: clip(strings.TrimSpace(l.Text)), Ask: tape.Ask{Kind: tape.KindCommand, Name: "journal", Arg: d.Server.unitName}}
		}
	}
}
