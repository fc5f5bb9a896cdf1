package model

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Thrown is an exception that ended requests of the app with 500.
type Thrown struct {
	Text   string // the exception's own line
	Pages  []string
	Times  int
	First  time.Time
	Last   time.Time
	Source fact.Source // the line of the log
	Place  fact.Source // the last line of the app's own code in the traceback
}

// Throwing is an app server with what it threw at requests of late, and no
// request of the same page was answered after.
type Throwing struct {
	*AppServer
	Thrown fact.Of[[]Thrown]
}

// Node is what the app throws.
func (t *Throwing) Node() Node { return t.ThrownNode() }

// ThrownNode is what the app throws at requests.
func (s *AppServer) ThrownNode() Node { return Node("thrown:" + s.Name) }

// Throwings is the app server, where a service runs it.
func (d *Deployment) Throwings() fact.Of[[]*Throwing] {
	return of(d, func() fact.Of[[]*Throwing] {
		if d.Server == nil || d.Server.Idle {
			return fact.Known[[]*Throwing](nil)
		}
		return fact.Then(d.Server.Unit, func(*Unit) []*Throwing {
			if d.throwing == nil {
				return nil
			}
			return []*Throwing{d.throwing}
		})
	})
}

// lately is how old an exception may be to be of now.
const lately = 15 * time.Minute

// throws reads what the app threw since its service was started. It stands on
// all that the app needs.
func (b *builder) throws(d *Deployment) {
	s := d.Server
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	if state != fact.IsKnown || !u.Running() {
		return
	}
	from := b.m.Machine.Now.Add(-lately)
	if u.Up.After(from) {
		from = u.Up
	}
	read := func(j Journal) []Thrown { return j.since(from.Truncate(time.Second)).thrown() }
	said := fact.Then(u.Journal, read)
	if file := s.errorFile; file != "" {
		said = fact.Bind(said, func(a []Thrown) fact.Of[[]Thrown] {
			return fact.Then(b.logTail(file), func(j Journal) []Thrown { return append(a, read(j)...) })
		})
	}
	if list, _ := said.Look(&n); len(list) > 0 {
		said = fact.Bind(said, func(list []Thrown) fact.Of[[]Thrown] {
			return fact.Then(b.answers(d), func(a answers) []Thrown {
				return slices.DeleteFunc(slices.Clone(list), a.healed)
			})
		})
	}
	folders, _ := d.Uploads().Look(&n)
	said = fact.Then(said, func(list []Thrown) []Thrown {
		return slices.DeleteFunc(slices.Clone(list), func(t Thrown) bool {
			x := t.refusedAt(folders)
			r, state := x.mayWrite()
			return state == fact.IsKnown && r.OK
		})
	})
	d.throwing = &Throwing{AppServer: s, Thrown: said}
	threw, _ := said.Look(&b.notes)
	for _, t := range threw {
		if x := t.refusedAt(folders); x != nil {
			b.m.Needs[s.ThrownNode()] = append(b.m.Needs[s.ThrownNode()], x.Node())
		}
		if m := noProgram.FindStringSubmatch(t.Text); m != nil && !slices.Contains(u.NotFound, m[1]) {
			u.NotFound = append(u.NotFound, m[1])
			b.m.Needs[s.ThrownNode()] = append(b.m.Needs[s.ThrownNode()], u.ExecNode())
		}
	}
	list, _ := s.Stores.Look(&b.notes)
	b.m.Needs[s.ThrownNode()] = append(b.m.Needs[s.ThrownNode()], s.ConfigNode())
	for _, st := range list {
		b.m.Needs[s.ThrownNode()] = append(b.m.Needs[s.ThrownNode()], st.SchemaNode(), st.Node(), st.OpenNode())
		b.m.Needs[st.Node()] = append(b.m.Needs[st.Node()], s.ConfigNode())
		b.m.Needs[st.SchemaNode()] = append(b.m.Needs[st.SchemaNode()], s.ConfigNode())
	}
	for _, f := range d.met {
		c, state := f.Thrown.Look(&b.notes)
		mine, _ := said.Look(&b.notes)
		same := state == fact.IsKnown && slices.ContainsFunc(mine, func(t Thrown) bool { return sameException(t.Text, c.Text) })
		if same || len(mine) > 0 && f.Waits() { // what the app waits for may be what it gave up on before
			b.m.Needs[f.Node()] = append(b.m.Needs[f.Node()], s.ThrownNode())
		}
	}
}

