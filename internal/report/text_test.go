package report

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func samples() map[string]Report {
	return map[string]Report{"down": downReport(), "well": wellReport(), "empty": emptyReport(),
		"many": manyReport(), "blind": blindReport(), "outage": outageReport(), "waived": waivedReport()}
}

const verdict = "Exit 1: 4 findings are high or worse."

func TestTextGolden(t *testing.T) {
	for name, r := range samples() {
		for _, width := range []int{40, 80, 200} {
			golden(t, fmt.Sprintf("%s-%d.txt", name, width), text(t, r, TextOptions{Width: width, Verdict: verdict}))
		}
		golden(t, name+"-colour.ansi", text(t, r, TextOptions{Width: 80, Color: true, Verdict: verdict}))
		if name != "many" {
			golden(t, name+"-verbose.txt", text(t, r, TextOptions{Width: 80, Verbose: true, Unfold: true, Verdict: verdict}))
		}
		golden(t, name+"-ascii.txt", text(t, r, TextOptions{Width: 80, ASCII: true, Verdict: verdict}))
	}
}

func TestDiagnosisGolden(t *testing.T) {
	for _, width := range []int{40, 80} {
		golden(t, fmt.Sprintf("outage-diagnosis-%d.txt", width), diagnosis(t, outageReport(), TextOptions{Width: width, Verdict: verdict}))
	}
	golden(t, "outage-diagnosis-ascii.txt", diagnosis(t, outageReport(), TextOptions{Width: 80, ASCII: true, Verdict: verdict}))
	well := wellReport()
	well.Outage = &Outage{Symptoms: []Symptom{{Deployment: "shop", URL: "https://shop.example.com", Gets: "200 OK"}}, Confidence: "well", Asked: "504"}
	golden(t, "well-diagnosis.txt", diagnosis(t, well, TextOptions{Width: 80}))
}

func diagnosis(t *testing.T, r Report, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Diagnosis(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func text(t *testing.T, r Report, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it, then run go test -update\n%s", file, got)
	}
}

// TestColourAddsNothing: the same words without the colours.
func TestColourAddsNothing(t *testing.T) {
	for name, r := range samples() {
		plain := text(t, r, TextOptions{Width: 80})
		if got := unpainted(text(t, r, TextOptions{Width: 80, Color: true})); got != plain {
			t.Errorf("%s: colour changes the words", name)
		}
	}
}

// TestWidth: a line is wider than the terminal only for a word or a command
// that must stay whole.
func TestWidth(t *testing.T) {
	for name, r := range samples() {
		for width := 40; width < 130; width += 3 {
			for line := range strings.Lines(text(t, r, TextOptions{Width: width})) {
				line = strings.TrimRight(line, "\n")
				if columns(line) > width && !whole(line) {
					t.Errorf("%s at %d: %q has %d columns", name, width, line, columns(line))
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s at %d: %q ends in a space", name, width, line)
				}
			}
		}
	}
}

func whole(line string) bool {
	f := strings.Fields(line)
	if len(f) == 0 {
		return true
	}
	for _, first := range []string{"sudo", "verify", "systemctl"} {
		if f[0] == first {
			return true
		}
	}
	return len(f) <= 2
}
