package deploy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/apply"
	"assay/internal/plan"
	"assay/internal/setup"
	"assay/internal/syntax/unit"
)

func shop() Site {
	return Site{Intent: setup.Intent{Name: "shop", Entry: "wsgi:app", Domains: []string{"shop.example"}}, Account: "shop",
		Serving: "20260103T000000-cccccccc", Before: "20260102T000000-bbbbbbbb",
		Kept: []string{"20251231T000000-00000000", "20260101T000000-aaaaaaaa", "20260102T000000-bbbbbbbb", "20260103T000000-cccccccc"}}
}

func turn() Turn {
	return Turn{Site: shop(), To: "20260104T000000-dddddddd", Source: "/home/dev/shop", List: "requirements.txt",
		Pages: []Page{{Path: "/health", Below: 400, Within: time.Second}, {Path: "/", Below: 500}}, Watch: 5 * time.Second, Keep: 3}
}

// What can fail comes before a visitor could notice it, and the release before is
// there until the new one has shown itself to visitors.
func TestOrder(t *testing.T) {
	all := turn().Plan().All()
	at := func(deed, path string) int {
		i := slices.IndexFunc(all, func(s plan.Step) bool { return s.Deed == deed && s.Path == path })
		if i < 0 {
			t.Fatalf("no step %s%s in %+v", deed, path, all)
		}
		return i
	}
	order := []int{at("release", ""), at("venv", ""), at("load", ""), at("serve", ""), at("prove", ""), at("boot", ""),
		at("", "/srv/shop/current"), at("", "/srv/shop/live.sock"), at("watch", ""), at("retire", ""), at("prune", "")}
	if !slices.IsSorted(order) {
		t.Errorf("the steps come as %v", order)
	}
	if p := turn().Plan(); p.Parts[slices.IndexFunc(p.Parts, func(s plan.Plan) bool { return s.Say == "Its turn" })].Steps[2].Target != "/run/shop/20260104T000000-dddddddd.sock" {
		t.Errorf("%+v", p)
	}
	if w := all[at("watch", "")]; !slices.Equal(w.Args, []string{"shop@20260104T000000-dddddddd.service", "shop.example", "5", "400 1000 /health"}) {
		t.Errorf("a page that visitors do not get now is watched, or another is not: %q", w.Args)
	}
}

// The one before is what an undo needs; it stays, however old it is.
func TestPrune(t *testing.T) {
	x := turn()
	for keep, want := range map[int]string{
		2: "/srv/shop/releases/20251231T000000-00000000 /srv/shop/releases/20260101T000000-aaaaaaaa /srv/shop/releases/20260102T000000-bbbbbbbb",
		3: "/srv/shop/releases/20251231T000000-00000000 /srv/shop/releases/20260101T000000-aaaaaaaa", 5: "",
	} {
		x.Keep = keep
		var gone []string
		for _, s := range x.prune().Steps {
			gone = append(gone, s.Args...)
		}
		if got := strings.Join(gone, " "); got != want {
			t.Errorf("--keep %d: %q, want %q", keep, got, want)
		}
	}
}

func entry(id int, x Turn, state apply.State, why string) *apply.Entry {
	return &apply.Entry{ID: id, Plan: x.Plan(), State: state, Why: why, Began: time.Date(2026, 1, 4, 0, id, 0, 0, time.UTC)}
}

func TestPast(t *testing.T) {
	s, forth, back := shop(), turn(), turn()
	forth.To, forth.Site.Serving = s.Serving, s.Before
	back.Source, back.To = "", s.Before
	failed := turn()
	history := []*apply.Entry{entry(3, failed, apply.Undone, "/health answers 500"), entry(2, back, apply.Kept, ""), entry(1, forth, apply.Kept, "")}
	past := Taken(s, history)
	if len(past) != 3 || past[1].To != s.Before || past[1].From != s.Serving || !past[1].Back || past[2].Back {
		t.Fatalf("%+v", past)
	}
	if why := Bad(s.Before, past); why != "" {
		t.Errorf("what was rolled back to is bad: %s", why)
	}
	if why := Bad(s.Serving, past); !strings.HasPrefix(why, "rolled back") {
		t.Errorf("what was rolled back from: %q", why)
	}
	if why := Refused("dddddddd", past); !strings.Contains(why, "/health answers 500") {
		t.Errorf("the same files once more: %q", why)
	}
	if why := Refused("aaaaaaaa", past); why != "" {
		t.Errorf("files of which nothing is known: %q", why)
	}
}

func TestOlder(t *testing.T) {
	s := shop()
	for _, c := range []struct{ name, want, why string }{
		{"", s.Before, ""}, {"aaaaaaaa", "20260101T000000-aaaaaaaa", ""}, {"20251231", "20251231T000000-00000000", ""},
		{"2026", "", "may be"}, {"cccccccc", "", "serves already"}, {"dddddddd", "", "lies here"},
	} {
		got, err := Older(s, c.name, nil)
		if got != c.want || (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%q: %q, %v", c.name, got, err)
		}
	}
	s.Before = ""
	if _, err := Older(s, "", nil); err == nil {
		t.Error("a first release has none before it")
	}
}

