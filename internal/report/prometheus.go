package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"assay/internal/check"
)

// Prometheus writes gauges in the text format (version 0.0.4) for the textfile
// collector of node_exporter, which adds the host by itself.
func Prometheus(w io.Writer, r Report) error {
	var b strings.Builder
	gauge := func(name, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s gauge\n", name, help) }

	gauge("assay_last_run_timestamp_seconds", "When the host was looked at.")
	fmt.Fprintf(&b, "assay_last_run_timestamp_seconds %d\n", r.Host.Seen.Unix())
	gauge("assay_info", "The version that looked.")
	fmt.Fprintf(&b, "assay_info{version=%s} 1\n", label(r.Assay))
	gauge("assay_checks", "Checks by how they ended, a subject each.")
	for _, c := range []struct {
		outcome string
		n       int
	}{{"passed", r.Counts.Passed}, {"finding", r.Counts.Findings}, {"waived", r.Counts.Waived}, {"unknown", r.Counts.Unknown}, {"not_applicable", r.Counts.NotApplicable}} {
		fmt.Fprintf(&b, "assay_checks{outcome=%s} %d\n", label(c.outcome), c.n)
	}
	gauge("assay_findings", "Findings of a deployment by severity; deployment is empty for the host.")
	for _, d := range owners(r) {
		for _, s := range check.SeverityNames() {
			n := 0
			for _, f := range r.Findings {
				if f.Deployment == d && f.Severity == s {
					n++
				}
			}
			fmt.Fprintf(&b, "assay_findings{deployment=%s,severity=%s} %d\n", label(d), label(s), n)
		}
	}
	gauge("assay_breaking", "Findings of a deployment that make requests fail now.")
	for _, d := range owners(r) {
		n := 0
		for _, f := range r.Findings {
			if f.Deployment == d && f.Breaks && f.Status == string(check.Fail) {
				n++
			}
		}
		fmt.Fprintf(&b, "assay_breaking{deployment=%s} %d\n", label(d), n)
	}
	if len(r.Findings) > 0 {
		gauge("assay_finding", "1 for each finding.")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "assay_finding{id=%s,deployment=%s,subject=%s,severity=%s,breaks=\"%t\"} 1\n", label(f.ID), label(f.Deployment), label(f.Subject), label(f.Severity), f.Breaks)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// owners are the deployments, and "" for the host.
func owners(r Report) []string {
	out := []string{""}
	for _, d := range r.Deployments {
		out = append(out, d.Name)
	}
	return out
}

// label is a label's value: inert, quoted, and no longer than a line.
func label(s string) string {
	s = Line(strings.ToValidUTF8(s, string(utf8.RuneError)), lineText, false)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
