package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// SchemaFile is the JSON Schema that every report of JSON is valid against:
// `assay schema` prints it.
//
//go:embed schema.json
var SchemaFile []byte

// wire is the published form. What could not be answered stands behind the
// findings in one list, with status unknown: who counts what is not right must
// go out of their way to leave it out.
type wire struct {
	Schema      int           `json:"schema"`
	Assay       string        `json:"assay"`
	Host        Host          `json:"host"`
	Deployments []Deployment  `json:"deployments"`
	Findings    []wireFinding `json:"findings"`
	Waived      []Waived      `json:"waived"`
	Problems    []Problem     `json:"problems"`
	Passed      []Passed      `json:"passed"`
	Counts      Counts        `json:"counts"`
	Looked      []string      `json:"looked"`
	Asked       []Asked       `json:"asked,omitempty"`
	Baseline    *Baseline     `json:"baseline,omitempty"`
	*Outage
}

// wireFinding has every field in every entry, so that a reader needs no cases:
// an unknown has no evidence, cause and remedy; a fault has no unseen and hints.
type wireFinding struct {
	ID         string     `json:"id"`
	Key        string     `json:"key"`
	Severity   string     `json:"severity"`
	Status     string     `json:"status"`
	Title      string     `json:"title"`
	Deployment string     `json:"deployment"`
	Subject    string     `json:"subject"`
	Stage      string     `json:"stage"`
	Breaks     bool       `json:"breaks"`
	Summary    string     `json:"summary"`
	Why        string     `json:"why"`
	Evidence   []Evidence `json:"evidence"`
	Cause      *string    `json:"cause"`
	Remedy     *Remedy    `json:"remedy"`
	Unseen     []string   `json:"unseen"`
	Hints      []string   `json:"hints"`
}

// JSON writes a report for programs: UTF-8, indented, the fields in one order.
// Invalid UTF-8 becomes U+FFFD, and what a terminal could act on is written as
// an escape, so that `cat report.json` is harmless too. Errors are w's.
func JSON(w io.Writer, r Report) error {
	return WriteJSON(w, wired(r))
}

// WriteJSON writes any value as JSON does reports: for the other verbs.
func WriteJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	_, err := w.Write(escape(b.Bytes()))
	return err
}

func wired(r Report) wire {
	out := wire{Schema: r.Schema, Assay: r.Assay, Host: r.Host, Deployments: list(r.Deployments),
		Findings: []wireFinding{}, Waived: list(r.Waived), Problems: list(r.Problems), Passed: list(r.Passed), Counts: r.Counts, Looked: list(r.Looked), Asked: r.Asked, Baseline: r.Baseline, Outage: r.Outage}
	out.Deployments = append([]Deployment{}, out.Deployments...)
	for i := range out.Deployments {
		d := &out.Deployments[i]
		d.Names, d.Path = list(d.Names), list(d.Path)
	}
	if out.Counts.BySeverity == nil {
		out.Counts.BySeverity = map[string]int{}
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, wireFinding{ID: f.ID, Key: f.Key, Severity: f.Severity, Status: f.Status,
			Title: f.Title, Deployment: f.Deployment, Subject: f.Subject, Stage: f.Stage, Breaks: f.Breaks,
			Summary: f.Summary, Why: f.Why, Evidence: list(f.Evidence), Cause: f.Cause, Remedy: &f.Remedy,
			Unseen: []string{}, Hints: []string{}})
	}
	out.Waived = append([]Waived{}, out.Waived...)
	for i := range out.Waived {
		out.Waived[i].Evidence = list(out.Waived[i].Evidence)
	}
	for _, u := range r.Unknown {
		f := wireFinding{ID: u.ID, Key: u.Key(), Severity: u.Severity, Status: "unknown", Title: u.Title,
			Deployment: u.Deployment, Subject: u.Subject, Stage: u.Stage, Evidence: []Evidence{},
			Unseen: list(u.Unseen), Hints: list(u.Hints)}
		if len(u.Unseen) > 0 {
			f.Summary = u.Unseen[0]
		}
		out.Findings = append(out.Findings, f)
	}
	return out
}

// list is [] in JSON, never null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// escape writes what is not printable as \uXXXX. Outside of strings JSON is
// ASCII, so every such rune is within one.
func escape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		switch {
		case r < 0x7f, unicode.IsPrint(r) && !blank(r):
			out = append(out, b[:size]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		b = b[size:]
	}
	return out
}
