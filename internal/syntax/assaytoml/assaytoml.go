// Package assaytoml reads what people declare about a deployment: assay.toml of
// the operator in /etc/assay, the same beside the app, and [tool.assay] of the
// app's pyproject.toml. It describes and never commands.
package assaytoml

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"assay/internal/syntax/nearest"
)

// Place is whose file it is.
type Place int

// The places.
const (
	Operator Place = iota // /etc/assay/assay.toml: root's word
	App                   // assay.toml beside the app
	Project               // [tool.assay] of pyproject.toml
)

// Limits of a file.
const (
	maxText = 300
	maxList = 100
)

// File is what one file declares.
type File struct {
	Values   map[string]Value            // for all that the file speaks of
	Of       map[string]map[string]Value // [deployment.NAME], in the operator's file
	Setup    map[string]Value            // [setup]
	SetupOf  map[string]map[string]Value // [deployment.NAME.setup], in the operator's file
	Waivers  []Waiver
	Troubles []Trouble
}

// Value is one thing that is declared.
type Value struct {
	Text   string
	Texts  []string
	Number int
	Day    time.Time
	Truth  bool
	Line   int
	Raw    string // as it stands there
}

// Waiver accepts a finding until a day.
type Waiver struct {
	ID     string
	Scope  string // DEPLOYMENT, host or *, with |SUBJECT for one subject; "" in the app's own file
	Reason string
	Until  time.Time // the last day on which it counts
	Line   int
}

// Trouble is one thing that is wrong with a file.
type Trouble struct {
	Line, Col int
	Text      string
	Hint      string
}

// Parse reads a file. What is wrong in one line keeps no other from counting; a
// file that is no TOML says nothing at all.
func Parse(text string, place Place) File {
	f := File{Values: map[string]Value{}, Of: map[string]map[string]Value{}, Setup: map[string]Value{}, SetupOf: map[string]map[string]Value{}}
	var whole map[string]any
	if err := toml.Unmarshal([]byte(text), &whole); err != nil {
		f.Troubles = []Trouble{broken(err)}
		return f
	}
	r := reader{file: &f, place: place}
	for _, e := range entries([]byte(text)) {
		r.take(e)
	}
	r.whole()
	return f
}

func broken(err error) Trouble {
	t := Trouble{Line: 1, Col: 1, Text: strings.TrimPrefix(err.Error(), "toml: ")}
	var d *toml.DecodeError
	if errors.As(err, &d) {
		t.Line, t.Col = d.Position()
	}
	t.Hint = "nothing of the file counts until it is TOML"
	return t
}

type reader struct {
	file  *File
	place Place
	begun []waiverAt // waivers in the order of the file
}

type waiverAt struct {
	number int
	fields map[string]bool
	bad    bool
}

// take sorts one key with its value.
func (r *reader) take(e entry) {
	key := e.path
	if r.place == Project {
		if len(key) < 2 || key[0] != "tool" || key[1] != "assay" {
			return
		}
		key = key[2:]
	}
	switch {
	case len(key) == 0:
	case key[0] == "waive":
		r.waive(e, key)
	case key[0] == "setup":
		r.answer(e, key[1:], SetupKeys, r.file.Setup)
	case key[0] == "deployment" && r.place == Operator && len(key) == 1 && e.table:
	case key[0] == "deployment" && r.place == Operator && len(key) > 2 && key[2] == "setup":
		if r.file.SetupOf[key[1]] == nil {
			r.file.SetupOf[key[1]] = map[string]Value{}
		}
		r.answer(e, key[3:], SetupKeys[1:], r.file.SetupOf[key[1]]) // the table has the name
	case key[0] == "deployment" && r.place == Operator && len(key) > 1:
		if r.file.Of[key[1]] == nil {
			r.file.Of[key[1]] = map[string]Value{}
		}
		if len(key) > 2 {
			r.declare(e, key[2:], r.file.Of[key[1]])
		}
	default:
		r.declare(e, key, r.file.Values)
	}
}

func (r *reader) declare(e entry, key []string, into map[string]Value) {
	known := names(Keys)
	if r.place == Operator {
		known = append(known, "deployment")
	}
	known = append(known, "setup", "waive")
	r.put(e, key, Keys, known, " is a fact about the host", into)
}

