package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"assay/internal/check"
)

func keys(list []Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, f.Key)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestCompare(t *testing.T) {
	f := func(key, severity string, breaks bool) Finding {
		id, rest, _ := strings.Cut(key, "|")
		d, s, _ := strings.Cut(rest, "|")
		return Finding{ID: id, Key: key, Deployment: d, Subject: s, Severity: severity, Status: string(check.Fail), Breaks: breaks}
	}
	a := Report{Findings: []Finding{f("x.same|d|s", "high", false), f("x.worse|d|s", "low", false), f("x.broke|d|s", "high", false), f("x.gone|d|s", "high", true), f("x.hidden|d|s", "high", true)}}
	b := Report{Findings: []Finding{f("x.same|d|s", "medium", false), f("x.worse|d|s", "high", false), f("x.broke|d|s", "high", true), f("x.new|d|s", "low", false)},
		Unknown: []Unknown{{ID: "x.hidden", Deployment: "d"}}}
	c := Compare(a, b)
	for _, x := range []struct {
		list []Finding
		want string
	}{{c.New, "x.new|d|s"}, {c.Worse, "x.broke|d|s x.worse|d|s"}, {c.Resolved, "x.gone|d|s"}, {c.Unseen, "x.hidden|d|s"}, {c.Unchanged, "x.same|d|s"}} {
		if got := keys(x.list); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
	if got := keys(b.Against(a, "a.json").Findings); got != "x.broke|d|s x.new|d|s x.worse|d|s" {
		t.Errorf("against the baseline: %q", got)
	}
	if c.Quiet() || !Compare(a, a).Quiet() {
		t.Error("what is quiet and what is not")
	}
}

// A report that was written and read again is the same report, and compared
// with itself says nothing.
func TestReadJSON(t *testing.T) {
	for name, r := range samples() {
		var b bytes.Buffer
		if err := JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		again, err := ReadJSON(b.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if keys(again.Findings) != keys(r.Findings) || len(again.Unknown) != len(r.Unknown) {
			t.Errorf("%s: %q is read as %q", name, keys(r.Findings), keys(again.Findings))
		}
		var said bytes.Buffer
		if err := Changed(&said, Compare(r, again), TextOptions{}); err != nil || said.Len() > 0 {
			t.Errorf("%s: %v, and where nothing changed it says\n%s", name, err, said.String())
		}
	}
	for _, bad := range []string{"", "{", "[]", `{"schema":1}`, `{"schema":99,"findings":[]}`} {
		if _, err := ReadJSON([]byte(bad)); err == nil {
			t.Errorf("%q is a report", bad)
		}
	}
}
