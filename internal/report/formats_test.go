package report

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/internal/check"
	"assay/internal/regex"
)

func decides(severity string) bool {
	return severity == check.High.String() || severity == check.Critical.String()
}

// sarifSchema is OASIS' own, to which GitHub's code scanning refers.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("testdata/sarif-2.1.0.schema.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(z)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSARIF(t *testing.T) {
	s := sarifSchema(t)
	for name, r := range samples() {
		var b bytes.Buffer
		if err := SARIF(&b, r); err != nil {
			t.Fatal(err)
		}
		if wrong := valid(s, b.String()); wrong != "" {
			t.Errorf("%s: %s", name, wrong)
		}
		for _, u := range r.Unknown {
			if !strings.Contains(b.String(), `"id": "`+u.ID+`"`) {
				t.Errorf("%s: nothing is said of %s", name, u.ID)
			}
		}
	}
	var b bytes.Buffer
	if err := SARIF(&b, downReport()); err != nil {
		t.Fatal(err)
	}
	if valid(s, strings.Replace(b.String(), `"level": "error"`, `"level": "terrible"`, 1)) == "" {
		t.Error("a level that does not exist is valid")
	}
}

func TestJUnit(t *testing.T) {
	for name, r := range samples() {
		var b bytes.Buffer
		if err := JUnit(&b, r, decides); err != nil {
			t.Fatal(err)
		}
		var got junitSuites
		if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		failures, errors := 0, 0
		for _, f := range r.Findings {
			if decides(f.Severity) {
				failures++
			}
		}
		for _, u := range r.Unknown {
			if decides(u.Severity) {
				errors++
			}
		}
		if got.Failures != failures || got.Errors != errors {
			t.Errorf("%s: %d failures and %d errors, want %d and %d", name, got.Failures, got.Errors, failures, errors)
		}
		cases := 0
		for _, s := range got.Suites {
			cases += len(s.Cases)
		}
		if cases != got.Tests {
			t.Errorf("%s: %d tests are %d", name, cases, got.Tests)
		}
	}
}

// sampleLine is a line of the text format (version 0.0.4).
var sampleLine = regex.New(`^[a-z_]+(\{([a-z]+="([^"\\\n]|\\["\\n])*",?)*\})? [0-9]+$`)

func TestPrometheus(t *testing.T) {
	for name, r := range samples() {
		x := r
		x.Findings = slices.Clone(r.Findings)
		for i := range x.Findings {
			x.Findings[i].Subject += "\"\\\n{}"
		}
		var b bytes.Buffer
		if err := Prometheus(&b, x); err != nil {
			t.Fatal(err)
		}
		told := map[string]bool{}
		for l := range strings.Lines(b.String()) {
			l = strings.TrimSuffix(l, "\n")
			if w := strings.Fields(l); strings.HasPrefix(l, "# TYPE ") {
				if told[w[2]] {
					t.Errorf("%s: %s twice", name, w[2])
				}
				told[w[2]] = true
				continue
			}
			if !strings.HasPrefix(l, "# HELP ") && !sampleLine.MatchString(l) {
				t.Errorf("%s: %q is no sample", name, l)
			}
		}
		if !told["assay_last_run_timestamp_seconds"] {
			t.Error("nobody can tell an old file from a new one")
		}
	}
}

func TestNagios(t *testing.T) {
	medium := downReport()
	medium.Findings = medium.Findings[:1]
	medium.Findings[0].Severity = check.Medium.String()
	medium.Unknown = nil
	for _, c := range []struct {
		name string
		r    Report
		code int
		word string
	}{
		{"down", downReport(), NagiosCritical, "ASSAY CRITICAL - "},
		{"well", wellReport(), NagiosOK, "ASSAY OK - "},
		{"empty", emptyReport(), NagiosUnknown, "ASSAY UNKNOWN - "},
		{"medium", medium, NagiosWarning, "ASSAY WARNING - "},
	} {
		var b bytes.Buffer
		code, err := Nagios(&b, c.r, decides)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(b.String(), "\n")
		if code != c.code || !strings.HasPrefix(first, c.word) || strings.Count(b.String(), "|") != 1 {
			t.Errorf("%s: %d %q", c.name, code, b.String())
		}
	}
}

func TestMarkdown(t *testing.T) {
	r := downReport()
	r.Findings[0].Summary = "a | b <script> `x` *bold* @all [link](http://x)"
	r.Findings[0].Remedy.Commands = []string{"echo '```'"}
	var b bytes.Buffer
	if err := Markdown(&b, r, "Exit 1."); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>", " *bold*", "@all", "[link]", "'```'"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("%s stands in\n%s", bad, b.String())
		}
	}
	for _, f := range r.Findings[1:] {
		if !strings.Contains(b.String(), f.ID) {
			t.Errorf("%s is not in it", f.ID)
		}
	}
}
