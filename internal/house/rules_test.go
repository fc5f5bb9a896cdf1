package house

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"assay/internal/audit"
	"assay/internal/check"
	"assay/internal/checks"
	"assay/internal/facts"
	"assay/internal/model"
	"assay/internal/report"
	"assay/internal/report/htmltest"
	"assay/internal/story"
	"assay/internal/tape"
)

func all() []check.Check {
	var out []check.Check
	for _, f := range checks.All() {
		out = append(out, f.Checks()...)
	}
	return out
}

// render is every form of a report.
func render(t testing.TB, r report.Report) map[string]string {
	t.Helper()
	out := map[string]string{}
	var text, color, narrow, js, page bytes.Buffer
	var sarif, junit, prometheus, nagios, markdown bytes.Buffer
	decides := func(severity string) bool { return severity == "high" || severity == "critical" }
	_, plugin := report.Nagios(&nagios, r, decides)
	for _, f := range []struct {
		name string
		err  error
		b    *bytes.Buffer
	}{
		{"sarif", report.SARIF(&sarif, r), &sarif},
		{"junit", report.JUnit(&junit, r, decides), &junit},
		{"prometheus", report.Prometheus(&prometheus, r), &prometheus},
		{"nagios", plugin, &nagios},
		{"markdown", report.Markdown(&markdown, r, hostile), &markdown},
		{"text", report.Text(&text, r, report.TextOptions{Width: 80, Verbose: true, Unfold: true}), &text},
		{"color", report.Text(&color, r, report.TextOptions{Width: 200, Color: true}), &color},
		{"narrow", report.Text(&narrow, r, report.TextOptions{Width: 40, ASCII: true}), &narrow},
		{"json", report.JSON(&js, r), &js},
		{"html", report.HTML(&page, r, report.HTMLOptions{Verdict: hostile, Verbose: true, Prose: prose(t, r)}), &page},
	} {
		if f.err != nil {
			t.Fatalf("%s: %v", f.name, f.err)
		}
		out[f.name] = f.b.String()
	}
	return out
}

// prose is the stories of a report's findings.
func prose(t testing.TB, r report.Report) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range checks.All() {
		for _, c := range f.Checks() {
			if !slices.ContainsFunc(r.Findings, func(x report.Finding) bool { return x.ID == c.ID }) {
				continue
			}
			s, err := story.Of(f, c.ID)
			if err != nil {
				t.Fatal(err)
			}
			out[c.ID] = s.Prose
		}
	}
	return out
}

// sampled are the cases, under the race detector some of them.
func sampled(t testing.TB) []Case {
	var out []Case
	for i, c := range Cases(t, "../checks") {
		if i%stride == 0 {
			out = append(out, c)
		}
	}
	return out
}

// The same tape twice gives the same bytes, in every form.
func TestSameBytes(t *testing.T) {
	for _, c := range sampled(t) {
		t.Run(c.Title(), func(t *testing.T) {
			t.Parallel()
			tp := c.Tape(t)
			a, _ := audit.Judge(tp, audit.Choice{})
			b, _ := audit.Judge(tp.Clone(), audit.Choice{})
			again := render(t, b)
			for name, text := range render(t, a) {
				if again[name] != text {
					t.Errorf("%s: %s differs", c.Title(), name)
				}
			}
		})
	}
}

// verdicts maps what each hearing was about to how it ended.
func verdicts(tp *tape.Tape) (map[string]check.Outcome, map[string]bool) {
	m := model.Build(facts.Parse(tp))
	out := map[string]check.Outcome{}
	blind := map[string]bool{}
	for _, h := range check.Judge(m, all()) {
		if strings.HasPrefix(h.Summary, check.OwnFault) {
			panic(h.Key() + ": " + h.Summary)
		}
		out[h.Key()] = h.Outcome
		if h.Outcome == check.Unknown {
			blind[h.Check.ID] = true
		}
	}
	return out, blind
}

