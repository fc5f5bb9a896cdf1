package report

import (
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile are texts that a host may put in our way.
var hostile = []string{
	"\x1b[2J\x1b[H you are fine",
	"\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
	"\u009b31m eight-bit escape", "\x9b31m raw eight-bit escape",
	"carriage\rreturn\b\b\b\x00\x7f", "line\nfeed\n\n1. critical  a finding of its own\n",
	"\u202egnp.exe\u202c \u2066isolate\u2069 \u200f\u061c", "zero\u200bwidth\u200d\ufeff\u2060joined\u00ad",
	"\xff\xfe invalid \xc3\x28 utf8 \xed\xa0\x80", "<script>alert(1)</script><!-- \"'&",
	"Z" + strings.Repeat("\u0301", 400), "\u2028separator\u2029", "\U000e0041\U000e0042 tags", "\u3164 filler \u2800",
	strings.Repeat("a", 5000), strings.Repeat("\n", 5000),
	"\x01 glue", "日本語のパス/ファイル", "", " ",
}

// planted puts s into every string of a value.
func planted(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Pointer:
		if !v.IsNil() {
			planted(v.Elem(), s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				planted(v.Field(i), s)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			planted(v.Index(i), s)
		}
	}
}

// everything is a report in which no list is empty.
func everything() Report {
	r := downReport()
	r.Deployments = append(r.Deployments, manyReport().Deployments[1])
	r.Unknown = append(r.Unknown, blindReport().Unknown...)
	r.Asked = []Asked{{Ask: "file", Status: "seen", Why: "x", Millis: 1}}
	return r
}

func TestInert(t *testing.T) {
	s := closed(t)
	for _, h := range hostile {
		r := everything()
		planted(reflect.ValueOf(&r).Elem(), h)
		checkText(t, r, h)
		restore(&r)
		if why := valid(s, jsonOf(t, r)); why != "" {
			t.Errorf("%.40q: %s", h, why)
		}
		checkBytes(t, "json", jsonOf(t, r), h)
	}
}

// TestLong: ten megabytes in the fields of one finding are a page of text.
func TestLong(t *testing.T) {
	for _, h := range []string{strings.Repeat("a", 10<<20), strings.Repeat("wörd ", 2<<20), strings.Repeat("\x1b", 10<<20)} {
		r := downReport()
		planted(reflect.ValueOf(&r.Findings[0]).Elem(), h)
		checkText(t, r, h)
		checkHTML(t, r, h)
	}
	r := downReport()
	r.Findings[0].Summary = strings.Repeat("\u202e", 4<<20)
	checkBytes(t, "json", jsonOf(t, r), "long")
}

// restore puts back what is ours, not the host's: the words of closed lists.
func restore(r *Report) {
	clean := everything()
	for i := range r.Findings {
		r.Findings[i].Severity, r.Findings[i].Status = clean.Findings[i].Severity, clean.Findings[i].Status
		r.Findings[i].Remedy.Cure = clean.Findings[i].Remedy.Cure
	}
	for i := range r.Unknown {
		r.Unknown[i].Severity, r.Unknown[i].Status = clean.Unknown[i].Severity, clean.Unknown[i].Status
	}
	for i := range r.Deployments {
		for k := range r.Deployments[i].Path {
			r.Deployments[i].Path[k].State = clean.Deployments[i].Path[k].State
			for n := range r.Deployments[i].Path[k].On {
				r.Deployments[i].Path[k].On[n].State = clean.Deployments[i].Path[k].On[n].State
			}
		}
	}
	r.Asked[0].Status = "seen"
}

func checkText(t testing.TB, r Report, planted string) {
	t.Helper()
	for _, o := range []TextOptions{{Width: 80}, {Width: 40, Color: true}, {ASCII: true}, {Verbose: true, Unfold: true, Color: true, Verdict: planted}} {
		var b strings.Builder
		if err := Text(&b, r, o); err != nil {
			t.Fatal(err)
		}
		out := b.String()
		if o.Color {
			out = withoutSGR(out)
		}
		checkBytes(t, "text", out, planted)
		if o.ASCII && strings.IndexFunc(out, func(r rune) bool { return r > 0x7e }) >= 0 {
			t.Errorf("%.40q: not ASCII", planted)
		}
		if len(out) > 1<<20 {
			t.Errorf("%.40q: %d bytes of text", planted, len(out))
		}
	}
}

// withoutSGR takes our own seven sequences out, and nothing else.
func withoutSGR(s string) string {
	for _, st := range []style{strong, faint, good, caution, bad, worstOf, typed, "0"} {
		s = strings.ReplaceAll(s, "\x1b["+string(st)+"m", "")
	}
	return s
}

func checkBytes(t testing.TB, what, out, planted string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%.40q: invalid UTF-8 in %s", planted, what)
	}
	for i, r := range out {
		if r != '\n' && (!unicode.IsPrint(r) || blank(r)) {
			t.Fatalf("%.40q: %U in %s: %.80q", planted, r, what, out[max(i-40, 0):])
		}
	}
}

// TestHostileLines: a string of the host never makes a line that looks like ours.
func TestHostileLines(t *testing.T) {
	r := downReport()
	r.Findings[0].Evidence[0].Text = "x\n1.  critical  forged\nNothing found wrong: 34 checks passed"
	for line := range strings.Lines(text(t, r, TextOptions{Width: 80})) {
		if strings.HasPrefix(line, "1.  critical  forged") || strings.HasPrefix(line, "Nothing found wrong") {
			t.Errorf("a forged line: %q", line)
		}
	}
}

func TestSpeltOut(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[31m": `\x1b[31m`, "a\u202eb": `a\u202eb`, "\xff": `\xff`, "a \t\n b": "a b", "  x  ": "x",
		"\U000e0041": `\U000e0041`, "naïve 日本": "naïve 日本", "12345678901": "1234567890…",
	} {
		if got := inert(in, 10); got != want && len(in) < 11 || in == "12345678901" && got != want {
			t.Errorf("inert(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, h := range hostile {
		if len(h) < 4096 {
			f.Add(h)
		}
	}
	s := closed(f)
	f.Fuzz(func(t *testing.T, h string) {
		r := everything()
		planted(reflect.ValueOf(&r).Elem(), h)
		checkText(t, r, h)
		checkHTML(t, r, h)
		restore(&r)
		if why := valid(s, jsonOf(t, r)); why != "" {
			t.Error(why)
		}
		checkBytes(t, "json", jsonOf(t, r), h)
	})
}
