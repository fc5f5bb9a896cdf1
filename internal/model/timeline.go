package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Event is something that happened on the host.
type Event struct {
	At     time.Time
	Text   string
	Source fact.Source
	bad    bool // a failure, as against a change
}

const (
	maxEvents = 10
	lookBack  = 7 * 24 * time.Hour // before the first failure that is known
)

// happened tells what changed before it broke, and how it broke: nothing where
// no site is down and no service of an app is.
func (b *builder) happened() []Event {
	var all []Event
	trouble := false
	for _, d := range b.m.Deployments {
		if d.Contained() {
			continue
		}
		trouble = trouble || slices.ContainsFunc(d.met, (*Front).Fails)
		over := ended(d)
		trouble = trouble || len(over) > 0
		all = append(all, over...)
		if d.Server == nil || d.Server.Idle {
			continue
		}
		u, state := d.Server.Unit.Look(&b.notes)
		if state != fact.IsKnown || u == nil {
			continue
		}
		trouble = trouble || !u.Running() && !u.SocketLive || u.Looping()
		all = append(all, u.events()...)
		all = append(all, b.edited(d.Server, u)...)
	}
	if !trouble {
		return nil
	}
	if n, state := b.m.Nginx.Look(&b.notes); state == fact.IsKnown {
		if cfg, cs := n.Config.Look(&b.notes); cs == fact.IsKnown {
			for _, f := range cfg.Files {
				all = append(all, b.writtenAt(f)...)
			}
		}
	}
	all = append(all, b.packages()...)
	all = append(all, b.kernel()...)
	if !b.m.Machine.Boot.IsZero() {
		all = append(all, Event{At: b.m.Machine.Boot, Text: "the machine was started", Source: fact.Source{Where: "/proc/stat"}})
	}
	return eventful(all, b.m.Machine.Now)
}

// ended are the certificates in use whose time is over.
func ended(d *Deployment) []Event {
	var out []Event
	for _, l := range d.leaves {
		var n fact.Notes
		shake, _ := l.Ends[0].Shake.Look(&n)
		chain := Chain(shake)
		if len(chain) > 0 && l.Now.After(chain[0].NotAfter) {
			out = append(out, Event{At: chain[0].NotAfter, Text: "the certificate of " + strings.Join(l.Names(), ", ") + " ended", Source: fact.Source{Where: "TLS handshake with " + l.Subject()}, bad: true})
		}
	}
	return out
}

// eventful keeps the first failure, what changed last before it, and what came
// after; the oldest first.
func eventful(all []Event, now time.Time) []Event {
	slices.SortStableFunc(all, func(a, b Event) int { return a.At.Compare(b.At) })
	first := now
	if i := slices.IndexFunc(all, func(e Event) bool { return e.bad }); i >= 0 {
		first = all[i].At
	}
	var before, after []Event
	for _, e := range all {
		switch {
		case e.At.IsZero() || e.At.After(now.Add(time.Minute)) || e.At.Before(first.Add(-lookBack)):
		case e.At.Before(first):
			before = append(before, e)
		default:
			after = append(after, e)
		}
	}
	if len(after) > maxEvents/2 {
		after = append(after[:maxEvents/2-1:maxEvents/2-1], after[len(after)-1])
	}
	if room := maxEvents / 2; len(before) > room {
		before = before[len(before)-room:]
	}
	return append(before, after...)
}

// events are what systemd did with a unit: its last good start, the first death
// after it with what was said, and how often it died since.
func (u *Unit) events() []Event {
	var n fact.Notes
	j, state := u.Journal.Look(&n)
	if state != fact.IsKnown {
		return nil
	}
	var out []Event
	died, last := map[bool]int{}, time.Time{} // by the two lines that systemd writes of most deaths
	for i, l := range j.Lines {
		if l.PID != 1 {
			continue
		}
		src := fact.Source{Where: j.Where, Text: clip(l.Text), Ask: j.Ask}
		switch {
		case strings.HasPrefix(l.Text, "Started "):
			if len(died) == 0 || stays(j.Lines[i+1:], l.At) {
				clear(died)
				out = slices.DeleteFunc(out, func(e Event) bool { return e.bad }) // healed
				out = append(out, Event{At: l.At, Text: u.Name + " was started", Source: src})
			}
		case strings.HasPrefix(l.Text, "Stopping "):
			out = append(out, Event{At: l.At, Text: u.Name + " was stopped", Source: src})
		case strings.HasPrefix(l.Text, "Reloading "):
			out = append(out, Event{At: l.At, Text: u.Name + " was reloaded", Source: src})
		case death.MatchString(l.Text):
			if died[strings.Contains(l.Text, "Failed with")]++; len(died) == 1 && died[true]+died[false] == 1 {
				text := plainLine(l.Text)
				if c := j.worst(max(0, i-60), i+1); c.weight >= some {
					text, src = c.Text, c.Source
				}
				out = append(out, Event{At: l.At, Text: u.Name + ": " + clip(text), Source: src, bad: true})
			}
			last = l.At
		}
	}
	if n := max(died[true], died[false]); n > 1 {
		out = append(out, Event{At: last, Text: fmt.Sprintf("%s had died %d times by then", u.Name, n), Source: fact.Source{Where: j.Where, Ask: j.Ask}, bad: true})
	}
	return out
}

