//go:build real

package audit_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

var keep = flag.Bool("write", false, "write what was discovered into the variants")

// Healthy hosts that are laid out in other ways: each is discovered as what it
// is, and nothing is found there. A variant is a file of testdata/discovery: what
// it is, `on` and `break.sh` and `lab` as in a story, `want` as understood writes
// it, and `open`: an id a line, with why that check cannot be answered there.
// DISCOVERY=all runs all, DISCOVERY=name some; else it is four, others each day.
func TestDiscovery(t *testing.T) {
	files, err := filepath.Glob("testdata/discovery/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no variants: %v", err)
	}
	for _, file := range chosen(files, os.Getenv("DISCOVERY"), time.Now(), 4) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { variant(t, file) })
	}
}

// chosen are those that the words name, or some of them, others each day.
func chosen(files []string, words string, now time.Time, some int) []string {
	if words == "all" {
		return files
	}
	if words != "" {
		return slices.DeleteFunc(files, func(f string) bool {
			return !slices.ContainsFunc(strings.Fields(words), func(w string) bool { return strings.HasPrefix(filepath.Base(f), w) })
		})
	}
	first := now.YearDay() * some % len(files)
	return slices.Concat(files[first:], files[:first])[:min(some, len(files))]
}

func variant(t *testing.T, file string) {
	m, part := laid(t, file)
	open := listed(t, part["open"])
	p := m.look("")
	for _, f := range p.Findings {
		if f.Status != "unknown" || !open[f.ID] && !elsewhere(f.ID) {
			t.Errorf("not silent:%s", say([]item{f}))
		}
	}
	got := m.understood()
	if *keep {
		replace(t, file, "want", got)
	} else if got != part["want"] {
		t.Errorf("discovered:\n%swant:\n%s", got, part["want"])
	}
}

// laid boots the host that a file is about, as it says, and reads its parts.
func laid(t *testing.T, file string) (*machine, map[string]string) {
	t.Helper()
	part := parts(t, file)
	m := boot(t, strings.TrimSpace(part["on"]))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := m.Around(ctx, slices.DeleteFunc(strings.Split(part["lab"], "\n"), func(l string) bool { return l == "" })); err != nil {
		t.Fatal(err)
	}
	if out, err := m.Break(ctx, part["break.sh"]); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return m, part
}

func parts(t *testing.T, file string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"on": "unix"}
	for _, f := range a.Files {
		out[f.Name] = string(f.Data)
	}
	return out
}

func replace(t *testing.T, file, name, text string) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range a.Files {
		if f.Name == name {
			a.Files[i].Data = []byte(text)
		}
	}
	if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// value is one of the model's, with where it was read.
type value struct {
	State, Text, Why string
	Source           []string
}

// understood is what assay model makes of a host, without what changes from boot
// to boot: process numbers, times, lines.
func (m *machine) understood() string {
	m.t.Helper()
	var d struct {
		Nginx       struct{ Config value }
		Deployments []struct {
			Name, Server, App                                   string
			Unit, Workers, Wanted, Class, Venv, Folder, Listens value
			Database                                            value
			Sites                                               []struct {
				Source                          string
				Names, Listens, Routes, Statics []string
			}
		}
		Blind []string
	}
	r := m.assay("", "model", "--format", "json")
	if err := json.Unmarshal([]byte(r.out), &d); err != nil {
		m.t.Fatalf("assay model: %v\n%s%s", err, r.out, r.err)
	}
	var b strings.Builder
	for _, x := range d.Deployments {
		unit, _, _ := strings.Cut(x.Unit.words(false), " ")
		fmt.Fprintf(&b, "%s: %s %s, unit %s\n", x.Name, x.Server, x.App, unit)
		fmt.Fprintf(&b, "  workers %s, %s run\n  class %s\n", x.Wanted.words(true), x.Workers.words(false), x.Class.words(true))
		fmt.Fprintf(&b, "  venv %s\n  folder %s\n  listens %s\n  database %s\n", x.Venv.words(false), x.Folder.words(false), x.Listens.words(false), strings.Split(x.Database.words(false), ",")[0])
		for _, s := range x.Sites {
			file, _, _ := strings.Cut(s.Source, ":")
			fmt.Fprintf(&b, "  site %s on %s in %s\n", strings.Join(s.Names, " "), strings.Join(s.Listens, ", "), file)
			for _, route := range append(s.Routes, s.Statics...) {
				fmt.Fprintf(&b, "    %s\n", route)
			}
		}
	}
	for _, why := range d.Blind {
		fmt.Fprintf(&b, "not seen: %s\n", why)
	}
	return b.String()
}

func (v value) words(source bool) string {
	switch {
	case v.State == "unknown":
		return "unknown: " + v.Why
	case v.State == "absent":
		return "none"
	case source && len(v.Source) > 0:
		where, _, _ := strings.Cut(v.Source[len(v.Source)-1], ":")
		return v.Text + " by " + where
	case v.Text == "":
		return "none"
	}
	return v.Text
}
