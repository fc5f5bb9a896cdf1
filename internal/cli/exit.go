package cli

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/report"
)

// Exit codes, the same in every format. The worst of 5 > 4 > 2 > 1 > 3 > 0 wins.
const (
	exitWell     = 0 // nothing at or above --fail-on
	exitFindings = 1 // a finding at or above --fail-on
	exitUsage    = 2 // a wrong flag or verb, or a file named there that cannot be used
	exitUnseen   = 3 // no deployment found, an unknown at or above --fail-on, or a --host out of reach
	exitRefused  = 4 // of the verbs that change a host: nothing was changed, or all of it was taken back
	exitHalf     = 5 // of the same: not everything could be taken back
)

// exits are those of check, for its help and its page.
var exits = []report.Exit{
	{Code: exitWell, Means: "no finding at or above --fail-on"},
	{Code: exitFindings, Means: "at least one"},
	{Code: exitUsage, Means: "wrong use, a file that cannot be read or written, or an assay.toml that is wrong"},
	{Code: exitUnseen, Means: "no deployment found, a check at or above --fail-on not answered, or --host out of reach"},
}

func exitsText() string {
	var lines []string
	for _, e := range exits {
		lines = append(lines, fmt.Sprintf("  %d  %s", e.Code, e.Means))
	}
	return strings.Join(lines, "\n")
}

// never is the --fail-on that no finding reaches.
const never = "never"

// verdict is the exit code of a report, and the one sentence that says why.
// failOn is a severity's name or never.
func verdict(r report.Report, failOn string) (code int, sentence string) {
	found, unseen := 0, 0
	ids := map[string]bool{} // a check that many subjects left open is one check
	for _, f := range r.Findings {
		if reaches(f.Severity, failOn) {
			found++
		}
	}
	for _, u := range r.Unknown {
		if reaches(u.Severity, failOn) && !ids[u.ID] {
			ids[u.ID] = true
			unseen++
		}
	}
	bad := 0
	for _, p := range r.Problems {
		if p.Bad {
			bad++
		}
	}
	switch {
	case bad > 0:
		return exitUsage, fmt.Sprintf("Exit 2: %s wrong in what is declared; %s besides.", number(bad, "line is", "lines are"), number(found, "finding is "+level(failOn), "findings are "+level(failOn)))
	case found > 0:
		return exitFindings, fmt.Sprintf("Exit 1: %s %s%s.", number(found, "finding is", "findings are"), level(failOn), also(unseen))
	case len(r.Deployments) == 0:
		return exitUnseen, "Exit 3: no deployment was found."
	case unseen > 0:
		return exitUnseen, fmt.Sprintf("Exit 3: %s %s could not be answered%s.", number(unseen, "check that is", "checks that are"), level(failOn), asRoot(r))
	case failOn == never:
		return exitWell, "Exit 0: --fail-on never."
	case len(r.Findings) > 0:
		return exitWell, fmt.Sprintf("Exit 0: no finding is %s.", level(failOn))
	}
	return exitWell, "Exit 0."
}

func reaches(severity, failOn string) bool {
	if failOn == never {
		return false
	}
	s, ok := check.ParseSeverity(severity)
	limit, _ := check.ParseSeverity(failOn)
	return !ok || s >= limit // a severity from a later assay is not made little of
}

func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func level(failOn string) string {
	if failOn == check.Critical.String() {
		return failOn
	}
	return failOn + " or worse"
}

func also(unseen int) string {
	if unseen == 0 {
		return ""
	}
	return fmt.Sprintf("; %d more could not be answered", unseen)
}

// asRoot says that root would see more, if a check that stayed open says so.
func asRoot(r report.Report) string {
	for _, u := range r.Unknown {
		for _, h := range u.Hints {
			if !r.Host.Root && strings.Contains(h, "sudo") {
				return " without root (sudo assay check)"
			}
		}
	}
	return ""
}
