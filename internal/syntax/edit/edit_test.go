package edit

import "testing"

func TestApply(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		with []Lines
		want string
		bad  bool
	}{
		"middle":         {"a\nb\nc\n", []Lines{{2, []string{"b"}, []string{"x", "y"}}}, "a\nx\ny\nc\n", false},
		"in front":       {"a\nb\n", []Lines{{2, nil, []string{"x"}}}, "a\nx\nb\n", false},
		"at the end":     {"a\nb", []Lines{{3, nil, []string{"x"}}}, "a\nb\nx\n", false},
		"no end kept":    {"a\nb", []Lines{{1, []string{"a"}, []string{"x"}}}, "x\nb", false},
		"empty file":     {"", []Lines{{1, nil, []string{"x"}}}, "x\n", false},
		"taken away":     {"a\nb\n", []Lines{{1, []string{"a"}, nil}}, "b\n", false},
		"everything":     {"a\n", []Lines{{1, []string{"a"}, nil}}, "", false},
		"two":            {"a\nb\nc\n", []Lines{{3, []string{"c"}, []string{"z"}}, {1, []string{"a"}, []string{"x"}}}, "x\nb\nz\n", false},
		"one place":      {"a\nb\n", []Lines{{1, []string{"a", "b"}, nil}, {2, []string{"b"}, nil}}, "", true},
		"something else": {"a\nb\n", []Lines{{1, []string{"b"}, nil}}, "", true},
		"no such line":   {"a\n", []Lines{{3, nil, []string{"x"}}}, "", true},
	} {
		got, err := Apply(c.text, c.with)
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A span of bytes and its lines make the same text.
func FuzzSpan(f *testing.F) {
	f.Add("a\nbc\nd\n", 2, 4, "x\ny")
	f.Add("", 0, 0, "x")
	f.Add("a\n", 2, 2, "b\n")
	f.Fuzz(func(t *testing.T, text string, from, to int, with string) {
		c, ok := Span(text, from, to, with)
		if !ok {
			return
		}
		got, err := Apply(text, []Lines{c})
		want := text[:from] + with + text[to:]
		if err != nil || got != want && got != want+"\n" && got+"\n" != want {
			t.Errorf("%q: %q, %v", want, got, err)
		}
	})
}
