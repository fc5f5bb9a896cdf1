package apply

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"assay/internal/host"
	"assay/internal/plan"
	"assay/internal/syntax/edit"
	"assay/internal/tape"
)

// ErrStale says that the host is not what it was when the plan was made.
var ErrStale = errors.New("the plan is stale; look again")

// prepare reads what the plan will change, checks that it is as it was seen, and
// works out what it becomes. Nothing is changed.
func prepare(ctx context.Context, h host.Writer, p plan.Plan) (*Entry, error) {
	e := &Entry{Plan: p}
	now := map[string]host.Image{} // paths that an earlier step changes already
	for i, s := range p.Steps {
		if s.Kind == plan.Deed {
			done, err := h.Done(ctx, s.Deed, s.Args)
			if err != nil {
				return nil, err
			}
			e.Deeds = append(e.Deeds, Did{Step: i, Was: done})
			continue
		}
		if s.Kind == plan.Unit {
			if s.Unit == "" || slices.ContainsFunc(e.Units, func(w Was) bool { return w.Unit == s.Unit }) {
				continue
			}
			w, err := was(ctx, h, s.Unit)
			if err != nil {
				return nil, err
			}
			e.Units = append(e.Units, w)
			continue
		}
		from, name, err := h.Look(s.Path, s.Kind != plan.Link && s.Kind != plan.Remove)
		if err != nil {
			return nil, err
		}
		if later, ok := now[name]; ok {
			from = later
		} else if s.Kind == plan.Own {
			from = from.Held()
		}
		to, err := become(s, from)
		if err != nil {
			return nil, err
		}
		if parents, err := folders(h, name, i); err != nil {
			return nil, err
		} else if s.Kind == plan.Write || s.Kind == plan.Link {
			e.Swaps = append(e.Swaps, fresh(parents, e.Swaps)...)
		}
		now[name] = to
		if !from.Same(to) {
			e.Swaps = append(e.Swaps, Swap{Path: name, Before: from, After: to, Step: i})
		}
	}
	e.Plan.Tests = tests(e)
	return e, nil
}

// tests are the plan's own, and those that go by where a file lies.
func tests(e *Entry) []plan.Test {
	all := slices.Clone(e.Plan.Tests)
	for _, s := range e.Swaps {
		if s.After.Kind == host.FileImage && (s.Path == "/etc/sudoers" || strings.HasPrefix(s.Path, "/etc/sudoers.d/")) {
			all = append(all, plan.Test{Name: "visudo", Arg: s.Path})
		}
	}
	return all
}

// fresh drops folders that an earlier step makes.
func fresh(list, there []Swap) []Swap {
	return slices.DeleteFunc(list, func(s Swap) bool {
		return slices.ContainsFunc(there, func(o Swap) bool { return o.Path == s.Path })
	})
}

// folders are those above a path that are to be made.
func folders(h host.Writer, name string, step int) ([]Swap, error) {
	var out []Swap
	for dir := parent(name); dir != "/"; dir = parent(dir) {
		i, _, err := h.Look(dir, true)
		if err != nil {
			return nil, err
		}
		if i.Kind == host.FolderHere {
			break
		}
		if i.Kind != host.Nothing {
			return nil, fmt.Errorf("change %s: %s is no folder", name, dir)
		}
		out = append(out, Swap{Path: dir, Before: i, After: host.Image{Kind: host.FolderHere, Mode: 0o755}, Step: step})
	}
	slices.Reverse(out)
	return out, nil
}

func parent(p string) string {
	i := strings.LastIndexByte(p, '/')
	return p[:max(i, 1)]
}

