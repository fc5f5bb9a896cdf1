package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	syntax "assay/internal/syntax/unit"
	"assay/internal/tape"
)

// IgnoredLine is a line of a unit's files that systemd leaves out.
type IgnoredLine struct {
	Key    string // the key that has no effect, as it is meant
	Why    string // "systemd knows no X=; Y= is meant"
	Name   string // the variable that it would have set
	Source fact.Source
}

// Grave says that a service without the setting is another service.
func (l IgnoredLine) Grave() bool {
	return slices.Contains([]string{"EnvironmentFile", "Environment", "PassEnvironment", "WorkingDirectory", "ExecStart", "ExecStartPre", "User", "Group",
		"RuntimeDirectory", "StateDirectory", "LogsDirectory", "CacheDirectory", "LoadCredential", "SetCredential", "ReadWritePaths", "UMask", "Type", "PIDFile"}, l.Key)
}

// specifier is systemd's word when it loads a unit whose value holds a % that
// stands for nothing (252, 257: config_parse_environ, config_parse_exec).
var specifier = regex.New(`^(/[^\s:]+):(\d+): Failed to resolve (?:unit )?specifiers in (?:([A-Za-z_]\w*)=)?`)

// Fallen says that the unit does not run, or only between two falls.
func (u *Unit) Fallen() bool {
	return !u.Running() || u.Looping() || u.Restarts > 0 && u.Now.Sub(u.Up) < loopFor
}

// Masked says that a value of its files is a secret, and so was not read.
func (u *Unit) Masked() bool {
	var n fact.Notes
	t, _ := u.Files.Look(&n)
	return slices.ContainsFunc(t.Settings, func(s syntax.Setting) bool { return strings.Contains(s.Value, "[masked:") })
}

// Ignored are the lines of the unit's files that have no effect: as its files
// read, and as systemd said when it loaded them.
func (u *Unit) Ignored() []IgnoredLine {
	var n fact.Notes
	t, state := u.Files.Look(&n)
	if state != fact.IsKnown {
		return nil
	}
	var out []IgnoredLine
	for _, s := range t.Settings {
		meant, section, ignored := syntax.Ignored(s)
		src := fact.Source{Where: s.File, Line: s.Line, Text: s.Key + "=" + s.Value}
		switch {
		case !ignored:
		case section != s.Section:
			out = append(out, IgnoredLine{Key: s.Key, Source: src, Why: fmt.Sprintf("%s= stands in [%s], and belongs in [%s]", s.Key, s.Section, section)})
		default:
			out = append(out, IgnoredLine{Key: meant, Source: src, Why: fmt.Sprintf("%s= is unknown, and %s= is meant", s.Key, meant)})
		}
	}
	for _, p := range t.Problems {
		out = append(out, IgnoredLine{Why: p.Text, Source: fact.Source{Where: p.File, Line: p.Line, Text: p.Text}})
	}
	return append(out, u.unresolved(t)...)
}

// unresolved are the assignments that systemd dropped for a % in them, since
// it last read the files: a value is a secret often, so the files that were read
// may not show it.
func (u *Unit) unresolved(t UnitText) []IgnoredLine {
	var n fact.Notes
	warned, _ := u.Warnings.Look(&n)
	var out []IgnoredLine
	for i := len(warned) - 1; i >= 0; i-- {
		m := specifier.FindStringSubmatch(warned[i].Text)
		if m == nil {
			continue
		}
		line, _ := strconv.Atoi(m[2])
		at := slices.IndexFunc(t.Settings, func(s syntax.Setting) bool { return s.File == m[1] && s.Line == line })
		if at < 0 || !strings.Contains(t.Settings[at].Value, m[3]) || slices.ContainsFunc(out, func(o IgnoredLine) bool { return o.Source.Where == m[1] && o.Source.Line == line && o.Name == m[3] }) {
			continue
		}
		if v := t.Settings[at].Value; syntax.BadSpecifier(v) == "" && !strings.Contains(v, "[masked:") {
			continue // mended since
		}
		key := t.Settings[at].Key
		what := key + "="
		if m[3] != "" {
			what = m[3]
		}
		out = append(out, IgnoredLine{Key: key, Name: m[3], Why: what + " holds a % that systemd takes for a specifier and cannot resolve",
			Source: fact.Source{Where: m[1], Line: line, Text: clip(warned[i].Text), Ask: tape.Ask{Kind: tape.KindCommand, Name: "journal-systemd", Arg: u.Name}}})
	}
	return out
}