// refused is Python's word for a file that may not be made (3.6 to 3.13).
var refused = regex.New(`^PermissionError: \[Errno 13\] Permission denied: '(/[^']+)'$`)

// refusedAt is the folder for uploads that an exception is about, nil for none.
func (t Thrown) refusedAt(folders []*Upload) *Upload {
	m := refused.FindStringSubmatch(t.Text)
	if m == nil {
		return nil
	}
	for _, x := range folders {
		if strings.HasPrefix(m[1], x.Folder+"/") {
			return x
		}
	}
	return nil
}

// mayWrite is whether the app may write into a folder now.
func (x *Upload) mayWrite() (tape.AccessReport, fact.State) {
	if x == nil {
		return tape.AccessReport{}, fact.IsUnknown
	}
	return x.Writes.Look(&fact.Notes{})
}

// noProgram is Python's word for a program that no folder of PATH has: a bare
// name (subprocess, 3.6 to 3.13).
var noProgram = regex.New(`^FileNotFoundError: \[Errno 2\] No such file or directory: '([A-Za-z0-9_+-][A-Za-z0-9_.+-]*)'$`)

func sameException(a, b string) bool {
	a, _, _ = strings.Cut(a, ":")
	b, _, _ = strings.Cut(b, ":")
	return a == b
}

// failedAt is how Flask (app.log_exception, 0.7 to 3.1) and gunicorn (base.py,
// handle_error) begin to tell of a request that ended in an exception.
var failedAt = regex.New(`Exception on (\S+) \[[A-Z]+\]|Error handling request (\S+)`)

// chained stands between two tracebacks of one exception (Python's traceback.py).
var chained = regex.New(`^(The above exception was the direct cause|During handling of the above exception)`)

// thrown are the exceptions that ended requests: those that the app only wrote
// down, and went on, are none.
func (j Journal) thrown() []Thrown {
	var out []Thrown
	open := map[int]*throe{}
	for i, l := range j.Lines {
		t := open[l.PID]
		if m := failedAt.FindStringSubmatch(l.Text); m != nil {
			out = t.close(out, j)
			page, _, _ := strings.Cut(m[1]+m[2], "?")
			open[l.PID] = &throe{page: page, at: l.At, expects: true}
			continue
		}
		if t == nil {
			continue
		}
		if !t.line(l, i) {
			out = t.close(out, j)
			delete(open, l.PID)
		}
	}
	for _, pid := range sortedPIDs(open) {
		out = open[pid].close(out, j)
	}
	for i := range out {
		slices.Sort(out[i].Pages)
	}
	return out
}

