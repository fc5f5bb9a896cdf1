package model

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/syntax/assaytoml"
	syntax "assay/internal/syntax/nginx"
)

// OperatorFile is where root declares what no tool can see from the host.
const OperatorFile = "/etc/assay/assay.toml"

// Declared is what people say about a deployment. Absent: nobody says it. The
// operator's file wins over those of the app, [deployment.NAME] over the rest.
type Declared struct {
	Domains   fact.Of[[]string]
	Addresses fact.Of[[]string] // of others, that lead here
	Proxies   fact.Of[int]      // in front of the web server
	Health    fact.Of[string]   // path
	Firewall  fact.Of[string]
	Uptime    fact.Of[string]
	Agent     fact.Of[string]
	Errors    fact.Of[string]
	Metrics   fact.Of[string]
	Backups   fact.Of[string]
	OffSite   fact.Of[string]
	Restored  fact.Of[time.Time]
	Runbook   fact.Of[string]
	Rollback  fact.Of[string]
	Contact   fact.Of[string]
	Setup     []Said // what is given of the answers to assay setup
}

// Said is one thing that can be declared, as it stands in the file.
type Said struct {
	Key  string
	Text fact.Of[string]
}

// Lines are all of it, in the order of the keys.
func (d Declared) Lines() []Said {
	list := func(f fact.Of[[]string]) fact.Of[string] {
		return fact.Then(f, func(l []string) string { return strings.Join(l, ", ") })
	}
	texts := map[string]fact.Of[string]{
		"domains": list(d.Domains), "addresses": list(d.Addresses),
		"proxies":  fact.Then(d.Proxies, func(n int) string { return strconv.Itoa(n) }),
		"restored": fact.Then(d.Restored, func(t time.Time) string { return t.Format(time.DateOnly) }),
		"health":   d.Health, "firewall": d.Firewall, "uptime": d.Uptime, "agent": d.Agent, "errors": d.Errors, "metrics": d.Metrics,
		"backups": d.Backups, "off-site": d.OffSite, "runbook": d.Runbook, "rollback": d.Rollback, "contact": d.Contact,
	}
	var out []Said
	for _, k := range assaytoml.Keys {
		out = append(out, Said{k.Name, texts[k.Name]})
	}
	return out
}

// Waiver accepts findings until a day.
type Waiver struct {
	assaytoml.Waiver
	Source   fact.Source
	Operator bool // root's word, which alone counts for what is critical
}

// Setting is one thing that is wrong with a file in which people declare.
type Setting struct {
	File string
	assaytoml.Trouble
}

// declarations is one file that was read.
type declarations struct {
	file  string
	place assaytoml.Place
	said  fact.Of[assaytoml.File]
}

// declarations reads a file. Nobody could declare anything to a version of assay
// that did not ask for it.
func (b *builder) declarations(file string, place assaytoml.Place) declarations {
	if v, _ := b.f.Visit().Look(&b.notes); !v.Declares {
		return declarations{file, place, fact.Absent[assaytoml.File](fact.Source{Where: file, Text: "this recording is older than such files"})}
	}
	return declarations{file, place, fact.Bind(b.f.File(file), func(text string) fact.Of[assaytoml.File] {
		f := assaytoml.Parse(text, place)
		for _, t := range f.Troubles {
			b.m.Settings = append(b.m.Settings, Setting{file, t})
		}
		if len(f.Troubles) > 0 && len(f.Values)+len(f.Of)+len(f.Setup)+len(f.SetupOf)+len(f.Waivers) == 0 {
			t := f.Troubles[0]
			return fact.Unknown[assaytoml.File](fact.Why{Text: fmt.Sprintf("read %s:%d:%d: %s", file, t.Line, t.Col, t.Text), Hint: t.Hint})
		}
		return fact.Known(f)
	})}
}

// declare reads what people say about the host and each deployment.
func (b *builder) declare() {
	operator := b.declarations(OperatorFile, assaytoml.Operator)
	b.m.Declared = declared([]declarations{operator}, "")
	b.waivers(operator, "")
	seen := map[string][]declarations{}
	hidden := b.hiddenFile()
	for _, d := range b.m.Deployments {
		if hidden != nil { // names and proxies may stand there
			d.Sites = fact.Unknown[[]*Site](*hidden)
		}
		var own []declarations
		if folder := d.folder(); folder != "" {
			if seen[folder] == nil {
				seen[folder] = []declarations{b.declarations(path.Join(folder, "assay.toml"), assaytoml.App), b.declarations(path.Join(folder, "pyproject.toml"), assaytoml.Project)}
			}
			own = seen[folder]
		}
		d.Declared = declared(append([]declarations{operator}, own...), d.Name)
		for _, o := range own {
			b.waivers(o, d.Name)
		}
		b.declaredNames(d)
	}
	b.strangersNamed(operator)
}

// hiddenFile is why the operator's file could not be read, nil where it was or there is none.
func (b *builder) hiddenFile() *fact.Why {
	var n fact.Notes
	if v, _ := b.f.Visit().Look(&n); !v.Declares {
		return nil
	}
	if _, state := b.f.File(OperatorFile).Look(&n); state != fact.IsUnknown {
		return nil
	}
	why := n.Why()
	return &why
}

// declaredNames gives the names that people type to the blocks that answer them.
func (b *builder) declaredNames(d *Deployment) {
	domains, _ := d.Declared.Domains.Look(&b.notes)
	own, _ := d.Sites.Look(&b.notes)
	n, state := b.m.Nginx.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	var all []*syntax.Directive
	for _, s := range n.Sites {
		all = append(all, s.Server)
	}
	for _, name := range domains {
		for _, secure := range []bool{true, false} {
			at := syntax.SelectServer(all, "", map[bool]int{true: 443, false: 80}[secure], name, secure)
			i := slices.IndexFunc(own, func(s *Site) bool { return s.Server == at.Server })
			if at.Server != nil && at.CannotTell == "" && i >= 0 && !slices.Contains(own[i].Names, name) {
				own[i].Names = append(own[i].Names, name)
			}
		}
	}
}

