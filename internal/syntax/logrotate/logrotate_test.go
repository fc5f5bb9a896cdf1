package logrotate

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	f := Parse("/etc/logrotate.d/x", `# see "man logrotate"
weekly
su root adm # for all
include /etc/logrotate.d
/var/log/nginx/*.log
"/var/log/a b/x.log" {
	daily
	rotate=7
	postrotate
		invoke-rc.d nginx rotate >/dev/null 2>&1 }
	endscript
}
/var/log/btmp { monthly
	create 0660 root utmp }
`)
	if d, ok := Last(f.Global, "su"); !ok || d.Value != "root adm" || d.Line != 3 {
		t.Errorf("su: %+v", d)
	}
	if len(f.Stanzas) != 2 {
		t.Fatalf("%+v", f.Stanzas)
	}
	a, b := f.Stanzas[0], f.Stanzas[1]
	if !slices.Equal(a.Patterns, []string{"/var/log/nginx/*.log", "/var/log/a b/x.log"}) || a.Line != 5 {
		t.Errorf("patterns %q, line %d", a.Patterns, a.Line)
	}
	if d, _ := Last(a.Set, "rotate"); d.Value != "7" {
		t.Errorf("rotate: %+v", d)
	}
	if !strings.Contains(a.Scripts["postrotate"], "invoke-rc.d") {
		t.Errorf("postrotate: %q", a.Scripts["postrotate"])
	}
	if _, ok := Last(b.Set, "monthly"); !ok {
		t.Errorf("one line: %+v", b.Set)
	}
	if d, _ := Last(b.Set, "create"); d.Value != "0660 root utmp" {
		t.Errorf("create: %+v", d)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("/a {\npostrotate\n")
	f.Fuzz(func(t *testing.T, s string) { Parse("/x", s) })
}