// become is what a step makes of what lies at its path.
func become(s plan.Step, from host.Image) (to host.Image, err error) {
	stale := func(why string) (host.Image, error) {
		return host.Image{}, fmt.Errorf("%s %s: %w", s.Path, why, ErrStale)
	}
	switch s.Kind {
	case plan.Edit:
		if from.Kind == host.HeldFile {
			return from, fmt.Errorf("change %s: it is larger than anything that assay changes", s.Path)
		}
		if from.Kind != host.FileImage {
			return stale("is no file any more")
		}
		text := string(from.Body)
		if !tape.SameBut(s.Seen, text) {
			return stale("has another text")
		}
		to = from
		seen, _ := edit.Split(s.Seen)
		real, _ := edit.Split(text)
		if len(seen) != len(real) {
			return stale("has a secret of several lines")
		}
		lines := slices.Clone(s.Lines)
		for n, l := range lines {
			if l.Line < 1 || l.Line-1+len(l.Old) > len(real) {
				return stale(fmt.Sprintf("has no line %d", l.Line))
			}
			for i, old := range l.Old {
				if !tape.SameBut(old, real[l.Line-1+i]) {
					return stale(fmt.Sprintf("has another line %d", l.Line+i))
				}
			}
			was := real[l.Line-1 : l.Line-1+len(l.Old)]
			if lines[n].New, err = keeping(l, was); err != nil {
				return host.Image{}, fmt.Errorf("%s: line %d: %w", s.Path, l.Line, err)
			}
			lines[n].Old = was
		}
		text, err = edit.Apply(text, lines)
		to.Body = []byte(secrets(text))
		return to, err
	case plan.Append:
		if from.Kind != host.FileImage {
			return stale("is no file")
		}
		to = from
		if !strings.Contains(string(from.Body), s.Body) {
			end := ""
			if b := from.Body; len(b) > 0 && b[len(b)-1] != '\n' {
				end = "\n"
			}
			to.Body = []byte(string(from.Body) + end + s.Body)
		}
		return to, nil
	case plan.Write:
		if from.Kind != host.Nothing {
			return stale("is there already")
		}
		to = host.Image{Kind: host.FileImage, Mode: 0o644, Body: []byte(secrets(s.Body))}
		return owned(s, to)
	case plan.Folder:
		if from.Kind != host.Nothing {
			return stale("is there already")
		}
		return owned(s, host.Image{Kind: host.FolderHere, Mode: 0o755})
	case plan.Link:
		if from.Kind != host.Nothing && from.Kind != host.LinkImage {
			return stale("is no link")
		}
		return host.Image{Kind: host.LinkImage, Target: s.Target, UID: from.UID, GID: from.GID}, nil
	case plan.Remove:
		if from.Kind == host.Nothing {
			return stale("is gone already")
		}
		if from.Kind == host.HeldFile {
			return from, fmt.Errorf("take %s away: it is larger than anything that assay changes", s.Path)
		}
		return host.Image{Kind: host.Nothing}, nil
	case plan.Own:
		if from.Kind != host.FileImage && from.Kind != host.HeldFile && from.Kind != host.FolderHere {
			return stale("is not there any more")
		}
		to, err = owned(s, from)
		if s.Mode != "" && to.Mode&0o070 == 0 { // an access list's entries count for nothing then (chmod(2), acl(5))
			to.Attrs = maps.Clone(to.Attrs)
			delete(to.Attrs, "system.posix_acl_access")
		}
		return to, err
	}
	return from, fmt.Errorf("a step of the kind %q is not known", s.Kind)
}

// owned gives an image the owner, group and mode that a step names.
func owned(s plan.Step, i host.Image) (host.Image, error) {
	if s.Owner != "" {
		u, err := user.Lookup(s.Owner)
		if err != nil {
			return i, fmt.Errorf("%s: %w", s.Path, err)
		}
		i.UID, _ = strconv.Atoi(u.Uid)
	}
	if s.Group != "" {
		g, err := user.LookupGroup(s.Group)
		if err != nil {
			return i, fmt.Errorf("%s: %w", s.Path, err)
		}
		i.GID, _ = strconv.Atoi(g.Gid)
	}
	if s.Mode != "" {
		m, err := strconv.ParseUint(s.Mode, 8, 12)
		if err != nil {
			return i, fmt.Errorf("%s: the mode %q is none", s.Path, s.Mode)
		}
		i.Mode = uint32(m)
	}
	return i, nil
}

// keeping puts the secrets of the lines that go into those that come.
func keeping(l edit.Lines, was []string) ([]string, error) {
	text := strings.Join(l.New, "\n")
	if !tape.HoldsMask(text) {
		return l.New, nil
	}
	known, ok := tape.Secrets(strings.Join(l.Old, "\n"), strings.Join(was, "\n"))
	var pairs []string
	for mask, v := range known {
		pairs = append(pairs, plan.Quoted+mask, quoted(v), plan.Doubled+mask, strings.ReplaceAll(strings.ReplaceAll(v, "%%", "%"), "%", "%%"), mask, v)
	}
	for _, mask := range tape.Masks(text) {
		if _, known := known[mask]; !known || !ok {
			return nil, errors.New("its secret is not written as it was seen; a person has to change it")
		}
	}
	return strings.Split(strings.NewReplacer(pairs...).Replace(text), "\n"), nil
}

// quoted is a secret as a part of a URL; what is quoted already stays so.
func quoted(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		_, err := strconv.ParseUint(s[min(i+1, len(s)):min(i+3, len(s))], 16, 8)
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0, c == '%' && err == nil && i+2 < len(s):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// secrets makes those that a text asks for.
func secrets(text string) string {
	for strings.Contains(text, plan.Secret) {
		b := make([]byte, 32)
		_, _ = rand.Read(b) // never fails (Go 1.24)
		text = strings.Replace(text, plan.Secret, hex.EncodeToString(b), 1)
	}
	return text
}

// was is how systemd has a unit now.
func was(ctx context.Context, h host.Writer, unit string) (Was, error) {
	v := h.See(ctx, tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: unit})[0]
	if v.Status != tape.Seen {
		return Was{}, fmt.Errorf("look at %s: %s", unit, v.Why)
	}
	w := Was{Unit: unit}
	for l := range strings.Lines(v.Body) {
		key, value, _ := strings.Cut(strings.TrimSpace(l), "=")
		switch key {
		case "ActiveState":
			w.State = value
		case "LoadState":
			w.refused, w.Missing = value != "loaded", value == "not-found"
		case "UnitFileState":
			w.Enabled = value
		}
	}
	return w, nil
}
