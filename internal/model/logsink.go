package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/unit"
	"assay/internal/tape"
)

// JournalKeeping is where journald keeps what it is told.
type JournalKeeping struct {
	Storage string // persistent, auto, volatile, none (journald.conf(5))
	Lasts   bool   // it is there after a reboot
	Other   string // a program that keeps the logs as well: rsyslogd
}

// JournalSubject is the journal as a subject.
type JournalSubject struct {
	Kept fact.Of[JournalKeeping]
}

// Subject names it.
func (JournalSubject) Subject() string { return "journal" }

// Node is a place of its own: no request stands on it.
func (JournalSubject) Node() Node { return "journal" }

// Journals is the host's journal.
func (m *Model) Journals() fact.Of[[]JournalSubject] {
	if len(m.Deployments) == 0 {
		return fact.Known[[]JournalSubject](nil)
	}
	return fact.Known([]JournalSubject{{m.kept}})
}

const journaldConf = "/etc/systemd/journald.conf"

// journalKeeping reads journald's settings: those of drop-ins come after its
// file, in the order of their names (journald.conf(5)).
func (b *builder) journalKeeping() fact.Of[JournalKeeping] {
	k := JournalKeeping{Storage: "auto"}
	var drops []string
	for _, dir := range []string{"/usr/lib/systemd/journald.conf.d", "/run/systemd/journald.conf.d", "/etc/systemd/journald.conf.d"} {
		var n fact.Notes
		found, state := b.f.Glob(dir + "/*.conf").Look(&n)
		if state == fact.IsUnknown {
			return fact.Unknown[JournalKeeping](n.Why())
		}
		drops = append(drops, found...)
	}
	src := fact.Source{Where: journaldConf, Text: "Storage is not set, so auto"}
	for _, file := range append([]string{journaldConf}, syntax.DropinOrder(drops)...) {
		var n fact.Notes
		text, state := b.f.File(file).Look(&n)
		if state == fact.IsUnknown {
			return fact.Unknown[JournalKeeping](n.Why())
		}
		for _, s := range syntax.Merge(syntax.Parse(file, text)).All("Journal", "Storage") {
			k.Storage = strings.ToLower(s.Value)
			src = fact.Source{Where: s.File, Line: s.Line, Text: "Storage=" + s.Value, Ask: tape.Ask{Kind: tape.KindFile, Name: s.File}}
		}
	}
	procs, _ := b.f.Procs().Look(&b.notes)
	for _, p := range procs {
		if slices.Contains([]string{"rsyslogd", "syslog-ng", "vector", "fluent-bit", "promtail"}, p.Comm) {
			k.Other = p.Comm
		}
	}
	var n fact.Notes
	_, state := b.f.Stat("/var/log/journal", false).Look(&n)
	if k.Storage == "auto" && state == fact.IsUnknown {
		return fact.Unknown[JournalKeeping](n.Why())
	}
	k.Lasts = k.Storage == "persistent" || k.Storage == "auto" && state == fact.IsKnown
	return fact.Known(k, src)
}

// LogsTo is the file that its gunicorn writes its log to, "" for none.
func (u *Unit) LogsTo(w fact.Witness) string {
	v, state := u.errorFile.Look(w)
	if state != fact.IsKnown || len(v) == 0 || !strings.HasPrefix(v[0], "/") {
		return ""
	}
	return v[0]
}
