package report

import (
	"fmt"
	"io"
	"strings"

	"assay/internal/check"
)

// The return codes of a plugin (Monitoring Plugins' guidelines).
const (
	NagiosOK = iota
	NagiosWarning
	NagiosCritical
	NagiosUnknown
)

// Nagios writes a plugin's answer: one line with its state and performance
// data, then a line for each finding. The state is critical where a finding
// decides, warning where one of medium severity does not, unknown where what
// decides was not seen.
func Nagios(w io.Writer, r Report, decides Decides) (code int, err error) {
	worst := ""
	for _, f := range r.Findings {
		switch {
		case decides(f.Severity):
			code = NagiosCritical
		case f.Severity == check.Medium.String() && code == NagiosOK:
			code = NagiosWarning
		}
		if worst == "" && f.Severity != check.Info.String() {
			worst = ": " + f.Summary
		}
	}
	unseen := 0
	for _, u := range r.Unknown {
		if decides(u.Severity) {
			unseen++
		}
	}
	if code != NagiosCritical && (unseen > 0 || len(r.Deployments) == 0) {
		code = NagiosUnknown
		switch {
		case len(r.Deployments) == 0:
			worst = ": no deployment was found"
		default:
			worst = ": not everything could be seen" + worst
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ASSAY %s - %s", [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[code], count(len(r.Findings), "finding"))
	fmt.Fprintf(&b, "%s |", bar(worst))
	for _, s := range check.SeverityNames() {
		fmt.Fprintf(&b, " %s=%d;;;0", s, r.Counts.BySeverity[s])
	}
	fmt.Fprintf(&b, " unknown=%d;;;0 passed=%d;;;0\n", r.Counts.Unknown, r.Counts.Passed)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %s: %s\n", strings.ToUpper(f.Severity), bar(f.ID+inDeployment(f)), bar(f.Summary))
	}
	for _, u := range r.Unknown {
		fmt.Fprintf(&b, "UNKNOWN %s: %s\n", u.ID, bar(strings.Join(u.Unseen, "; ")))
	}
	_, err = io.WriteString(w, b.String())
	return code, err
}

func inDeployment(f Finding) string {
	if f.Deployment == "" {
		return ""
	}
	return " (" + f.Deployment + ")"
}

// bar is a line without the character that begins performance data.
func bar(s string) string { return strings.ReplaceAll(Line(s, lineText, false), "|", "/") }
