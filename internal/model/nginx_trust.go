package model

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// nginxTest is nginx's own verdict on its configuration. nginx runs as root
// then and does what it reads, so it is asked only when nobody but root could
// have written any of it: each file, each folder above it and each folder that
// an include looks into, links at both their ends. Nor when the configuration
// brings code with it. Who is not root is refused by the command itself.
func (b *builder) nginxTest(main string, cfg facts.NginxConfig, others fact.Of[string]) fact.Of[facts.NginxTest] {
	ask := b.f.NginxTest
	if b.m.Machine.UID != 0 {
		return ask(main)
	}
	refuse := func(reason string) fact.Of[facts.NginxTest] {
		return fact.Unknown[facts.NginxTest](fact.Why{Text: "run nginx -t -c " + main + " as root: " + reason, Hint: "read it, then: sudo nginx -t -c " + main,
			Ask: tape.Ask{Kind: tape.KindCommand, Name: "nginx-test", Arg: main}})
	}
	if len(cfg.Unseen) > 0 {
		return fact.Unknown[facts.NginxTest](cfg.Unseen[0])
	}
	if d := bringsCode(cfg.Root); d != nil {
		return refuse(fmt.Sprintf("%s:%d brings code with it (%s)", d.File, d.Line, d.Name))
	}
	var n fact.Notes
	who, state := others.Look(&n)
	switch {
	case state == fact.IsUnknown:
		return fact.Unknown[facts.NginxTest](n.Why())
	case who != "":
		return refuse(who)
	}
	return ask(main)
}

// owners says who else than root has a say in the configuration: in a file, in a
// folder above one, in a folder that an include looks into.
func (b *builder) owners(main string, cfg facts.NginxConfig) fact.Of[string] {
	o := &ownership{b: b, seen: map[string]bool{}}
	for _, f := range cfg.Files {
		o.walk(f)
	}
	for _, d := range cfg.Root.All("include") {
		o.include(path.Dir(main), d.Arg(0))
	}
	for _, d := range cfg.Root.All("load_module") {
		if path.IsAbs(d.Arg(0)) {
			o.walk(d.Arg(0))
		}
	}
	if o.unseen.Blind() {
		return fact.Unknown[string](o.unseen.Why())
	}
	return fact.Known(o.other, fact.Source{Where: "owners of nginx's configuration", Text: cmp.Or(o.other, fmt.Sprintf("%d paths, all of them root's", len(o.seen)))})
}

// bringsCode finds a directive with which configuration runs code while it is
// only tested: Lua's init phase, Perl's modules, njs's imports.
func bringsCode(d *syntax.Directive) *syntax.Directive {
	for _, c := range d.Block {
		if strings.Contains(c.Name, "_by_lua") || strings.HasPrefix(c.Name, "lua_package_") || strings.HasPrefix(c.Name, "perl") ||
			slices.Contains([]string{"js_import", "js_include", "js_path"}, c.Name) {
			return c
		}
		if found := bringsCode(c); found != nil {
			return found
		}
	}
	return nil
}

// ownership finds out whether others than root have a say in some paths.
type ownership struct {
	b      *builder
	seen   map[string]bool
	other  string // the first place that others than root can write
	unseen fact.Notes
}

const maxOwned = 2000 // paths looked at; a configuration of more is not tested

// walk looks at each element of a path, and then where its links lead.
func (o *ownership) walk(p string) {
	at := "/"
	for rest := strings.Split(strings.Trim(path.Clean(p), "/"), "/"); ; rest = rest[1:] {
		if !o.seen[at] {
			o.seen[at] = true
			if !o.look(at) {
				return
			}
		}
		if len(rest) == 0 || rest[0] == "" {
			return
		}
		at = path.Join(at, rest[0])
	}
}

// look judges one element; false ends the walk, since nothing lies below.
func (o *ownership) look(at string) bool {
	if len(o.seen) > maxOwned {
		o.unseen.Missed(fact.Why{Text: fmt.Sprintf("look at the owners of nginx's configuration: it has more than %d files", maxOwned)}, false)
		return false
	}
	st, state := o.b.f.Stat(at, false).Look(&o.unseen)
	switch {
	case state != fact.IsKnown: // what is not asked yet is asked in one round with all below
		return state == fact.IsUnknown
	case st.UID != 0:
		o.blame(at + " belongs to " + o.b.userName(st.UID))
	case st.Type == "link" && st.Real != "" && st.Real != at:
		o.walk(st.Real)
	case st.Type != "link" && st.Mode&0o022 != 0:
		o.blame(fmt.Sprintf("others than root can write %s (mode %04o)", at, st.Mode))
	}
	return true
}

func (o *ownership) blame(text string) {
	if o.other == "" {
		o.other = text
	}
}

// include looks at the folders in which an include would find a new file.
func (o *ownership) include(prefix, pattern string) {
	if !path.IsAbs(pattern) {
		pattern = path.Join(prefix, pattern)
	}
	dir := path.Dir(pattern)
	for strings.ContainsAny(dir, "*?[") {
		list, _ := o.b.f.Glob(dir).Look(&o.unseen)
		for _, p := range list {
			o.walk(p)
		}
		dir = path.Dir(dir)
	}
	o.walk(dir)
}
