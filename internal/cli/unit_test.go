package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/report"
	"assay/internal/tape"
)

func TestVerdict(t *testing.T) {
	shop := []report.Deployment{{Name: "shop"}}
	found := func(s ...string) (out []report.Finding) {
		for _, x := range s {
			out = append(out, report.Finding{Severity: x})
		}
		return out
	}
	unseen := func(s ...string) (out []report.Unknown) {
		for _, x := range s {
			out = append(out, report.Unknown{ID: x, Severity: x, Hints: []string{"run with sudo"}})
		}
		return out
	}
	for name, c := range map[string]struct {
		r      report.Report
		failOn string
		code   int
		says   string
	}{
		"well":             {report.Report{Deployments: shop}, "high", 0, "Exit 0."},
		"below":            {report.Report{Deployments: shop, Findings: found("medium")}, "high", 0, "Exit 0: no finding is high or worse."},
		"at":               {report.Report{Deployments: shop, Findings: found("high", "low")}, "high", 1, "Exit 1: 1 finding is high or worse."},
		"above":            {report.Report{Deployments: shop, Findings: found("critical", "critical")}, "critical", 1, "Exit 1: 2 findings are critical."},
		"nothing here":     {report.Report{}, "high", 3, "Exit 3: no deployment was found."},
		"nothing, never":   {report.Report{}, "never", 3, "Exit 3: no deployment was found."},
		"blind":            {report.Report{Deployments: shop, Unknown: unseen("high", "low")}, "high", 3, "Exit 3: 1 check that is high or worse could not be answered without root (sudo assay check)."},
		"blind below":      {report.Report{Deployments: shop, Unknown: unseen("low")}, "high", 0, "Exit 0."},
		"found beats 3":    {report.Report{Findings: found("high"), Unknown: unseen("high")}, "high", 1, "Exit 1: 1 finding is high or worse; 1 more could not be answered."},
		"never":            {report.Report{Deployments: shop, Findings: found("critical"), Unknown: unseen("high")}, "never", 0, "Exit 0: --fail-on never."},
		"info":             {report.Report{Deployments: shop, Findings: found("info")}, "info", 1, "Exit 1: 1 finding is info or worse."},
		"unknown severity": {report.Report{Deployments: shop, Findings: found("dire")}, "critical", 1, "Exit 1: 1 finding is critical."},
	} {
		code, says := verdict(c.r, c.failOn)
		if code != c.code || says != c.says {
			t.Errorf("%s: %d %q, want %d %q", name, code, says, c.code, c.says)
		}
	}
}

// TestEveryKindIsTold: assay asks leaves out nothing that the tape knows.
func TestEveryKindIsTold(t *testing.T) {
	src, err := os.ReadFile("../tape/tape.go")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{string(tape.KindCommand): true}
	for _, r := range readings() {
		told[string(r.Kind)] = true
	}
	kinds := regexp.MustCompile(`Kind = "([a-z]+)"`).FindAllStringSubmatch(string(src), -1)
	for _, k := range kinds {
		if !told[k[1]] {
			t.Errorf("assay asks does not tell of %q", k[1])
		}
	}
	if len(kinds) < 10 {
		t.Errorf("only %d kinds found in tape.go", len(kinds))
	}
}

func TestWriteFileLeavesNothingHalf(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "report")
	if err := writeFile(name, (&tape.Tape{}).Write); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(name)
	z := &tape.Tape{}
	err := writeFile(name, func(w io.Writer) error {
		_ = z.Write(w)
		return os.ErrDeadlineExceeded
	})
	after, _ := os.ReadFile(name)
	left, _ := os.ReadDir(dir)
	if err == nil || !bytes.Equal(before, after) || len(left) != 1 {
		t.Errorf("err %v, %q became %q, %d files", err, before, after, len(left))
	}
	if info, _ := os.Stat(name); info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if os.Geteuid() != 0 {
		return
	}
	err = writeFile("/dev/null", (&tape.Tape{}).Write)
	if err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("/dev/null: %v", err)
	}
}

func TestSpinnerErasesItself(t *testing.T) {
	var b bytes.Buffer
	a := &app{Env: Env{Stderr: &b, Getenv: func(string) string { return "" },
		IsTerminal: func(int) bool { return true }, Columns: func(int) int { return 60 }}}
	s := a.spinner()
	ask := tape.Ask{Kind: tape.KindDNS, Name: "shop\x1b[2J.example.com", Arg: "A"}
	s.tell(ask, false)
	s.tell(tape.Ask{Kind: tape.KindAddrs}, false)
	time.Sleep(spinAfter + 2*spinEvery)
	s.tell(ask, true)
	s.stop()
	out := b.String()
	if !strings.Contains(out, `waiting for dns shop\x1b`) || !strings.HasSuffix(out, "\r\x1b[K") || strings.Contains(out, "\x1b[2J") {
		t.Errorf("got %q", out)
	}
	for frame := range strings.SplitSeq(out, "\r\x1b[K") {
		if report.Columns(frame) >= 60 {
			t.Errorf("a frame of %d columns: %q", report.Columns(frame), frame)
		}
	}
}

func TestSpinnerNeedsATerminal(t *testing.T) {
	a := &app{Env: Env{Getenv: func(string) string { return "" }, IsTerminal: func(int) bool { return false }}}
	s := a.spinner() // Stderr is nil: a write would panic
	s.tell(tape.Ask{}, false)
	s.stop()
}

// Whoever types assay alone meets every verb.
func TestEveryVerbIsOnTheFirstPage(t *testing.T) {
	var listed []string
	for _, ch := range chapters {
		listed = append(listed, ch.verbs...)
	}
	root := (&app{}).root()
	for _, v := range root.Commands() {
		if !v.Hidden && v.Name() != "help" && !slices.Contains(listed, v.Name()) {
			t.Errorf("assay %s is on no page", v.Name())
		}
	}
}
