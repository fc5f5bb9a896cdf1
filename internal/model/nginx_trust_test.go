package model

import (
	"strings"
	"testing"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/tape"
)

// disk is a host's files for a test: the text of each, and who owns what.
type disk struct {
	uid   int // who looks
	files map[string]string
	links map[string]string
	owner map[string]int
	mode  map[string]uint32
	glob  map[string][]string
}

// answer gives what a host with this disk says; the rest is unseen.
func (d disk) answer(a tape.Ask) tape.Answer {
	switch a.Kind {
	case tape.KindSelf:
		return tape.Encode(tape.Visit{UID: d.uid})
	case tape.KindProcs:
		return tape.Encode([]tape.Proc{{PID: 9, Args: []string{"nginx: master process /usr/sbin/nginx"}, Comm: "nginx", Exe: "/usr/sbin/nginx"}})
	case tape.KindFile:
		if text, ok := d.files[a.Name]; ok {
			return tape.Answer{Status: tape.Seen, Body: text}
		}
		return tape.Answer{Status: tape.Absent}
	case tape.KindGlob:
		return tape.Encode(d.glob[a.Name])
	case tape.KindStat:
		st := tape.Stat{Type: "dir", Mode: 0o755, UID: d.owner[a.Name]}
		if _, is := d.files[a.Name]; is {
			st.Type, st.Mode = "file", 0o644
		}
		if to, is := d.links[a.Name]; is {
			st.Type, st.Mode, st.Link, st.Real = "link", 0o777, to, to
		}
		if m, set := d.mode[a.Name]; set {
			st.Mode = m
		}
		return tape.Encode(st)
	case tape.KindCommand:
		if a.Name == "nginx-test" {
			return tape.Answer{Status: tape.Seen}
		}
	}
	return tape.Answer{Status: tape.Unseen, Why: "not in this test"}
}

// visit asks until nothing new is wanted.
func (d disk) visit(t *testing.T) (*Model, *tape.Tape) {
	t.Helper()
	tp := &tape.Tape{}
	for range 20 {
		f := facts.Parse(tp)
		m := Build(f)
		asks := f.Wants()
		if len(asks) == 0 {
			return m, tp
		}
		for _, a := range asks {
			tp.Put(a, d.answer(a))
		}
	}
	t.Fatal("the model wants ever more")
	return nil, nil
}

// nginx -t is run as root only when nobody but root wrote what it reads.
func TestNginxTestIsAskedOnlyOfRootsOwn(t *testing.T) {
	const main = "/etc/nginx/nginx.conf"
	plain := func() disk {
		return disk{
			files: map[string]string{main: "events {}\nhttp { include sites-enabled/*; }\n", "/etc/nginx/sites-enabled/shop": "server {}\n"},
			links: map[string]string{}, owner: map[string]int{}, mode: map[string]uint32{},
			glob: map[string][]string{"/etc/nginx/sites-enabled/*": {"/etc/nginx/sites-enabled/shop"}},
		}
	}
	for name, c := range map[string]struct {
		change func(*disk)
		reason string // "" for: it is run
	}{
		"root's own": {func(*disk) {}, ""},
		"seen without root, the command refuses by itself": {func(d *disk) { d.uid, d.owner[main] = 1000, 1000 }, ""},
		"a user's file":             {func(d *disk) { d.owner["/etc/nginx/sites-enabled/shop"] = 1000 }, "sites-enabled/shop belongs to 1000"},
		"a user's folder above":     {func(d *disk) { d.owner["/etc/nginx"] = 1000 }, "/etc/nginx belongs to 1000"},
		"a file that a group edits": {func(d *disk) { d.mode[main] = 0o664 }, "nginx.conf (mode 0664)"},
		"a link into a user's folder": {func(d *disk) {
			d.links["/etc/nginx/sites-enabled/shop"] = "/srv/shop/nginx.conf"
			d.files["/srv/shop/nginx.conf"], d.owner["/srv/shop"] = "server {}", 1000
		}, "/srv/shop belongs to 1000"},
		"an empty folder where a user may put a file": {func(d *disk) {
			d.files[main] = "http { include /srv/shop/conf/*.conf; }"
			d.owner["/srv/shop/conf"] = 1000
		}, "/srv/shop/conf belongs to 1000"},
		"a user's folder below a wildcard": {func(d *disk) {
			d.files[main] = "http { include /srv/*/nginx/*.conf; }"
			d.glob["/srv/*/nginx"] = []string{"/srv/shop/nginx"}
			d.owner["/srv/shop"] = 1000
		}, "/srv/shop belongs to 1000"},
		"Lua":  {func(d *disk) { d.files[main] = "http { init_by_lua_block { os.exit(1) } }" }, "brings code with it"},
		"Perl": {func(d *disk) { d.files[main] = "http { perl_modules /srv/shop; }" }, "brings code with it"},
		"a user's module": {func(d *disk) {
			d.files[main] = "load_module /srv/shop/evil.so;"
			d.owner["/srv/shop"] = 1000
		}, "/srv/shop belongs to 1000"},
		"Debian's module": {func(d *disk) { d.files[main] = "load_module modules/ngx_stream_module.so;" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := plain()
			c.change(&d)
			m, tp := d.visit(t)
			_, ran := tp.Get(tape.Ask{Kind: tape.KindCommand, Name: "nginx-test", Arg: main})
			if ran != (c.reason == "") {
				t.Errorf("nginx -t was run: %v", ran)
			}
			var notes fact.Notes
			n, _ := m.Nginx.Look(&notes)
			notes = fact.Notes{}
			_, state := n.Test.Look(&notes)
			if c.reason != "" && (state != fact.IsUnknown || !strings.Contains(notes.Why().Text, c.reason)) {
				t.Errorf("state %v, %q; want %q", state, notes.Why().Text, c.reason)
			}
		})
	}
}
