package shell

import (
	"slices"
	"testing"
)

func TestLines(t *testing.T) {
	got := Lines("#!/bin/sh\n# nightly\nDIR=/b # where\n\npg_dump -Fc \\\n  shop > \"$DIR/#1\"\n")
	want := []Line{{3, "DIR=/b"}, {5, `pg_dump -Fc    shop > "$DIR/#1"`}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestExpand(t *testing.T) {
	vars := Assignments(Lines("export DIR=\"/b/${NAME:-shop}\"\nA=1; B='2 3'\nFILE=$DIR/$(date +%F).dump\n"), map[string]string{"HOME": "/root"})
	for in, want := range map[string]string{
		"$DIR/x": "/b/shop/x", "${B}": "2 3", "$HOME/$WHO": "/root/$WHO", "$FILE": "/b/shop/*.dump", "${X:-y}": "y", "plain": "plain",
	} {
		if got := Expand(in, vars); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string][]string{
		`su - postgres -c "pg_dump shop" >/b/x-$(date +%F).sql 2>&1`: {"su", "-", "postgres", "-c", "pg_dump shop", ">", "/b/x-*.sql", ">&", "1"},
		"a|b &&c;(d) >> e":                   {"a", "|", "b", "&&", "c", ";", "(", "d", ")", ">>", "e"},
		"x='a b'\\ c \"q\\\"$(y \"z\")`w`\"": {"x=a b c", `q"**`},
	} {
		if got := Words(in); !slices.Equal(got, want) {
			t.Errorf("%s: %q", in, got)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("a \"$(b ` c) '")
	f.Fuzz(func(_ *testing.T, s string) {
		for _, l := range Lines(s) {
			Words(Expand(l.Text, Assignments(Lines(s), nil)))
		}
	})
}
