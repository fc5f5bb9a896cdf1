package model

import (
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Killed is what became of one unit on a request's way, or of all others
// together, when memory ran out.
type Killed struct {
	Unit   string // "" for what is not on the way
	Kills  []Kill // of two weeks, the oldest first
	Now    time.Time
	unsure []fact.Why
}

// Kill is one process that was killed for want of memory.
type Kill struct {
	At     time.Time
	Unit   string
	Task   string // gunicorn, "" where only systemd tells
	Limit  bool   // at its unit's own limit, as against the machine's
	Source fact.Source
}

// Subject is the unit.
func (x *Killed) Subject() string {
	if x.Unit == "" {
		return "everything else"
	}
	return x.Unit
}

// Node is a place of its own: what was killed has been started again, or shows
// as what does not run.
func (x *Killed) Node() Node { return Node("oom:" + x.Unit) }

// Unsure is to be called before a unit is said to be beside the way: what is on
// it may not have been seen.
func (x *Killed) Unsure(w fact.Witness) {
	for _, why := range x.unsure {
		w.Missed(why, true)
	}
}

// Since are the kills since a time.
func (x *Killed) Since(t time.Time) []Kill {
	return slices.DeleteFunc(slices.Clone(x.Kills), func(k Kill) bool { return k.At.Before(t) })
}

// KilledUnits are the units on the way of requests, and the rest as one.
func (m *Model) KilledUnits() fact.Of[[]*Killed] { return m.killed }

// oomKill is the kernel's line with the control group (mm/oom_kill.c,
// dump_oom_summary, 5.0 and later). The name of the task is the process's own
// choice, so nothing is read behind it.
var oomKill = regex.New(`^oom-kill:constraint=(\w+),.*?task_memcg=(/[^,]*),task=(.{0,15}),pid=\d+`)

// kill reads one line; journalctl was asked for those of the kernel and of
// systemd alone, which nobody else can write.
func kill(l facts.Entry) (Kill, bool) {
	src := fact.Source{Where: "journalctl", Text: l.At.Format("2 Jan 15:04:05") + " " + clip(l.Text), Ask: tape.Ask{Kind: tape.KindCommand, Name: "journal-oom"}}
	if l.Kind == tape.MessageOutOfMemory {
		unit, _, ok := strings.Cut(l.Text, ": ")
		return Kill{At: l.At, Unit: unit, Source: src}, ok
	}
	m := oomKill.FindStringSubmatch(l.Text)
	if m == nil {
		return Kill{}, false
	}
	return Kill{At: l.At, Unit: serviceOf(m[2]), Task: m[3], Limit: m[1] == "CONSTRAINT_MEMCG", Source: src}, true
}

// together is how far apart the kernel and systemd tell of the same kill.
const together = 10 * time.Second

// kills reads all lines, each kill once.
func kills(lines []facts.Entry) []Kill {
	var out []Kill
	for _, l := range lines {
		k, ok := kill(l)
		if !ok {
			continue
		}
		if k.Task == "" && slices.ContainsFunc(out, func(o Kill) bool { return o.Unit == k.Unit && o.Task != "" && k.At.Sub(o.At).Abs() < together }) {
			continue
		}
		out = append(out, k)
	}
	return out
}

func (b *builder) outOfMemory() fact.Of[[]*Killed] {
	var n fact.Notes
	way := b.wayUnits(&n)
	if len(way) == 0 {
		return fact.Known[[]*Killed](nil)
	}
	return fact.Then(b.f.OutOfMemory(), func(lines []facts.Entry) []*Killed {
		rest := &Killed{Now: b.m.Machine.Now, unsure: n.Whys}
		out := []*Killed{rest}
		for _, u := range way {
			out = append(out, &Killed{Unit: u, Now: rest.Now})
		}
		for _, k := range kills(lines) {
			at := slices.IndexFunc(out, func(x *Killed) bool { return x.Unit != "" && x.Unit == k.Unit })
			out[max(at, 0)].Kills = append(out[max(at, 0)].Kills, k)
		}
		return out
	})
}

// wayUnits are the services that requests pass: nginx, the apps, their stores.
func (b *builder) wayUnits(n *fact.Notes) []string {
	var out []string
	add := func(unit string) {
		if unit != "" && !slices.Contains(out, unit) {
			out = append(out, unit)
		}
	}
	for _, d := range b.m.Deployments {
		if d.Server == nil || d.Server.Idle || d.Contained() {
			continue
		}
		if u, state := d.Server.Unit.Look(n); state == fact.IsKnown {
			add(u.Name)
		}
		stores, _ := d.Server.Stores.Look(n)
		for _, st := range stores {
			add(b.holderUnit(st, n))
		}
	}
	if len(out) == 0 {
		return nil
	}
	if x, state := b.m.Nginx.Look(n); state == fact.IsKnown {
		if m, up := x.Master.Look(n); up == fact.IsKnown && container(m) == "" {
			add(serviceOf(m.Cgroup))
		}
	}
	return out
}
