package fix

import (
	"slices"
	"strings"

	"assay/internal/plan"
	"assay/internal/syntax/edit"
	"assay/internal/tape"
)

// file is one text that changes: several remedies may each change lines of it.
type file struct {
	seen   string
	exists bool
	lines  []edit.Lines
	added  []plan.Setting // in a file of settings
	says   []string
	cures  []string
	mode   string
}

// text takes a change of a file in.
func (d *draft) text(s plan.Step, key string) (why string) {
	name := d.real(s.Path)
	f := d.files[name]
	if f == nil {
		f = &file{mode: s.Mode}
		a, asked := d.tape.Get(tape.Ask{Kind: tape.KindFile, Name: s.Path})
		switch {
		case asked && a.Status == tape.Seen && !a.Truncated:
			f.seen, f.exists = a.Body, true
		case asked && a.Status != tape.Absent, !asked && s.Path != plan.DropInPath(unitOf(s.Path)):
			return refused(s.Path, "its text was not seen")
		}
		if strings.Contains(f.seen, "\r") {
			return refused(s.Path, "its lines end as on Windows, which nothing here is written for")
		}
		d.files[name] = f
		d.order = append(d.order, name)
	}
	f.says, f.cures = once(f.says, s.Say), once(f.cures, key)
	if s.Setting != nil {
		return f.set(s.Path, *s.Setting)
	}
	for _, c := range s.Lines {
		if why := f.change(c); why != "" {
			return refused(s.Path, why)
		}
	}
	return ""
}

// unitOf is the unit of a drop-in's path.
func unitOf(path string) string {
	dir, _ := strings.CutPrefix(path, "/etc/systemd/system/")
	unit, _, _ := strings.Cut(dir, ".d/")
	return unit
}

// change adds one; the same one twice is one.
func (f *file) change(c edit.Lines) (why string) {
	if slices.ContainsFunc(f.lines, func(o edit.Lines) bool {
		return o.Line == c.Line && slices.Equal(o.Old, c.Old) && slices.Equal(o.New, c.New)
	}) {
		return ""
	}
	had := tape.Masks(strings.Join(c.Old, "\n"))
	for _, mask := range tape.Masks(strings.Join(c.New, "\n")) { // what a line loses or keeps may be a secret
		if !slices.Contains(had, mask) {
			return "the line holds a secret, and a person has to change it"
		}
	}
	if _, err := edit.Apply(f.seen, append(slices.Clone(f.lines), c)); err != nil {
		return err.Error() + "; another remedy changes it, so look again after that"
	}
	f.lines = append(f.lines, c)
	return ""
}

// set changes the line of a key that counts, or adds one.
func (f *file) set(path string, s plan.Setting) (why string) {
	list := s.Syntax == plan.Ini && slices.Contains(lists, s.Key)
	for _, o := range f.added {
		if o.Section == s.Section && o.Key == s.Key {
			if slices.Equal(o.Values, s.Values) {
				return ""
			}
			if !list {
				return refused(path, "two remedies set "+s.Key+"; look again after the first")
			}
		}
	}
	f.added = append(f.added, s)
	lines, _ := edit.Split(f.seen)
	at, section, last := 0, "", 0
	for i, l := range lines {
		l = strings.TrimSpace(l)
		if s.Syntax == plan.Ini && strings.HasPrefix(l, "[") {
			section = strings.Trim(l, "[]")
		} else if section == s.Section || s.Syntax != plan.Ini {
			if keyOf(s.Syntax, l) == s.Key && !list {
				at = i + 1
			}
		}
		if section == s.Section && l != "" {
			last = i + 1
		}
	}
	switch {
	case at > 0 && len(s.Values) == 2 && s.Values[0] == "" && path == plan.DropInPath(unitOf(path)):
		return f.change(edit.Lines{Line: at, Old: lines[at-1 : at], New: spelt(s)[1:]}) // emptied there already
	case at > 0 && len(s.Values) > 1:
		return refused(path, s.Key+" is set there already")
	case at > 0:
		return f.change(edit.Lines{Line: at, Old: lines[at-1 : at], New: spelt(s)})
	case s.Syntax == plan.Ini && last > 0:
		return f.insert(last+1, spelt(s))
	case s.Syntax == plan.Ini:
		return f.insert(len(lines)+1, append([]string{"[" + s.Section + "]"}, spelt(s)...))
	}
	return f.insert(len(lines)+1, spelt(s))
}

// lists are keys of units of which each line adds to those before.
var lists = []string{"Environment", "EnvironmentFile", "RuntimeDirectory", "ReadWritePaths", "BindPaths", "BindReadOnlyPaths", "RestrictAddressFamilies", "After", "Wants"}

// insert puts lines in front of one; what is already put there comes first.
func (f *file) insert(line int, with []string) (why string) {
	for i, c := range f.lines {
		if c.Line == line && len(c.Old) == 0 {
			if strings.HasPrefix(with[0], "[") && slices.Contains(c.New, with[0]) {
				j := slices.Index(c.New, with[0]) + 1
				for j < len(c.New) && !strings.HasPrefix(c.New[j], "[") {
					j++
				}
				f.lines[i].New = slices.Insert(slices.Clone(c.New), j, with[1:]...)
				return ""
			}
			f.lines[i].New = append(slices.Clone(c.New), with...)
			return ""
		}
	}
	return f.change(edit.Lines{Line: line, New: with})
}

func keyOf(s plan.Syntax, line string) string {
	if line == "" || strings.ContainsAny(line[:1], "#;") {
		return ""
	}
	switch s {
	case plan.Spaced:
		return strings.Fields(line)[0]
	case plan.Shell:
		line = strings.TrimPrefix(line, "export ")
	}
	key, _, ok := strings.Cut(line, "=")
	if !ok && s == plan.Equals { // PostgreSQL takes the blank as well
		key = strings.Fields(line)[0]
	}
	return strings.TrimSpace(key)
}

func spelt(s plan.Setting) []string {
	between := map[plan.Syntax]string{plan.Ini: "=", plan.Shell: "=", plan.Spaced: " ", plan.Equals: " = "}[s.Syntax]
	out := make([]string, len(s.Values))
	for i, v := range s.Values {
		out[i] = s.Key + between + v
	}
	return out
}

// step is the one step that a text's changes make.
func (f *file) step(name string) plan.Step {
	s := plan.Step{Path: name, Say: strings.Join(f.says, "; "), Cures: f.cures, Mode: f.mode}
	if f.exists {
		s.Kind, s.Lines, s.Seen = plan.Edit, f.lines, f.seen
		return s
	}
	s.Kind, s.Mode = plan.Write, "0644"
	s.Body, _ = edit.Apply("", f.lines)
	return s
}