// folder is where the app's own files lie, "" where that is not on the host or not known.
func (d *Deployment) folder() string {
	if d.Server == nil || d.Server.Container != "" {
		return ""
	}
	dir, state := d.Server.Chdir.Look(&fact.Notes{})
	if state != fact.IsKnown || !path.IsAbs(dir) || path.Clean(dir) == "/" || strings.HasSuffix(dir, " (deleted)") {
		return ""
	}
	return path.Clean(dir)
}

func declared(from []declarations, name string) Declared {
	text := func(v assaytoml.Value) string { return v.Text }
	list := func(v assaytoml.Value) []string { return v.Texts }
	s := said{from, name}
	return Declared{
		Domains: tell(s, "domains", list), Addresses: tell(s, "addresses", list),
		Proxies: tell(s, "proxies", func(v assaytoml.Value) int { return v.Number }),
		Health:  tell(s, "health", text), Firewall: tell(s, "firewall", text), Uptime: tell(s, "uptime", text), Agent: tell(s, "agent", text),
		Errors: tell(s, "errors", text), Metrics: tell(s, "metrics", text), Backups: tell(s, "backups", text), OffSite: tell(s, "off-site", text),
		Restored: tell(s, "restored", func(v assaytoml.Value) time.Time { return v.Day }),
		Runbook:  tell(s, "runbook", text), Rollback: tell(s, "rollback", text), Contact: tell(s, "contact", text),
		Setup: setups(s),
	}
}

// setups are the answers to assay setup that stand in the files.
func setups(s said) (out []Said) {
	app, _, _ := strings.Cut(s.name, "@") // what setup made runs as NAME@RELEASE
	tables := func(f assaytoml.File) []map[string]assaytoml.Value {
		if name, ok := f.Setup["name"]; ok && app != "" && name.Text != app {
			return []map[string]assaytoml.Value{f.SetupOf[app]}
		}
		return []map[string]assaytoml.Value{f.SetupOf[app], f.Setup}
	}
	for _, k := range assaytoml.SetupKeys {
		v := first(s, tables, k.Name, func(v assaytoml.Value) string { return v.Raw })
		if _, state := v.Look(&fact.Notes{}); state == fact.IsKnown {
			out = append(out, Said{"setup." + k.Name, v})
		}
	}
	return out
}

type said struct {
	from []declarations
	name string // of the deployment
}

// tell finds what is declared as a key.
func tell[T any](s said, key string, as func(assaytoml.Value) T) fact.Of[T] {
	return first(s, func(f assaytoml.File) []map[string]assaytoml.Value {
		return []map[string]assaytoml.Value{f.Of[s.name], f.Values}
	}, key, as)
}

// first finds a key in the tables of the files, the strongest first.
func first[T any](s said, tables func(assaytoml.File) []map[string]assaytoml.Value, key string, as func(assaytoml.Value) T) fact.Of[T] {
	for _, d := range s.from {
		var n fact.Notes
		f, state := d.said.Look(&n)
		if state == fact.IsUnknown {
			return fact.Unknown[T](n.Why())
		}
		for _, values := range tables(f) {
			if v, ok := values[key]; ok {
				return fact.Known(as(v), fact.Source{Where: d.file, Line: v.Line, Text: key + " = " + v.Raw})
			}
		}
	}
	return fact.Absent[T](fact.Source{Where: OperatorFile, Text: "nothing is declared as " + key})
}

func (b *builder) waivers(d declarations, name string) {
	f, _ := d.said.Look(&b.notes)
	for _, w := range f.Waivers {
		if d.place != assaytoml.Operator {
			switch at, subject, _ := strings.Cut(w.Scope, "|"); {
			case w.Scope == "" || w.Scope == "*" || at == name:
				w.Scope = name
				if subject != "" {
					w.Scope += "|" + subject
				}
			default:
				b.m.Settings = append(b.m.Settings, Setting{d.file, assaytoml.Trouble{Line: w.Line, Col: 1,
					Text: "a waiver of " + w.ID + " for " + w.Scope + " counts for nothing", Hint: "the app's own file speaks of " + name + " alone; others stand in " + OperatorFile}})
				continue
			}
		}
		out := Waiver{Waiver: w, Operator: d.place == assaytoml.Operator, Source: fact.Source{Where: d.file, Line: w.Line, Text: w.Reason}}
		if !slices.Contains(b.m.Waivers, out) {
			b.m.Waivers = append(b.m.Waivers, out)
		}
	}
}

// strangersNamed complains about deployments that are declared and not here.
func (b *builder) strangersNamed(operator declarations) {
	f, _ := operator.said.Look(&b.notes)
	var here, gone []string
	for _, d := range b.m.Deployments {
		here = append(here, d.Name)
	}
	for name := range f.Of {
		if !slices.Contains(here, name) {
			gone = append(gone, name)
		}
	}
	if len(b.m.Blind) > 0 || len(here) == 0 {
		return
	}
	slices.Sort(gone)
	for _, name := range gone {
		b.m.Settings = append(b.m.Settings, Setting{operator.file, assaytoml.Trouble{Line: line(f.Of[name]), Col: 1,
			Text: "there is no deployment " + name + " on this host", Hint: "here are " + strings.Join(here, ", ")}})
	}
}

func line(values map[string]assaytoml.Value) int {
	least := 0
	for _, v := range values {
		if least == 0 || v.Line < least {
			least = v.Line
		}
	}
	return max(least, 1)
}
