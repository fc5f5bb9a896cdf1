package unit

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const app = `# comment
[Unit]
Description=Gunicorn # no comment
After=network.target

[Service]
  User = www-data
ExecStart=/venv/bin/gunicorn \
  --workers 3 \
# in between
; and this
  wsgi:app
Environment="A=b c" D=e
Environment=F=g
Nonsense
=empty
[Foo]
[X-Mine]
Key=1
[Install
WantedBy=multi-user.target
`

func TestParse(t *testing.T) {
	f := Parse("a.service", app)
	var got []string
	for _, s := range f.Settings {
		got = append(got, fmt.Sprintf("%d %s.%s=%s", s.Line, s.Section, s.Key, s.Value))
	}
	want := []string{"3 Unit.Description=Gunicorn # no comment", "4 Unit.After=network.target", "7 Service.User=www-data",
		"8 Service.ExecStart=/venv/bin/gunicorn  --workers 3  wsgi:app", "13 Service.Environment=\"A=b c\" D=e", "14 Service.Environment=F=g", "19 X-Mine.Key=1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	var bad []int
	for _, p := range f.Problems {
		bad = append(bad, p.Line)
	}
	if !slices.Equal(bad, []int{15, 16, 17, 20, 21}) {
		t.Errorf("%+v", f.Problems)
	}
	if f := Parse("x", "[Service]\r\nExecStart=/a \\\r\n b\r\nA=b\\\\\nC=d \\"); len(f.Settings) != 3 || f.Settings[0].Value != "/a  b" || f.Settings[1].Value != `b\\` || f.Settings[2].Value != "d" {
		t.Errorf("%+v", f)
	}
}

func TestMerge(t *testing.T) {
	u := Merge(Parse("/lib/systemd/system/a.service", app),
		Parse("/etc/1.conf", "[Service]\nExecStart=\nExecStart=/new\nEnvironment=H=i\nUser=app\n"),
		Parse("/etc/2.conf", "[Unit]\nAfter=\nAfter=postgresql.service\n[Service]\nUser=\n"))
	values := func(section, key string) (out []string) {
		for _, s := range u.All(section, key) {
			out = append(out, s.Value)
		}
		return
	}
	if got := values("Service", "ExecStart"); !slices.Equal(got, []string{"/new"}) {
		t.Error(got)
	}
	if got := values("Service", "Environment"); len(got) != 3 {
		t.Error(got)
	}
	if got := values("Unit", "After"); len(got) != 2 {
		t.Error(got)
	}
	if s, ok := u.Last("Service", "User"); ok {
		t.Error(s)
	}
	if s, ok := u.Last("Service", "ExecStart"); !ok || s.File != "/etc/1.conf" || s.Line != 3 || u.Name != "a.service" {
		t.Error(s)
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string][]string{
		`/bin/a "b c" 'd e' f"g h"i`:  {"/bin/a", "b c", "d e", "fg hi"},
		`a\x20b \"x\" \s \101 \u00e9`: {"a b", `"x"`, " ", "A", "é"},
		`a\qb "" ''`:                  {`a\qb`, "", ""},
		`"a'b" 'c"d'`:                 {"a'b", `c"d`},
		"":                            nil,
		`a\`:                          {`a\`},
		`--fmt='%(h)s "x"'`:           {`--fmt=%(h)s "x"`},
	} {
		if got, err := Words(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v", in, got, err)
		}
	}
	if _, err := Words(`a "b`); !errors.Is(err, ErrQuote) {
		t.Error(err)
	}
}

func TestExpand(t *testing.T) {
	n := Names{Unit: `my-app@a-b\x2dc.service`, Host: "web.example.com"}
	for in, want := range map[string]string{
		"%n|%N|%p|%i|%I|%j": `my-app@a-b\x2dc.service|my-app@a-b\x2dc|my-app|a-b\x2dc|a/b-c|app`,
		"%H %l %t %h %u %%": "web.example.com web /run /root root %",
		"%m %Z %f %":        "%m %Z /a/b-c %",
	} {
		if got := n.Expand(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	if got := (Names{User: true}).Expand("%t/%n %H"); got != "%t/%n %H" {
		t.Error(got)
	}
}

func TestCommands(t *testing.T) {
	s := Setting{Value: `-+/bin/sh -c "exec gunicorn -b ${BIND} $$x %i" ; @/usr/bin/python3 gunicorn \; $OPTS ${N} $NONE`, File: "f", Line: 3}
	got, err := Commands(s, Names{Unit: "a@1.service"})
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	want := Command{Path: "/bin/sh", Argv: []string{"/bin/sh", "-c", "exec gunicorn -b ${BIND} $$x 1"}, IgnoreFailure: true, Privileged: true, File: "f", Line: 3}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("%+v", got[0])
	}
	env := map[string]string{"OPTS": "-w 3 'a b'", "BIND": ":80", "N": "1 2"}
	if a := got[1].WithEnv(env); got[1].Path != "/usr/bin/python3" || !slices.Equal(a, []string{"gunicorn", ";", "-w", "3", "a b", "1 2"}) {
		t.Errorf("%q", a)
	}
	if a := got[0].WithEnv(env); a[2] != "exec gunicorn -b :80 $x 1" {
		t.Errorf("%q", a)
	}
	if c, _ := Commands(Setting{Value: ":/a ${X}"}, Names{}); c[0].WithEnv(nil)[1] != "${X}" {
		t.Error(c)
	}
}

func TestEnvironment(t *testing.T) {
	got, bad, err := Environment(Setting{Value: `"A=b c" D=%n "E=x=y" 1F=g novalue H= I='j'`, Line: 7}, Names{Unit: "u.service"})
	if err != nil || !slices.Equal(bad, []string{"1F=g", "novalue"}) || len(got) != 5 || got[1].Value != "u.service" || got[2].Value != "x=y" || got[4] != (Pair{"I", "j", "", 7}) {
		t.Errorf("%+v %q %v", got, bad, err)
	}
	if p, o := EnvironmentFile(Setting{Value: "-/etc/%N.env"}, Names{Unit: "u.service"}); p != "/etc/u.env" || !o {
		t.Error(p, o)
	}
}

func TestDropinOrder(t *testing.T) {
	got := DropinOrder([]string{"/usr/lib/systemd/system/a.service.d/20-x.conf", "/etc/systemd/system/a.service.d/20-x.conf",
		"/etc/systemd/system/service.d/10-all.conf", "/run/systemd/system/a.service.d/15.conf", "/etc/systemd/system/a.service.d/README"})
	want := []string{"/etc/systemd/system/service.d/10-all.conf", "/run/systemd/system/a.service.d/15.conf", "/etc/systemd/system/a.service.d/20-x.conf"}
	if !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestBool(t *testing.T) {
	for in, want := range map[string][2]bool{"yes": {true, true}, "OFF": {false, true}, "strict": {}} {
		if b, ok := Bool(in); b != want[0] || ok != want[1] {
			t.Error(in)
		}
	}
}

func FuzzUnit(f *testing.F) {
	for _, s := range []string{app, "[", "\\\n", `[Service]` + "\nExecStart=@", "[S]\nA=\\x4", "[Service]\nA='\\", "\ufeff[Unit]\nA=%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u := Merge(Parse("a@b.service", text), Parse("d", text))
		for _, s := range u.Settings {
			if s.Line < 1 || s.Line > strings.Count(text, "\n")+1 {
				t.Fatal(s)
			}
			n := Names{Unit: s.Value, Host: s.Key}
			cs, _ := Commands(s, n)
			for _, c := range cs {
				c.WithEnv(map[string]string{"A": text})
			}
			Environment(s, n)
			EnvironmentFile(s, n)
		}
	})
}