func sortedPIDs[V any](m map[int]V) []int {
	out := make([]int, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// throe is one exception while its lines go by.
type throe struct {
	page    string
	at      time.Time
	expects bool // a traceback may begin
	inside  bool // a traceback
	text    string
	end     int
	own     fact.Source
	any     fact.Source
}

// line takes in a line, and says whether the exception may go on.
func (t *throe) line(l facts.Entry, i int) bool {
	switch {
	case strings.HasPrefix(l.Text, "Traceback (most recent call last)"):
		if !t.expects {
			return false
		}
		t.inside, t.expects = true, false
	case chained.MatchString(l.Text):
		t.expects = true
	case l.Text == "":
	case !t.inside:
	case l.Text[0] != ' ' && l.Text[0] != '\t':
		t.text, t.end, t.inside = clip(l.Text), i, false
	default:
		if m := frameLine.FindStringSubmatch(l.Text); m != nil {
			n, _ := strconv.Atoi(m[2])
			t.any = fact.Source{Where: m[1], Line: n}
			if ownFile(m[1]) {
				t.own = t.any
			}
		} else if code := strings.TrimSpace(l.Text); strings.Trim(code, "^~ ") != "" && t.any.Text == "" {
			t.any.Text = clip(code)
			if t.own.Where == t.any.Where && t.own.Line == t.any.Line {
				t.own.Text = t.any.Text
			}
		}
	}
	return true
}

// ownFile says that a file of a traceback is the app's own: not Python's, and
// no package's.
func ownFile(file string) bool {
	return path.IsAbs(file) && !strings.Contains(file, "/site-packages/") && !strings.Contains(file, "/dist-packages/") &&
		!strings.Contains(file, "/lib/python") && !strings.Contains(file, "/importlib/")
}

// close puts a whole exception to those of its kind.
func (t *throe) close(to []Thrown, j Journal) []Thrown {
	if t == nil || t.text == "" {
		return to
	}
	place := t.own
	if place.Where == "" {
		place = t.any
	}
	place.Ask = j.Ask
	i := slices.IndexFunc(to, func(o Thrown) bool {
		return o.Place.Where == place.Where && o.Place.Line == place.Line && sameException(o.Text, t.text)
	})
	if i < 0 {
		i = len(to)
		to = append(to, Thrown{First: t.at, Place: place})
	}
	x := &to[i]
	x.Times++
	x.Last, x.Text = t.at, t.text
	x.Source = j.complaint(t.end, precise).Source
	if !slices.Contains(x.Pages, t.page) {
		x.Pages = append(x.Pages, t.page)
	}
	return to
}

// answers are what nginx's access logs say of the requests that it answered.
type answers []answer

type answer struct {
	at     time.Time
	page   string
	status int
}

// logLine is a line of the formats that begin as nginx's "combined" does.
var logLine = regex.New(`\[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "[A-Z]+ ([^ ?"]+)[^"]*" (\d{3}) `)

func (b *builder) answers(d *Deployment) fact.Of[answers] {
	var out answers
	var read []string
	var n fact.Notes
	sites, state := d.Sites.Look(&n)
	if state == fact.IsUnknown {
		return fact.Unknown[answers](n.Why())
	}
	for _, s := range sites {
		file, _ := s.accessLog(s.Server)
		if file == "" || len(s.Routes) == 0 || slices.Contains(read, file) {
			continue
		}
		read = append(read, file)
		text, state := b.f.Tail(file).Look(&n)
		if state == fact.IsUnknown {
			return fact.Unknown[answers](n.Why())
		}
		for l := range strings.Lines(text) {
			if m := logLine.FindStringSubmatch(l); m != nil {
				at, _ := time.Parse("02/Jan/2006:15:04:05 -0700", m[1])
				status, _ := strconv.Atoi(m[3])
				out = append(out, answer{at.UTC(), m[2], status})
			}
		}
	}
	return fact.Known(out)
}

// healed says that all pages were answered well after the exception, and not
// only now and then.
func (a answers) healed(t Thrown) bool {
	return !slices.ContainsFunc(t.Pages, func(page string) bool {
		all, bad, last := 0, 0, 0
		for _, x := range a {
			if x.page != page || x.at.Before(t.First.Truncate(time.Second)) {
				continue
			}
			last = x.status
			if all++; x.status >= 500 {
				bad++
			}
		}
		return last == 0 || last >= 500 || all >= 4 && bad*4 >= all
	})
}

// errorLogFile is where gunicorn lets the app write, "" for the journal.
func (g settings) errorLogFile() string {
	var n fact.Notes
	v, state := g.resolve("errorlog").Look(&n)
	if state == fact.IsKnown && len(v) > 0 && path.IsAbs(v[0]) {
		return v[0]
	}
	return ""
}
