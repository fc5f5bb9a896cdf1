// Package unit reads systemd unit files and their drop-ins as systemd 252 to
// 257 does (systemd.syntax(7), systemd.unit(5), src/shared/conf-parser.c): each
// assignment keeps its file and line, so the line that won can be named.
package unit

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Setting is one assignment.
type Setting struct {
	Section string // "Service", without brackets
	Key     string
	Value   string // continuation lines joined; blanks round it gone; quotes, escapes and % kept
	File    string
	Line    int // 1-based line of the key
}

// Problem is a line that systemd logs and ignores.
type Problem struct {
	File string
	Line int
	Text string // what is wrong, with the line quoted
}

// File is one unit file or drop-in.
type File struct {
	Path     string
	Settings []Setting // in order, with the empty assignments that reset
	Problems []Problem
}

// sections that systemd knows; others are ignored with a warning, but for X-.
var sections = []string{"Unit", "Install", "Service", "Socket", "Timer", "Path", "Mount",
	"Automount", "Swap", "Slice", "Scope"}

// Parse reads one file. A backslash at the end of a line is a blank and joins
// the next line; comment lines in between are left out; `#` and `;` begin a
// comment at the start of a line alone.
func Parse(file, text string) File {
	f := File{Path: file}
	var section, held string
	var start int
	bad := func(line int, format string, a ...any) {
		f.Problems = append(f.Problems, Problem{file, line, fmt.Sprintf(format, a...)})
	}
	take := func(line int, s string) {
		s = strings.TrimSpace(s)
		if strings.HasPrefix(s, "[") {
			name, ok := strings.CutSuffix(s[1:], "]")
			section = name
			if !ok {
				section = ""
				bad(line, "section header without its bracket: %s", s)
			} else if !slices.Contains(sections, name) && !strings.HasPrefix(name, "X-") {
				bad(line, "unknown section [%s]", name)
			}
			return
		}
		key, value, ok := strings.Cut(s, "=")
		key = strings.TrimSpace(key)
		switch {
		case s == "":
		case !ok:
			bad(line, "no '=' in the line: %s", s)
		case key == "":
			bad(line, "no key before '=': %s", s)
		case section == "":
			bad(line, "assignment outside of a section: %s", s)
		default:
			f.Settings = append(f.Settings, Setting{section, key, strings.TrimSpace(value), file, line})
		}
	}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimLeft(strings.TrimSuffix(line, "\r"), " \t")
		if line != "" && strings.ContainsAny(line[:1], "#;") {
			continue
		}
		if held == "" {
			start = i + 1
		}
		n := len(line) - len(strings.TrimRight(line, `\`))
		if n%2 == 1 {
			held += line[:len(line)-1] + " "
			continue
		}
		take(start, held+line)
		held = ""
	}
	if held != "" {
		take(start, held)
	}
	return f
}

// Unit is a fragment with its drop-ins.
type Unit struct {
	Name     string    // file name of the fragment: "app@.service"
	Settings []Setting // what is in force: in order, without what a later empty assignment has reset
	Files    []string
	Problems []Problem
}

// cannotReset are lists that an empty assignment does not empty
// (systemd.unit(5): dependencies cannot be reset, copy the unit instead).
var cannotReset = []string{"After", "Before", "Requires", "Requisite", "Wants", "BindsTo", "PartOf",
	"Upholds", "Conflicts", "OnFailure", "OnSuccess", "PropagatesReloadTo", "ReloadPropagatedFrom", "JoinsNamespaceOf"}

// Merge lays the drop-ins, in the order given, over the fragment. An empty
// assignment takes back all earlier ones of its key. A key set twice is kept
// twice: All is the list, Last the value that won.
func Merge(fragment File, dropins ...File) Unit {
	u := Unit{Name: path.Base(fragment.Path)}
	for _, f := range append([]File{fragment}, dropins...) {
		u.Files = append(u.Files, f.Path)
		u.Problems = append(u.Problems, f.Problems...)
		for _, s := range f.Settings {
			if s.Value != "" {
				u.Settings = append(u.Settings, s)
			} else if !slices.Contains(cannotReset, s.Key) {
				u.Settings = slices.DeleteFunc(u.Settings, func(o Setting) bool { return o.Section == s.Section && o.Key == s.Key })
			}
		}
	}
	return u
}

// All are the assignments of a key in force, in order: for a list (ExecStart,
// Environment, EnvironmentFile, After ...) its entries.
func (u Unit) All(section, key string) []Setting {
	var out []Setting
	for _, s := range u.Settings {
		if s.Section == section && s.Key == key {
			out = append(out, s)
		}
	}
	return out
}

// Last is the assignment that won, for a key with one value. ok is false if
// there is none: systemd's default holds.
func (u Unit) Last(section, key string) (Setting, bool) {
	all := u.All(section, key)
	if len(all) == 0 {
		return Setting{}, false
	}
	return all[len(all)-1], true
}

// Bool reads systemd's booleans (parse_boolean); ok is false for other words.
func Bool(value string) (b, ok bool) {
	switch strings.ToLower(value) {
	case "1", "yes", "y", "true", "t", "on":
		return true, true
	case "0", "no", "n", "false", "f", "off":
		return false, true
	}
	return false, false
}

// DropinOrder sorts drop-in paths as systemd applies them: by file name,
// whatever the folder; of two with one name only that of the first tree counts
// (/etc, /run, /usr/local/lib, /usr/lib, /lib), and within a tree the more
// special folder (app@1.service.d before app@.service.d before service.d).
// Names not ending in .conf are dropped.
func DropinOrder(paths []string) []string {
	tree := func(p string) int {
		for i, t := range []string{"/etc/", "/run/", "/usr/local/lib/", "/usr/lib/", "/lib/"} {
			if strings.HasPrefix(p, t) {
				return i
			}
		}
		return 9
	}
	best := map[string]string{}
	for _, p := range paths {
		name := path.Base(p)
		old, seen := best[name]
		if !strings.HasSuffix(name, ".conf") || strings.HasPrefix(name, ".") {
			continue
		}
		if !seen || len(path.Base(path.Dir(p))) > len(path.Base(path.Dir(old))) ||
			len(path.Base(path.Dir(p))) == len(path.Base(path.Dir(old))) && tree(p) < tree(old) {
			best[name] = p
		}
	}
	var out []string
	for _, p := range best {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) })
	return out
}
