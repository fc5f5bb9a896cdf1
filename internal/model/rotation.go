package model

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/logrotate"
	"assay/internal/syntax/netfiles"
	"assay/internal/tape"
)

// Rotation is what logrotate is told on this host; no stanza where there is no
// logrotate.
type Rotation struct {
	Stanzas []RotationStanza
	Ignored []fact.Source // files that logrotate does not take, and why
}

// RotationStanza is a stanza with what is in force for it.
type RotationStanza struct {
	syntax.Stanza
	SU    string // as whom it rotates, "" for root
	Place fact.Source
}

const logrotateConf = "/etc/logrotate.conf"

// taboo are the ends of names that an include leaves out (logrotate(8), 3.21).
var taboo = []string{",v", ".bak", ".cfsaved", ".disabled", ".dpkg-bak", ".dpkg-del", ".dpkg-dist", ".dpkg-new", ".dpkg-old", ".dpkg-tmp", ".rhn-cfg-tmp-", ".rpmnew", ".rpmorig", ".rpmsave", ".swp", ".ucf-dist", ".ucf-new", ".ucf-old", "~"}

func (b *builder) rotation() fact.Of[Rotation] {
	var n fact.Notes
	var out Rotation
	text, state := b.f.File(logrotateConf).Look(&n)
	if state == fact.IsKnown {
		main := syntax.Parse(logrotateConf, text)
		out.take(main, "")
		su, _ := syntax.Last(main.Global, "su")
		for _, d := range main.Global {
			if d.Key != "include" || !strings.HasPrefix(d.Value, "/") {
				continue
			}
			files, _ := b.f.Glob(path.Join(d.Value, "*")).Look(&n)
			if len(files) == 0 {
				files = []string{d.Value}
			}
			for _, file := range files {
				b.rotationFile(&out, file, su.Value, &n)
			}
		}
	}
	if n.Blind() {
		return fact.Unknown[Rotation](n.Why())
	}
	return fact.Known(out, fact.Source{Where: logrotateConf, Text: fmt.Sprintf("%d stanzas, with those of what it includes", len(out.Stanzas)), Ask: tape.Ask{Kind: tape.KindFile, Name: logrotateConf}})
}

func (b *builder) rotationFile(out *Rotation, file, su string, n *fact.Notes) {
	if slices.ContainsFunc(taboo, func(end string) bool { return strings.HasSuffix(file, end) }) {
		return
	}
	st, state := b.f.Stat(file, false).Look(n)
	src := fact.Source{Where: file, Ask: tape.Ask{Kind: tape.KindStat, Name: file}}
	switch {
	case state != fact.IsKnown || st.Type != "file" && st.Type != "link":
		return
	case st.Type == "file" && st.Mode&0o022 != 0:
		src.Text = "writable by its group or by others, so that logrotate ignores it"
		out.Ignored = append(out.Ignored, src)
		return
	case st.Type == "file" && st.UID != 0:
		src.Text = "not root's, so that logrotate ignores it"
		out.Ignored = append(out.Ignored, src)
		return
	}
	if text, state := b.f.File(file).Look(n); state == fact.IsKnown {
		out.take(syntax.Parse(file, text), su)
	}
}

func (r *Rotation) take(f syntax.File, su string) {
	if d, ok := syntax.Last(f.Global, "su"); ok {
		su = d.Value
	}
	for _, s := range f.Stanzas {
		x := RotationStanza{Stanza: s, SU: su, Place: fact.Source{Where: f.Path, Line: s.Line, Text: strings.Join(s.Patterns, " ") + " {", Ask: tape.Ask{Kind: tape.KindFile, Name: f.Path}}}
		if d, ok := syntax.Last(s.Set, "su"); ok {
			x.SU = d.Value
		}
		r.Stanzas = append(r.Stanzas, x)
	}
}

// Covers is the stanza that takes a file.
func (r Rotation) Covers(file string) (RotationStanza, bool) {
	for _, s := range r.Stanzas {
		for _, p := range s.Patterns {
			if ok, err := path.Match(strings.ReplaceAll(p, "[!", "[^"), file); ok && err == nil {
				return s, true
			}
		}
	}
	return RotationStanza{}, false
}