// blindfold compares the verdicts before and after one answer was hidden, and
// complains when a fail became good or a new finding appeared. Unknown is the
// only way out. Where the subject itself is not seen any more, the check must
// find the fault in another subject of the deployment (a certificate at another
// address) or say that something could not be seen.
func blindfold(before map[string]check.Outcome, after map[string]check.Outcome, blind map[string]bool) []string {
	var out []string
	was, is := places(before), places(after)
	for key, o := range before {
		now, there := after[key]
		id, _, _ := strings.Cut(key, "|")
		switch {
		case !finding(o) || finding(now) || now == check.Unknown:
		case there:
			out = append(out, fmt.Sprintf("%s: %s became %s", key, o, now))
		case !blind[id] && !is[place(key)]:
			out = append(out, fmt.Sprintf("%s: %s vanished, and nothing of the check is unknown", key, o))
		}
	}
	for key, o := range after {
		_, there := before[key]
		if finding(o) && !finding(before[key]) && (there || !was[place(key)]) {
			out = append(out, fmt.Sprintf("%s: new finding (%s)", key, o))
		}
	}
	return out
}

func finding(o check.Outcome) bool { return o == check.Fail || o == check.Warn }

// place is the check and the deployment of a key; the subject after them may
// hold any character.
func place(key string) string {
	p := strings.SplitN(key, "|", 3)
	return p[0] + "|" + p[1]
}

// places are those with a finding.
func places(v map[string]check.Outcome) map[string]bool {
	out := map[string]bool{}
	for key, o := range v {
		if finding(o) {
			out[place(key)] = true
		}
	}
	return out
}

// widespread is how many recordings must hold the same answer for it to be
// hidden in fewer of them; rare and common are the shares: one in so many.
const widespread, rare, common = 20, 12, 60

// hiding says which answers of a recording are hidden: a share of those that are
// its own, and a smaller one of those that many hosts gave alike, others in each
// recording. With BLINDFOLD=all in the environment (make blindfold) it is every one.
func hiding(t *testing.T, cases []Case) func(c Case, a tape.Ask, v tape.Answer) bool {
	if os.Getenv("BLINDFOLD") == "all" {
		return func(Case, tape.Ask, tape.Answer) bool { return true }
	}
	answer := func(a tape.Ask, v tape.Answer) uint64 { return hash(a.String(), string(v.Status), v.Body) }
	held := map[uint64]int{}
	for _, c := range cases {
		tp := c.Tape(t)
		for _, a := range tp.Asks() {
			v, _ := tp.Get(a)
			held[answer(a, v)]++
		}
	}
	return func(c Case, a tape.Ask, v tape.Answer) bool {
		share := uint64(rare)
		if held[answer(a, v)] >= widespread {
			share = common
		}
		return hash(c.Title(), a.String())%share == 0
	}
}

func hash(words ...string) uint64 {
	h := fnv.New64a()
	for _, w := range words {
		fmt.Fprintf(h, "%d:%s", len(w), w)
	}
	return h.Sum64()
}

func TestBlindfold(t *testing.T) {
	cases := sampled(t)
	hide := hiding(t, cases)
	for _, c := range cases {
		t.Run(c.Title(), func(t *testing.T) {
			t.Parallel()
			tp := c.Tape(t)
			before, _ := verdicts(tp)
			for _, a := range tp.Asks() {
				if v, _ := tp.Get(a); v.Status == tape.Unseen || !hide(c, a, v) {
					continue
				}
				hidden := tp.Clone()
				hidden.Put(a, tape.Answer{Status: tape.Unseen, Why: "see " + a.String() + ": permission denied", Hint: "run with sudo"})
				after, blind := verdicts(hidden)
				for _, complaint := range blindfold(before, after, blind) {
					t.Errorf("hiding %s: %s", a, complaint)
				}
			}
		})
	}
}

func TestBlindfoldCatches(t *testing.T) {
	f, p, u := check.Fail, check.Pass, check.Unknown
	for _, c := range []struct {
		before, after map[string]check.Outcome
		blind         map[string]bool
		bad           bool
	}{
		{map[string]check.Outcome{"x|d|s": f}, map[string]check.Outcome{"x|d|s": p}, nil, true},
		{map[string]check.Outcome{"x|d|s": f}, map[string]check.Outcome{}, nil, true},
		{map[string]check.Outcome{"x|d|s": p}, map[string]check.Outcome{"x|d|s": f}, nil, true},
		{map[string]check.Outcome{"x|d|s": f}, map[string]check.Outcome{"x|d|s": u}, nil, false},
		{map[string]check.Outcome{"x|d|s": f}, map[string]check.Outcome{}, map[string]bool{"x": true}, false},
	} {
		if got := blindfold(c.before, c.after, c.blind); (len(got) > 0) != c.bad {
			t.Errorf("%v -> %v: %v", c.before, c.after, got)
		}
	}
}

