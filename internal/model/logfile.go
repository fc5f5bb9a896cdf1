package model

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// LogFile is a log that nginx or an app server holds open.
type LogFile struct {
	Path   string // the name that it is read by
	Held   tape.WriteFile
	Writer string     // nginx, gunicorn
	Server *AppServer // nil for nginx
	Unit   string
	// Moved says that Path is another file by now, or none.
	Moved    fact.Of[bool]
	Rotation fact.Of[Rotation]
	// Cares is a job of this host that may rotate it in its own way; looked for
	// where logrotate does not.
	Cares  fact.Of[string]
	Source fact.Source
}

// Subject is the name that the log is read by.
func (x *LogFile) Subject() string { return x.Path }

// Node is a place of its own: no request stands on it.
func (x *LogFile) Node() Node { return Node("log:" + x.Path) }

// LargeLog is what a log may grow to before somebody must care.
const LargeLog = 500 << 20

// LogFiles are the logs of nginx and of all app servers.
func (m *Model) LogFiles() fact.Of[[]*LogFile] { return m.logs }

// rotatedName is what logrotate and Python's handlers put behind a name.
var rotatedName = regex.New(`^(/.+?)(\.\d{1,4}|[-.]\d{8}(-\d+)?|[-.]\d{4}-\d\d-\d\d([-_T.]\d\d[-:_.]?\d\d([-:_.]?\d\d)?)?|\.old|\.bak)$`)

// logFiles asks who writes which log. Nothing else waits for it.
func (b *builder) logFiles() {
	if len(b.m.Deployments) == 0 {
		b.m.logs, b.m.skipped = fact.Known[[]*LogFile](nil), fact.Known[[]*SkippedLogs](nil)
		if len(b.m.Blind) > 0 {
			b.m.logs = fact.Unknown[[]*LogFile](b.m.Blind[0])
			b.m.skipped = fact.Unknown[[]*SkippedLogs](b.m.Blind[0])
		}
		return
	}
	b.m.rotation = b.rotation()
	b.m.skipped = b.skipped()
	var n fact.Notes
	var out []*LogFile
	if x, state := b.m.Nginx.Look(&n); state == fact.IsKnown {
		if p, running := x.Master.Look(&n); running == fact.IsKnown {
			out = append(out, b.written(append([]Process{p}, x.Workers...), "nginx", nil, &n)...)
		}
	}
	for _, d := range b.m.Deployments {
		if d.Server == nil || d.Contained() {
			continue
		}
		if p, running := d.Server.Master.Look(&n); running == fact.IsKnown {
			w, _ := d.Server.Workers.Look(&n)
			out = append(out, b.written(append([]Process{p}, w...), d.Server.Program(), d.Server, &n)...)
		}
	}
	b.m.logs = fact.Known(out)
	if n.Blind() {
		b.m.logs = fact.Unknown[[]*LogFile](n.Why())
	}
}

// keepsLines tells logs from databases that are appended to as well, such as the
// metrics of each worker, and from what is gone with the machine's next start.
func keepsLines(file string) bool {
	ends := []string{".db", ".db-wal", ".sqlite", ".sqlite3", ".sqlite-wal", ".sqlite3-wal", ".aof", ".pid", ".lock"}
	return !strings.HasPrefix(file, "/run/") && !strings.HasPrefix(file, "/dev/") &&
		!slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(file, end) })
}

func (b *builder) written(procs []Process, by string, s *AppServer, n *fact.Notes) []*LogFile {
	var pids []int
	private := false
	for _, p := range procs {
		if !strings.Contains(strings.Join(p.Args, " "), "shutting down") { // it ends with its last visitor
			pids = append(pids, p.PID)
			private = private || p.MntNS != ""
		}
	}
	slices.Sort(pids)
	if len(pids) == 0 {
		return nil
	}
	held, state := b.f.Writes(slices.Compact(pids)).Look(n)
	if state != fact.IsKnown {
		return nil
	}
	var out []*LogFile
	for _, f := range held.Files {
		if !keepsLines(f.Path) {
			continue
		}
		if private && (strings.HasPrefix(f.Path, "/tmp/") || strings.HasPrefix(f.Path, "/var/tmp/")) {
			continue // its own /tmp, which we do not see
		}
		x := &LogFile{Held: f, Writer: by, Server: s, Rotation: b.m.rotation, Cares: fact.Known("")}
		if x.Unit = "nginx.service"; s != nil {
			x.Unit = s.UnitName()
		}
		x.Path, x.Moved = b.nameOf(f)
		x.Source = fact.Source{Where: fmt.Sprintf("process %d", f.PIDs[0]), Text: "has " + f.Path + deleted(f) + " open for writing", Ask: tape.Ask{Kind: tape.KindWrites, Name: strings.Trim(strings.ReplaceAll(fmt.Sprint(slices.Compact(pids)), " ", ","), "[]")}}
		if f.Size > LargeLog {
			x.Cares = b.caresFor(x.Path)
		}
		out = append(out, x)
	}
	return out
}

func deleted(f tape.WriteFile) string {
	if f.Deleted {
		return " (deleted)"
	}
	return ""
}

// nameOf finds the name that an open file was known by: a renamed file is seen
// under its new name.
func (b *builder) nameOf(f tape.WriteFile) (string, fact.Of[bool]) {
	name := f.Path
	if m := rotatedName.FindStringSubmatch(name); m != nil {
		name = m[1]
	}
	if name == f.Path && !f.Deleted {
		return name, fact.Known(false)
	}
	var n fact.Notes
	st, state := b.f.Stat(name, false).Look(&n)
	switch {
	case state == fact.IsUnknown:
		return name, fact.Unknown[bool](n.Why())
	case state == fact.IsKnown && st.Type == "file" && (st.Dev != f.Dev || st.Inode != f.Inode):
		return name, fact.Known(true, fact.Source{Where: name, Text: fmt.Sprintf("is another file, of %d bytes", st.Size), Ask: tape.Ask{Kind: tape.KindStat, Name: name}})
	case f.Deleted && strings.Contains(path.Base(name), "log"):
		return name, fact.Known(true)
	}
	return f.Path, fact.Known(false)
}

// caresFor is a job that names a log, or runs logrotate with a file of its own.
func (b *builder) caresFor(file string) fact.Of[string] {
	var n fact.Notes
	r, _ := b.m.rotation.Look(&n)
	if _, covered := r.Covers(file); covered {
		return fact.Known("")
	}
	if n.Blind() {
		return fact.Unknown[string](n.Why())
	}
	var c clock
	b.f.Leaf(func() { c = b.clock() })
	for _, j := range c.jobs {
		for _, l := range j.lines {
			line := strings.Join(l.words, " ")
			if strings.Contains(line, path.Dir(file)) || len(l.words) > 1 && path.Base(l.words[0]) == "logrotate" && !slices.Contains(l.words, logrotateConf) {
				return fact.Known(j.Name, l.source)
			}
		}
	}
	if len(c.unseen) > 0 {
		return fact.Unknown[string](c.unseen[0])
	}
	return fact.Known("")
}