// SkippedLogs are files that logrotate is told to rotate and does not: it
// trusts no folder that a group or others may write, unless su says whose it is.
type SkippedLogs struct {
	Folder string
	Files  []string
	Writer string // "the group shop", "everybody"
	Owner  string
	Group  string
	Stanza RotationStanza
	Stat   fact.Source
}

// Subject is the folder.
func (x *SkippedLogs) Subject() string { return x.Folder }

// Node is a place of its own: no request stands on it.
func (x *SkippedLogs) Node() Node { return Node("logs:" + x.Folder) }

// skipped looks at the folders by logrotate's own rule (logrotate.c, 3.21): a
// group that may write must be root's, and others may not.
func (b *builder) skipped() fact.Of[[]*SkippedLogs] {
	return fact.Bind(b.m.rotation, func(r Rotation) fact.Of[[]*SkippedLogs] {
		var n fact.Notes
		var out []*SkippedLogs
		for _, s := range r.Stanzas {
			if s.SU != "" {
				continue
			}
			for _, p := range s.Patterns {
				if x := b.skip(s, p, &n); x != nil && !slices.ContainsFunc(out, func(o *SkippedLogs) bool { return o.Folder == x.Folder }) {
					out = append(out, x)
				}
			}
		}
		if n.Blind() {
			return fact.Unknown[[]*SkippedLogs](n.Why())
		}
		return fact.Known(out)
	})
}

func (b *builder) skip(s RotationStanza, pattern string, n *fact.Notes) *SkippedLogs {
	dir := path.Dir(pattern)
	if !path.IsAbs(pattern) || strings.ContainsAny(dir, `*?[\`) {
		return nil
	}
	st, state := b.f.Stat(dir, false).Look(n)
	if state == fact.IsKnown && st.Type == "link" && st.Real != "" {
		st, state = b.f.Stat(st.Real, false).Look(n)
	}
	if state != fact.IsKnown || st.Type != "dir" || st.Mode&0o002 == 0 && (st.GID == 0 || st.Mode&0o020 == 0) {
		return nil
	}
	files, _ := b.f.Glob(pattern).Look(n)
	if len(files) == 0 {
		return nil
	}
	db, _ := b.f.Accounts().Look(n)
	x := &SkippedLogs{Folder: dir, Files: files, Writer: "everybody", Stanza: s, Owner: b.userName(st.UID), Group: groupName(db, st.GID),
		Stat: fact.Source{Where: dir, Text: fmt.Sprintf("%s, mode %04o, uid %d, gid %d", st.Type, st.Mode, st.UID, st.GID), Ask: tape.Ask{Kind: tape.KindStat, Name: dir}}}
	if st.Mode&0o002 == 0 {
		x.Writer = "the group " + x.Group
	}
	return x
}

// SkippedLogs are the folders in which logrotate refuses to work.
func (m *Model) SkippedLogs() fact.Of[[]*SkippedLogs] { return m.skipped }

// IgnoredRotation is a file of logrotate's that it does not take.
type IgnoredRotation struct{ fact.Source }

// Subject is the file.
func (x IgnoredRotation) Subject() string { return x.Where }

// Node is a place of its own.
func (x IgnoredRotation) Node() Node { return Node("logrotate:" + x.Where) }

// IgnoredRotations are files whose stanzas do not count.
func (m *Model) IgnoredRotations() fact.Of[[]IgnoredRotation] {
	if len(m.Deployments) == 0 {
		return fact.Known[[]IgnoredRotation](nil)
	}
	return fact.Then(m.rotation, func(r Rotation) []IgnoredRotation {
		var out []IgnoredRotation
		for _, s := range r.Ignored {
			out = append(out, IgnoredRotation{s})
		}
		return out
	})
}

func groupName(db netfiles.Accounts, gid int) string {
	for _, g := range db.Groups {
		if g.GID == gid {
			return g.Name
		}
	}
	return strconv.Itoa(gid)
}
