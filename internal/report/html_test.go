package report

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"assay/internal/report/htmltest"
)

var htmlOptions = HTMLOptions{Verdict: verdict, Exit: 1, Exits: []Exit{{0, "no finding at or above --fail-on"}, {1, "at least one"}},
	Prose: map[string]string{
		"systemd.unit.active-enabled": "Why it matters,\nin words.\n\n# Exceptions\n\n- one that goes\n  on\n- two\n\nAs in:\n\n    systemctl cat <unit>\n    # and so on\n\nThe end.",
		"nginx.check-1":               "Not told: nothing was found."}}

func htmlOf(t testing.TB, r Report, o HTMLOptions) string {
	t.Helper()
	var b strings.Builder
	if err := HTML(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// pages are the samples and what else a page must carry.
func pages() map[string]Report {
	out := samples()
	out["everything"], out["twelve"], out["zero"] = everything(), twelveReport(), Report{Schema: Schema}
	return out
}

// twelveReport is a host with twelve deployments, each in another state.
func twelveReport() Report {
	r := Report{Schema: Schema, Assay: "0.1.0", Host: host(), Passed: well(), Counts: Counts{Passed: 210, Findings: 30, BySeverity: map[string]int{"high": 30}}}
	states := []string{OK, OK, Warning, Broken, Unseen, OK, None}
	for i := range 12 {
		d := shop(OK, OK, states[i%7], states[i%5], states[i%4])
		d.Name = fmt.Sprintf("app-%d", i+1)
		d.Names = []string{d.Name + ".example.com"}
		if i == 7 {
			d = Deployment{Name: "boxed", Server: "uwsgi", Container: "docker 3f2a9c", Path: []Hop{{Stage: "gunicorn", Label: "uwsgi", State: Unseen,
				Text: "in a container (docker 3f2a9c): not looked into"}}}
		}
		r.Deployments = append(r.Deployments, d)
	}
	for i := range 30 {
		f := down()[i%5]
		f.ID, f.Cause = fmt.Sprintf("%s-%d", f.ID, i), nil
		f.Breaks = f.Breaks && i < 5
		f.Deployment, f.Key = fmt.Sprintf("app-%d", i%12+1), fmt.Sprint(i)
		r.Findings = append(r.Findings, f)
	}
	return r
}

func TestHTML(t *testing.T) {
	for name, r := range pages() {
		doc := htmlOf(t, r, htmlOptions)
		for _, fault := range htmltest.Faults(doc) {
			t.Errorf("%s: %s", name, fault)
		}
		for _, f := range r.Findings {
			if !strings.Contains(doc, said(f.Summary, proseText).html) {
				t.Errorf("%s: %q is not told", name, f.Summary)
			}
		}
		for _, u := range r.Unknown {
			if !strings.Contains(doc, said(u.ID, shortText).html) {
				t.Errorf("%s: %s is not told", name, u.ID)
			}
		}
	}
}

// TestHTMLGolden keeps the words and their order, without style and script.
func TestHTMLGolden(t *testing.T) {
	for _, name := range []string{"down", "empty", "blind"} {
		doc := htmlOf(t, samples()[name], htmlOptions)
		doc = strings.ReplaceAll(strings.ReplaceAll(doc, pageStyle, ""), pageScript, "")
		doc = regexp.MustCompile(`sha256-[^&]*`).ReplaceAllString(doc, "sha256-")
		doc = regexp.MustCompile(`</?(section|details|li|div|summary|header|main|footer|h[1-4]|ol|ul|tr|p|svg)\b`).ReplaceAllString(doc, "\n$0")
		golden(t, name+".html", doc)
	}
}

// TestHTMLInert: hostile text is text, and changes nothing around it.
func TestHTMLInert(t *testing.T) {
	shape := func(s string) []string {
		r := everything()
		planted(reflect.ValueOf(&r).Elem(), s)
		return htmltest.Shape(htmlOf(t, r, htmlOptions))
	}
	for _, h := range hostile {
		r := everything()
		planted(reflect.ValueOf(&r).Elem(), h)
		checkHTML(t, r, h)
	}
	plain := shape("plain")
	for _, h := range []string{`"><script>alert(1)</script>`, `' onload='x`, "</details></style></script>", "javascript:x", "&lt;b&gt;&#60;", "-->"} {
		if !slices.Equal(shape(h), plain) {
			t.Errorf("%q changes the page", h)
		}
	}
}

func checkHTML(t testing.TB, r Report, planted string) {
	t.Helper()
	doc := htmlOf(t, r, HTMLOptions{Verdict: planted, Exits: []Exit{{1, planted}}, Verbose: true, Prose: map[string]string{r.Findings[0].ID: planted}})
	checkBytes(t, "html", doc, planted)
	for _, fault := range htmltest.Faults(doc) {
		t.Errorf("%.40q: %s", planted, fault)
	}
	if len(doc) > 1<<20 {
		t.Errorf("%.40q: %d bytes of html", planted, len(doc))
	}
}

// TestHTMLCatches: a validator that takes everything proves nothing.
func TestHTMLCatches(t *testing.T) {
	doc := htmlOf(t, downReport(), htmlOptions)
	for _, swap := range [][2]string{{"</h1>", ""}, {"<main>", "<main onclick=x>"}, {`href="#f1"`, `href="http://x"`}, {`href="#f1"`, `href="#f99"`},
		{"</main>", "<script>x</script></main>"}, {"</main>", "<img src=x></main>"}, {"</title>", "</title><!-- -->"}, {"&#39;sha256", "&#39;sha25"},
		{"h2", "h5"}, {`<p class="names">`, `<p class="names"><div></div>`}, {"default-src", "default"}, {"--paper: #fff", "--paper: #ffe"}} {
		if bad := strings.ReplaceAll(doc, swap[0], swap[1]); bad == doc || len(htmltest.Faults(bad)) == 0 {
			t.Errorf("%q for %q is not noticed", swap[1], swap[0])
		}
	}
}

// TestHTMLSize: thirty findings with their stories.
func TestHTMLSize(t *testing.T) {
	o := htmlOptions
	o.Prose = map[string]string{}
	r := twelveReport()
	for _, f := range r.Findings {
		o.Prose[f.ID] = strings.Repeat("words of a story ", 120)
	}
	if n := len(htmlOf(t, r, o)); n > 210<<10 {
		t.Errorf("%d bytes for twelve deployments with thirty findings and stories", n)
	}
	r.Deployments = r.Deployments[:1]
	if n := len(htmlOf(t, r, o)); n > 150<<10 {
		t.Errorf("%d bytes for thirty findings with stories", n)
	}
}

// TestHTMLContrast: WCAG AA for every colour that text has, on both papers.
func TestHTMLContrast(t *testing.T) {
	light, dark, _ := strings.Cut(pageStyle, "prefers-color-scheme")
	for name, css := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z]+): #([0-9a-f]+);`).FindAllStringSubmatch(css, -1) {
			colours[m[1]] = luminance(m[2])
		}
		for _, ink := range []string{"ink", "soft", "ok", "warn", "broken", "unknown", "link"} {
			for _, paper := range []string{"paper", "well"} {
				a, b := colours[ink], colours[paper]
				if ratio := (max(a, b) + .05) / (min(a, b) + .05); ratio < 4.5 {
					t.Errorf("%s: %s on %s has %.1f:1", name, ink, paper, ratio)
				}
			}
		}
	}
}

func luminance(hex string) float64 {
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	var parts [3]float64
	for i := range parts {
		n, _ := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if c := float64(n) / 255; c <= .04045 {
			parts[i] = c / 12.92
		} else {
			parts[i] = math.Pow((c+.055)/1.055, 2.4)
		}
	}
	return .2126*parts[0] + .7152*parts[1] + .0722*parts[2]
}
