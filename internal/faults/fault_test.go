package faults

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCorpus(t *testing.T) {
	all, err := Corpus()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 150 {
		t.Errorf("only %d faults", len(all))
	}
	for _, name := range inCI(t) {
		if !slices.ContainsFunc(all, func(f Fault) bool { return f.Name == name }) {
			t.Errorf("testdata/ci.txt: no fault is called %s", name)
		}
	}
}

// inCI are the names of the faults that every run of the tests takes.
func inCI(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/ci.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"-- break.sh --\nrm x\n-- expect --\nharm out\nsees 502\ncause * x\n", "no words above the first file"},
		{"A.\n-- break.sh --\nrm x\n-- expect --\nharm bad\n", `harm "bad"`},
		{"A.\n-- break.sh --\nrm x\n-- expect --\nharm out\ncause * x\n", "says what a visitor sees"},
		{"A.\n-- break.sh --\nrm x\n-- expect --\nharm risk\n", "no cause"},
		{"A.\n-- expect --\nharm risk\ncause * x\n", "it is the healthy host"},
		{"A.\n-- break.sh --\nrm x\n-- expect --\nharm risk\ncause * (\n", "line 2"},
		{"A.\n-- break.sh --\nrm x\n-- expect --\nsmells bad\n", `"smells"`},
		{"A.\n-- brake.sh --\nrm x\n", "brake.sh"},
		{"A.\n-- break.sh --\nrm x\n-- expect --\nharm none\ncause * x\n", "a healthy variant has no cause"},
		{"A.\n-- break.sh --\nrm x\n-- expect --\nharm out\nsees 502 /cart\ncause a.b x y\n", ""},
	} {
		f, err := Parse("x/y", []byte(c.text))
		switch {
		case c.want == "" && (err != nil || f.Path != "/cart" || f.Sees != "502" || f.Layer() != "x"):
			t.Errorf("%q: %v, %+v", c.text, err, f)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

func told(id, summary, cause string) finding {
	f := finding{ID: id, Key: id + "||", Severity: "high", Status: "fail", Summary: summary}
	if cause != "" {
		f.Cause = &cause
	}
	return f
}

// A row is right for the right reason alone.
func TestJudge(t *testing.T) {
	out, err := Parse("x/out", []byte("A.\n-- break.sh --\nrm x\n-- expect --\nharm out\nsees 502\ncause unit.* user shpo\n"))
	if err != nil {
		t.Fatal(err)
	}
	none := Fault{Name: "x/none", Harm: None}
	both := out
	both.Then = []Expected{{ID: "tls.*", Words: out.Cause[0].Words}}
	cause := told("unit.user", "the user shpo is not there", "")
	other := told("nginx.way", "nobody listens", "")
	for _, c := range []struct {
		fault      Fault
		named, all []finding
		rank       int
		found      bool
		right      bool
	}{
		{out, []finding{cause, other}, []finding{other, cause}, 1, true, true},
		{out, []finding{other, cause}, []finding{other, cause}, 2, true, false},
		{out, []finding{told("nginx.way", "nobody listens", "unit.user||"), cause}, []finding{cause}, 1, true, true}, // consequences do not count
		{out, []finding{told("unit.user", "the user is not there", "")}, nil, 0, false, false},                       // other words
		{out, []finding{told("nginx.way", "the user shpo", "")}, nil, 0, false, false},                               // another check
		{both, []finding{cause}, []finding{cause}, 0, false, false},                                                  // the second is missing
		{none, nil, nil, 0, false, true},
		{none, nil, []finding{other}, 0, false, false},
	} {
		r := Row{Fault: c.fault}
		r.judge(c.named, c.all)
		if r.Rank != c.rank || r.Found != c.found || r.Right() != c.right {
			t.Errorf("%s, %v: rank %d, found %v, right %v", c.fault.Name, c.named, r.Rank, r.Found, r.Right())
		}
	}
	if (Row{Fault: out, Rank: 1, Found: true, Trouble: "the visitor got ok"}).Right() {
		t.Error("what did not break is right")
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	rows := []Row{
		{Fault: Fault{Name: "b/good", Harm: Out}, Saw: "502", Rank: 1, Found: true, Took: time.Second},
		{Fault: Fault{Name: "a/bad", Harm: Out}, Saw: "timeout", Rank: 3, Found: true, First: "x|y", Took: 4 * time.Second},
		{Fault: Fault{Name: "c/apart", Harm: Out, Apart: "it needs two machines"}},
	}
	if err := Table(&b, rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"named first | 1 of 2 | 50.0 %", "first three | 2 of 2", "## Not as it should be", `x\|y`, "- c/apart: it needs two machines", "2 of 2 | 100.0 %"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestSaw(t *testing.T) {
	for out, want := range map[string]string{"200 0": "ok", "204 0": "ok", "502 0": "502", "000 7": "refused", "000 28": "timeout", "000 60": "tls", "000 6": "no-name", "000 52": "cut"} {
		if got := saw(out); got != want {
			t.Errorf("%s: %s, want %s", out, got, want)
		}
	}
}
