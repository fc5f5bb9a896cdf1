package model

import (
	"testing"
	"time"

	"assay/internal/facts"
	"assay/internal/tape"
)

// TestLifetime holds the table to its own order, and says what each day brings:
// the clock of a booted host cannot be turned.
func TestLifetime(t *testing.T) {
	at := func(now, id, version string, lists string) *Lifetime {
		clock, err := time.Parse(time.DateOnly, now)
		if err != nil {
			t.Fatal(err)
		}
		var tp tape.Tape
		tp.Put(tape.Ask{Kind: tape.KindFile, Name: "/etc/os-release"}, tape.Answer{Status: tape.Seen, Body: "ID=" + id + "\nVERSION_ID=\"" + version + "\"\n"})
		tp.Put(tape.Ask{Kind: tape.KindGlob, Name: "/var/lib/apt/lists/*"}, tape.Answer{Status: tape.Seen, Body: lists})
		b := &builder{f: facts.Parse(&tp), m: &Model{Machine: Machine{Now: clock}}}
		list, _ := b.lifetime().Look(&b.notes)
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	for _, c := range []struct {
		now, id, version, lists, until string
		bought                         string
	}{
		{"2026-11-23", "debian", "12", "[]", "2028-06-30", "Freexian's ELTS"},
		{"2026-11-23", "debian", "11", "[]", "2026-08-31", "Freexian's ELTS"},
		{"2026-11-23", "debian", "11", `["/var/lib/apt/lists/deb.freexian.com_extended-lts_dists_bullseye-lts_InRelease"]`, "2031-06-30", ""},
		{"2026-11-23", "ubuntu", "20.04", "[]", "2025-05-29", "Ubuntu Pro (ESM)"},
		{"2026-11-23", "ubuntu", "20.04", `["/var/lib/apt/lists/esm.ubuntu.com_infra_ubuntu_dists_focal-infra-security_InRelease"]`, "2030-04-23", ""},
	} {
		x := at(c.now, c.id, c.version, c.lists)
		if x == nil || x.Until.AddDate(0, 0, -1).Format(time.DateOnly) != c.until || x.Bought != c.bought {
			t.Errorf("%s %s on %s: %+v", c.id, c.version, c.now, x)
		}
	}
	if x := at("2026-11-23", "fedora", "43", "[]"); x != nil {
		t.Errorf("dates of a system that the table does not hold: %+v", x)
	}
	for _, table := range []map[string]support{debianSpans, ubuntuSpans, pythonSpans} {
		for version, s := range table {
			if end := day(s.until); s.further != "" && !day(s.further).After(end) {
				t.Errorf("%s: %+v", version, s)
			}
		}
	}
}

func TestInterpreter(t *testing.T) {
	s := &AppServer{Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	for _, c := range []struct{ version, base, until string }{
		{"3.10.12", "/opt/python3.10", "2026-10-31"},
		{"3.13.5", "/root/.local/share/uv/python/cpython-3.13", "2029-10-31"},
		{"3.9.2", "/usr", ""}, // Debian 11's own
		{"3.15.0", "/opt/python3.15", ""},
	} {
		a := &App{}
		a.Python, a.Base = c.version, c.base
		list := a.interpreter(s)
		if got := len(list) == 1; got != (c.until != "") || got && list[0].Until.AddDate(0, 0, -1).Format(time.DateOnly) != c.until {
			t.Errorf("%s in %s: %+v", c.version, c.base, list)
		}
	}
}