// answer takes a key of a table of answers to assay setup, or its head.
func (r *reader) answer(e entry, key []string, keys []Key, into map[string]Value) {
	switch {
	case len(key) > 0:
		r.put(e, key, keys, names(keys), " reaches beyond the app", into)
	case !e.table:
		r.trouble(e, "setup is "+e.what()+"; want a table", "as: [setup]")
	}
}

// put takes a value of one of the keys. hosts says of one that is not the app's to give why not.
func (r *reader) put(e entry, key []string, keys []Key, known []string, hosts string, into map[string]Value) {
	k, ok := find(keys, key[0])
	switch {
	case !ok:
		r.unknown(e, key[0], known)
	case k.Host && r.place != Operator:
		r.trouble(e, k.Name+hosts, "only /etc/assay/assay.toml may say it")
	case len(key) > 1 || e.table:
		r.trouble(e, fmt.Sprintf("%s is a table; want %s", k.Name, k.Kind), "as: "+k.Name+" = "+k.Example)
	default:
		if v, ok := r.value(e, k); ok {
			into[k.Name] = v
		}
	}
}

func (r *reader) unknown(e entry, name string, known []string) {
	hint := "the keys are " + strings.Join(known, ", ")
	if n := nearest.Word(name, known); n != "" {
		hint = "did you mean " + n + "?"
	}
	r.trouble(e, "there is no key "+name, hint)
}

func (r *reader) trouble(e entry, text, hint string) {
	if slices.ContainsFunc(r.file.Troubles, func(t Trouble) bool { return t.Text == text && t.Hint == hint }) {
		return // a table that is wrong is wrong once, not at each of its keys
	}
	r.file.Troubles = append(r.file.Troubles, Trouble{e.line, e.col, text, hint})
}

// value reads what a key holds.
func (r *reader) value(e entry, k Key) (Value, bool) {
	v := Value{Text: e.text, Texts: e.texts, Number: e.number, Day: e.day, Truth: e.truth, Line: e.line, Raw: e.raw}
	if e.kind != k.Kind {
		r.trouble(e, fmt.Sprintf("%s is %s; want %s", k.Name, e.what(), k.Kind), "as: "+k.Name+" = "+k.Example)
		return v, false
	}
	if wrong := k.refuses(v); wrong != "" {
		r.trouble(e, k.Name+" "+wrong, "as: "+k.Name+" = "+k.Example)
		return v, false
	}
	return v, true
}

func (k Key) refuses(v Value) string {
	all := v.Texts
	if k.Kind == Text {
		all = []string{v.Text}
	}
	for _, t := range all {
		switch {
		case strings.TrimSpace(t) == "":
			return "is empty"
		case len(t) > maxText || strings.ContainsAny(t, "\n\r"):
			return fmt.Sprintf("is longer than one line of %d letters", maxText)
		}
	}
	switch {
	case k.Kind == Texts && (len(all) == 0 || len(all) > maxList):
		return fmt.Sprintf("holds %d; want 1 to %d", len(all), maxList)
	case k.Name == "proxies" && (v.Number < 0 || v.Number > 9):
		return fmt.Sprintf("is %d; want 0 to 9", v.Number)
	case k.Name == "health" && !strings.HasPrefix(v.Text, "/"):
		return fmt.Sprintf("is %q; want a path, which begins with /", v.Text)
	case k.Name == "database" && !slices.Contains([]string{"postgresql", "sqlite", "none"}, v.Text):
		return fmt.Sprintf("is %q; want postgresql, sqlite or none", v.Text)
	case k.Name == "env-file" && !strings.HasPrefix(v.Text, "/"):
		return fmt.Sprintf("is %q; want a path, which begins with /", v.Text)
	case k.Name == "domains":
		return wrongName(all)
	case k.Name == "addresses":
		for _, a := range all {
			if _, err := netip.ParseAddr(a); err != nil {
				return fmt.Sprintf("holds %q, which is no IP address", a)
			}
		}
	}
	return ""
}

func wrongName(all []string) string {
	for _, n := range all {
		if !strings.Contains(n, ".") || strings.Trim(strings.ToLower(n), "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.Contains(n, "..") {
			return fmt.Sprintf("holds %q, which is no host name (no scheme, port or path; xn-- for other letters)", n)
		}
	}
	return ""
}