func TestUnit(t *testing.T) {
	s := shop()
	const text = "[Service]\nUser=shop\nExecStart=/srv/shop/releases/%i/venv/bin/gunicorn --bind unix:/run/shop/%i.sock 'shop:create_app()'\n"
	if err := s.unit(unit.Merge(unit.Parse("shop@.service", text))); err != nil || s.Entry != "shop:create_app()" || s.Account != "shop" {
		t.Errorf("%+v %v", s, err)
	}
	if err := s.unit(unit.Merge(unit.Parse("shop@.service", strings.ReplaceAll(text, "%i.sock", "one.sock")))); err == nil {
		t.Error("two releases at one socket cannot take turns")
	}
}

// Lines that lead elsewhere may mean other packages though their text is the same.
func TestOtherLists(t *testing.T) {
	for text, want := range map[string]bool{"Flask>=2\n# -r x\ngunicorn==20.1 # a@b\n": false, "-r base.txt\n": true, "x @ https://host/x.zip\n": true, "git+https://host/x\n": true, "./local\n": true} {
		if got := others.MatchString(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestMigrations(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, versions, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("c.py", "revision: str = 'cc'\ndown_revision: str | None = 'bb'\ndef upgrade():\n    op.drop_table('x')\n\ndef downgrade():\n    op.drop_table('y')\n")
	write("a.py", "revision = \"aa\"\ndown_revision = None\n")
	write("b.py", "revision = 'bb'\ndown_revision = ('aa',)\n")
	all, err := Migrations(dir)
	if err != nil || len(all) != 3 || strings.Contains(all[2].Body, "'y'") {
		t.Fatalf("%+v %v", all, err)
	}
	if h := Heads(all); !slices.Equal(h, []string{"cc"}) {
		t.Errorf("heads %q", h)
	}
	for at, want := range map[string]string{"-": "aa bb cc", "aa": "bb cc", "cc": "", "zz": "aa bb cc"} {
		pending, known := Pending(all, at)
		var got []string
		for _, m := range pending {
			got = append(got, m.Revision)
		}
		if strings.Join(got, " ") != want || known != (at != "zz") {
			t.Errorf("at %s: %q, %v", at, got, known)
		}
	}
	write("d.py", "revision = 'dd'\ndown_revision = 'bb'\n")
	all, _ = Migrations(dir)
	if h := Heads(all); !slices.Equal(h, []string{"cc", "dd"}) {
		t.Errorf("heads %q", h)
	}
	if err := os.Symlink("/etc/shadow", filepath.Join(dir, versions, "e.py")); err != nil {
		t.Fatal(err)
	}
	if _, err := Migrations(dir); err == nil {
		t.Error("a link that leads out of the app was read")
	}
}

func TestLint(t *testing.T) {
	for body, want := range map[string]string{
		"op.add_column('p', sa.Column('image', sa.String(60)))":                                         "",
		"op.add_column('p', sa.Column('n', sa.Integer(), nullable=False, server_default=sa.text('0')))": "",
		"op.add_column('p', sa.Column('n', sa.Integer(),\n nullable=False))":                            "! adds the column p.n, which may not be empty and has no server_default",
		"op.create_table('t', sa.Column('a', nullable=False))\nop.create_index('ix', 't', ['a'])":       "",
		"op.create_index('ix', 'users', ['a'])":                                                         "makes the index ix: nobody writes to the table meanwhile (postgresql_concurrently=True)",
		"op.create_index('ix', 'users', ['a'], postgresql_concurrently=True)":                           "",
		"with op.batch_alter_table('users') as batch_op:\n    batch_op.drop_column('age')":              "! drops the column age",
		"op.alter_column('u', 'a', new_column_name='b')":                                                "! renames the column u.a",
		"op.alter_column('u', 'a', existing_type=sa.String(), nullable=False)":                          "! lets u.a not be empty any more",
		"op.execute(\"ALTER TABLE u RENAME TO v\")":                                                     "! executes RENAME",
		"op.execute('CREATE INDEX CONCURRENTLY ix ON u (a)')":                                           "",
		"op.execute('create index company_ix on u (a)')":                                                "executes CREATE INDEX",
		"op.execute('update u set a = 1')\nop.execute(sa.text(')'))\nop.rename_table('a', 'b')":         "executes UPDATE|! renames the table a",
		"op.create_foreign_key('fk', 'a', 'b', ['x'], ['y'])":                                           "adds fk, and reads the whole table under a lock (postgresql_not_valid=True)",
	} {
		var got []string
		for _, w := range Lint([]Migration{{Revision: "r", Body: body}}) {
			text := w.Text
			if w.Takes {
				text = "! " + text
			}
			got = append(got, text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
	if err := Taking([]Migration{{Revision: "r", Body: "op.create_index('ix', 'u', ['a'])"}}); err != nil {
		t.Errorf("a lock takes nothing away: %v", err)
	}
}