// death is how systemd says that a service ended by itself (252 to 257).
var death = regex.New(`Main process exited, code=(exited, status=[^0]|killed|dumped)|Failed with result`)

// stays says that no death follows a start within the time that a loop takes.
func stays(after []facts.Entry, start time.Time) bool {
	for _, l := range after {
		if l.PID == 1 && death.MatchString(l.Text) {
			return l.At.Sub(start) > loopFor
		}
	}
	return true
}

// edited are the files that decide how the service runs: its unit, its
// environment, gunicorn's configuration, and the app's newest module.
func (b *builder) edited(s *AppServer, u *Unit) []Event {
	var out []Event
	files := append([]string{u.Fragment}, u.DropIns...)
	for _, f := range u.Context.EnvFiles {
		files = append(files, f.Path)
	}
	a, state := s.Loaded.Look(&b.notes)
	if state == fact.IsKnown && a != nil {
		if a.ServerConf != nil {
			files = append(files, a.ServerConf.Path)
		}
		if a.Error != nil {
			for _, f := range a.Error.Frames {
				if f.Own {
					files = append(files, f.File)
				}
			}
		}
		if len(a.Modules) > 0 {
			m := slices.MaxFunc(a.Modules, func(x, y tape.Module) int { return int(math.Copysign(1, x.When()-y.When())) })
			out = append(out, Event{At: time.Unix(0, int64(m.When()*1e9)), Text: m.Path + " was changed", Source: fact.Source{Where: m.Path}})
		}
	}
	slices.Sort(files)
	for _, f := range slices.Compact(files) {
		if f != "" && !slices.ContainsFunc(out, func(e Event) bool { return e.Source.Where == f }) {
			out = append(out, b.writtenAt(f)...)
		}
	}
	return out
}

func (b *builder) writtenAt(file string) []Event {
	st, state := b.f.Stat(file, false).Look(&b.notes)
	if state != fact.IsKnown {
		return nil
	}
	if st.Real != "" && st.Real != file {
		return b.writtenAt(st.Real)
	}
	return []Event{{At: st.MTime, Text: file + " was changed", Source: fact.Source{Where: file}}}
}

const dpkgLog = "/var/log/dpkg.log"

// packages are what dpkg put on or off, one event for what was done together.
// The log's clock is in the host's zone; its last line is as old as the file.
func (b *builder) packages() []Event {
	text, ts := b.f.Tail(dpkgLog).Look(&b.notes)
	st, ss := b.f.Stat(dpkgLog, false).Look(&b.notes)
	if ts != fact.IsKnown || ss != fact.IsKnown {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	at := func(l string) (time.Time, bool) {
		if len(l) < 19 {
			return time.Time{}, false
		}
		t, err := time.Parse("2006-01-02 15:04:05", l[:19])
		return t, err == nil
	}
	end, ok := at(lines[len(lines)-1])
	if !ok {
		return nil
	}
	zone := end.Sub(st.MTime).Round(15 * time.Minute)
	var out []Event
	var names []string
	for _, l := range lines {
		t, ok := at(l)
		w := strings.Fields(l)
		if !ok || len(w) < 4 || w[2] != "upgrade" && w[2] != "install" && w[2] != "remove" {
			continue
		}
		name, _, _ := strings.Cut(w[3], ":")
		t = t.Add(-zone)
		if n := len(out); n > 0 && t.Sub(out[n-1].At) < 10*time.Minute {
			names = append(names, name)
		} else {
			out, names = append(out, Event{Source: fact.Source{Where: dpkgLog, Text: l}}), []string{name}
		}
		e := &out[len(out)-1]
		if e.At = t; len(names) == 1 {
			e.Text = "package " + name + ": " + strings.Join(w[2:3], "") + " " + w[len(w)-1]
		} else {
			e.Text = fmt.Sprintf("%d packages were changed: %s", len(names), clip(strings.Join(names, ", ")))
		}
	}
	return out
}

// kernel is what the kernel says of processes that it ended and disks that fail.
func (b *builder) kernel() []Event {
	lines, state := b.f.KernelLog().Look(&b.notes)
	if state != fact.IsKnown {
		return nil
	}
	var out []Event
	for _, l := range lines {
		if grave.MatchString(l.Text) {
			out = append(out, Event{At: l.At, Text: "kernel: " + clip(l.Text), Source: fact.Source{Where: "journalctl -k", Text: clip(l.Text)}, bad: true})
		}
	}
	if len(out) > 3 {
		out = out[len(out)-3:]
	}
	return out
}

// grave are the kernel's words for what ends a service (mm/oom_kill.c,
// arch/x86/mm/fault.c, fs/ext4, block, 5.10 to 6.12).
var grave = regex.New(`Out of memory: Killed process|Memory cgroup out of memory: Killed process|segfault at |general protection fault|I/O error|EXT4-fs error|XFS .*[Cc]orruption|Remounting filesystem read-only`)
