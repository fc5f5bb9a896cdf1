package envfile

import (
	"fmt"
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	for in, want := range map[string][]string{
		"A=b\r\nC=d\r\n":                       {"1 A=b", "2 C=d"},
		"  A = b c  \nB=\nC=x # y\n#D=1\n;E=2": {"1 A=b c", "2 B=", "3 C=x # y"},
		`A="b c" ` + "\nB='$x \"y\"'":          {"1 A=b c", `2 B=$x "y"`},
		`A="a\"b\$c\n"` + "\nB=a\\ b\\\nc":     {`1 A=a"b$c\n`, "2 B=a bc"},
		"A=\"two\nlines\"\nB=1":                {"1 A=two\nlines", "3 B=1"},
		"A=1\nA=2":                             {"1 A=1", "2 A=2"},
		"export A=1\n1B=2\nnovalue\nC=3":       {"4 C=3", "! 1", "! 2", "! 3"},
		`A="open`:                              {"1 A=open", "! 1"},
		"A=b=c":                                {"1 A=b=c"},
		"# c \\\nA=1":                          {"2 A=1", "! 1"},
		`A="x" y`:                              {"1 A=xy"},
		"A=$B ${C}":                            {"1 A=$B ${C}"},
		"A=\xff":                               {"! 1"},
		"A='x '  ":                             {"1 A=x "},
		"A=a\\":                                {"1 A=a"},
	} {
		f := Parse("f", in)
		var got []string
		for _, e := range f.Entries {
			got = append(got, fmt.Sprintf("%d %s=%s", e.Line, e.Name, e.Value))
		}
		for _, p := range f.Problems {
			got = append(got, fmt.Sprintf("! %d", p.Line))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q %v", in, got, f.Problems)
		}
	}
	f := Parse("f", "A=1\nA=2")
	if e, ok := f.Get("A"); !ok || e.Value != "2" || e.Line != 2 {
		t.Error(e)
	}
	if _, ok := f.Get("B"); ok {
		t.Error("B")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"A=b\n", "A='", `A="\`, "#\\\n", "=\n", "A=\\", " = "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { Parse("f", text) })
}

func TestQuote(t *testing.T) {
	for _, v := range []string{"", "plain", "two words", `"`, `a\b`, "`x`", "$HOME", "#no comment", "it's", "ü", " around ", `\"`, "a=b", ";"} {
		f := Parse("x", "A="+Quote(v)+"\nB=1\n")
		if e, _ := f.Get("A"); e.Value != v || len(f.Entries) != 2 || len(f.Problems) > 0 {
			t.Errorf("%q is written %s and read %q", v, Quote(v), e.Value)
		}
	}
}