// hostile is text that a host may answer with to attack who reads the report.
const hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u2066 <script>alert(1)</script> \xff\xfe\x00\r\b\u200b '\"`$(id)"

// Planted in every answer, hostile text leaves all renderers valid and inert.
func TestInert(t *testing.T) {
	for _, c := range sampled(t) {
		t.Run(c.Title(), func(t *testing.T) {
			t.Parallel()
			tp := c.Tape(t)
			for _, a := range tp.Asks() {
				v, _ := tp.Get(a)
				v.Body = plant(v.Body)
				v.Stderr += hostile
				v.Why += hostile
				tp.Put(a, v)
			}
			r, _ := audit.Judge(tp, audit.Choice{})
			for _, u := range r.Unknown {
				if strings.Contains(strings.Join(u.Unseen, " "), check.OwnFault) {
					t.Errorf("%s: %s: %v", c.Title(), u.ID, u.Unseen)
				}
			}
			r.Looked = append(r.Looked, hostile)
			for name, text := range render(t, r) {
				if bad := active(text, name); bad != "" {
					t.Errorf("%s: %s holds %s", c.Title(), name, bad)
				}
				if name == "html" {
					for _, fault := range htmltest.Faults(text) {
						t.Errorf("%s: html: %s", c.Title(), fault)
					}
				}
			}
		})
	}
}

// plant puts hostile text behind each word of JSON strings, or at the end.
func plant(body string) string {
	if strings.HasPrefix(strings.TrimSpace(body), "{") || strings.HasPrefix(strings.TrimSpace(body), "[") {
		q := strings.ReplaceAll(fmt.Sprintf("%q", strings.ToValidUTF8(hostile, "?")), `\x`, `\\x`)
		q = strings.NewReplacer(`\a`, `\u0007`, `\v`, `\u000b`).Replace(q[1 : len(q)-1])
		return strings.ReplaceAll(body, `","`, q+`","`)
	}
	return strings.ReplaceAll(body, "\n", " "+hostile+"\n")
}

// active names a character that a terminal or a browser acts upon.
func active(text, form string) string {
	if !utf8.ValidString(text) {
		return "invalid UTF-8"
	}
	for i, r := range text {
		switch {
		case r == '\n', r == '\x1b' && form == "color" && sgr(text[i:]):
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return fmt.Sprintf("%U", r)
		}
	}
	return ""
}

// sgr says that the escape only sets a colour.
func sgr(s string) bool {
	if !strings.HasPrefix(s, "\x1b[") {
		return false
	}
	i := strings.IndexFunc(s[2:], func(r rune) bool { return (r < '0' || r > '9') && r != ';' })
	return i >= 0 && s[2+i] == 'm'
}

func TestInertCatches(t *testing.T) {
	for _, s := range []string{"\x1b[2J", "a\u202eb", "\x07", "\xff"} {
		if active(s, "color") == "" {
			t.Errorf("%q was let through", s)
		}
	}
	if active("\x1b[31mred\x1b[0m\n", "color") != "" {
		t.Error("our own colours were refused")
	}
}

// The ids that were ever published; they are only added.
func TestGoldenIDs(t *testing.T) {
	golden := ReadLines(t, "testdata/ids.txt")
	have := map[string]bool{}
	for _, c := range all() {
		have[c.ID] = true
		for _, old := range c.Formerly {
			have[old] = true
		}
	}
	for _, id := range golden {
		if !have[id] {
			t.Errorf("%s is gone: rename it with Formerly, or keep it", id)
		}
		delete(have, id)
	}
	for id := range have {
		t.Errorf("%s is new: add it to internal/house/testdata/ids.txt", id)
	}
}

// Everything about a check is filled in.
func TestChecksAreWhole(t *testing.T) {
	for _, c := range all() {
		if c.Title == "" || c.Why == "" || c.Guide == "" || c.Stage == "" || c.Cure == "" || c.Ask == nil {
			t.Errorf("%s lacks a field", c.ID)
		}
		if strings.HasSuffix(c.Title, ".") || c.Title != strings.TrimSpace(c.Title) {
			t.Errorf("%s: title %q", c.ID, c.Title)
		}
	}
}
