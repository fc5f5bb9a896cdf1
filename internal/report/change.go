package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/internal/check"
)

// ReadJSON reads a report that JSON wrote, from this version or an older one.
func ReadJSON(b []byte) (Report, error) {
	var x wire
	if err := json.Unmarshal(b, &x); err != nil {
		return Report{}, fmt.Errorf("it is no report in JSON: %w", err)
	}
	switch {
	case x.Schema == 0 || x.Findings == nil:
		return Report{}, errors.New("it is JSON, and no report of assay check --format json")
	case x.Schema > Schema:
		return Report{}, fmt.Errorf("it was written by a later assay (schema %d, this one reads %d)", x.Schema, Schema)
	}
	r := Report{Schema: x.Schema, Assay: x.Assay, Host: x.Host, Deployments: x.Deployments, Waived: x.Waived, Problems: x.Problems, Passed: x.Passed, Counts: x.Counts, Looked: x.Looked}
	for _, f := range x.Findings {
		if f.Status == string(check.Unknown) {
			r.Unknown = append(r.Unknown, Unknown{ID: f.ID, Severity: f.Severity, Status: f.Status, Title: f.Title, Deployment: f.Deployment,
				Subject: f.Subject, Stage: f.Stage, Unseen: f.Unseen, Hints: f.Hints})
			continue
		}
		out := Finding{ID: f.ID, Key: f.Key, Severity: f.Severity, Status: f.Status, Title: f.Title, Deployment: f.Deployment, Subject: f.Subject,
			Stage: f.Stage, Breaks: f.Breaks, Summary: f.Summary, Why: f.Why, Evidence: f.Evidence, Cause: f.Cause}
		if f.Remedy != nil {
			out.Remedy = *f.Remedy
		}
		r.Findings = append(r.Findings, out)
	}
	return r, nil
}

// Change is what became of the findings between two looks.
type Change struct {
	Before    Host      `json:"before"`
	After     Host      `json:"after"`
	New       []Finding `json:"new"`
	Worse     []Finding `json:"worse"`     // more severe than before, or requests fail by it now
	Resolved  []Finding `json:"resolved"`  // it was looked for, and is not there any more
	Unseen    []Finding `json:"unseen"`    // it may be there still: that could not be seen this time
	Unchanged []Finding `json:"unchanged"` // as it is now
}

// Compare says what became of a's findings in b. Two findings are the same where
// check, deployment and subject are; the words may differ.
func Compare(a, b Report) Change {
	c := Change{Before: a.Host, After: b.Host, New: []Finding{}, Worse: []Finding{}, Resolved: []Finding{}, Unseen: []Finding{}, Unchanged: []Finding{}}
	for _, f := range b.Findings {
		i := slices.IndexFunc(a.Findings, func(o Finding) bool { return o.Key == f.Key })
		switch {
		case i < 0:
			c.New = append(c.New, f)
		case f.worse(a.Findings[i]):
			c.Worse = append(c.Worse, f)
		default:
			c.Unchanged = append(c.Unchanged, f)
		}
	}
	for _, f := range a.Findings {
		switch {
		case slices.ContainsFunc(b.Findings, func(o Finding) bool { return o.Key == f.Key }):
		case slices.ContainsFunc(b.Waived, func(o Waived) bool { return o.Key == f.Key }):
			c.Unchanged = append(c.Unchanged, f)
		case slices.ContainsFunc(b.Unknown, func(u Unknown) bool { return u.ID == f.ID && (u.Deployment == f.Deployment || u.Deployment == "") }):
			c.Unseen = append(c.Unseen, f)
		default:
			c.Resolved = append(c.Resolved, f)
		}
	}
	return c
}

func (f Finding) worse(than Finding) bool {
	now, _ := check.ParseSeverity(f.Severity)
	was, _ := check.ParseSeverity(than.Severity)
	fails := string(check.Fail)
	return now > was || f.Breaks && f.Status == fails && !(than.Breaks && than.Status == fails)
}

// Quiet says that nothing became better or worse.
func (c Change) Quiet() bool { return len(c.New)+len(c.Worse)+len(c.Resolved)+len(c.Unseen) == 0 }

// ChangeJSON writes a change for programs.
func ChangeJSON(w io.Writer, c Change) error { return WriteJSON(w, c) }

// Changed writes a change for people: nothing where nothing changed.
func Changed(w io.Writer, c Change, o TextOptions) error {
	if c.Quiet() {
		return nil
	}
	p := newPage(o)
	p.para("", 0, p.clean(c.After.Name, shortText)+", "+c.After.Seen.UTC().Format("2 Jan 2006 15:04 UTC")+", against "+c.Before.Seen.UTC().Format("2 Jan 2006 15:04 UTC"), faint)
	if c.Before.Name != c.After.Name {
		p.para("", 0, p.clean("Two hosts: "+c.Before.Name+" before, "+c.After.Name+" after.", proseText), caution)
	}
	p.blank()
	for _, part := range []struct {
		word string
		list []Finding
	}{{"New", c.New}, {"Worse", c.Worse}, {"Resolved", c.Resolved}, {"Could not be seen this time", c.Unseen}} {
		if len(part.list) == 0 {
			continue
		}
		p.heading(part.word)
		for _, f := range part.list {
			p.para("  "+p.severity(f.Severity)+"  ", 12, p.clean(f.Summary, lineText)+" ("+p.clean(f.ID, shortText)+")", none)
		}
		p.blank()
	}
	if n := len(c.Unchanged); n > 0 {
		p.para("", 0, count(n, "finding")+" as before.", faint)
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// Against leaves of a report what is not in a baseline, and says how much of it
// is known. What was unknown then and is now is known, too.
func (r Report) Against(base Report, name string) Report {
	c := Compare(base, r)
	keep := map[string]bool{}
	for _, f := range slices.Concat(c.New, c.Worse) {
		keep[f.Key] = true
	}
	r.Baseline = &Baseline{File: name, Seen: base.Host.Seen, Known: len(c.Unchanged), Resolved: len(c.Resolved)}
	r.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return !keep[f.Key] })
	r.Unknown = slices.DeleteFunc(slices.Clone(r.Unknown), func(u Unknown) bool {
		return slices.ContainsFunc(base.Unknown, func(o Unknown) bool { return o.Key() == u.Key() })
	})
	r.Counts.BySeverity = map[string]int{}
	for _, f := range r.Findings {
		r.Counts.BySeverity[f.Severity]++
	}
	r.Counts.Findings, r.Counts.Unknown = len(r.Findings), len(r.Unknown)
	return r
}

// Renamed puts today's ids in the place of those that checks had before.
func (r Report) Renamed(now map[string]string) Report {
	r.Findings, r.Unknown = slices.Clone(r.Findings), slices.Clone(r.Unknown)
	for i, f := range r.Findings {
		if id := now[f.ID]; id != "" {
			r.Findings[i].Key = id + strings.TrimPrefix(f.Key, f.ID)
			r.Findings[i].ID = id
		}
	}
	for i, u := range r.Unknown {
		if id := now[u.ID]; id != "" {
			r.Unknown[i].ID = id
		}
	}
	return r
}

// IsJSON says that a file may be a report, as against a recording, whose first
// line says what it is.
func IsJSON(b []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) && !bytes.HasPrefix(bytes.TrimSpace(b), []byte(`{"tape":`))
}

// compared says what a baseline kept out of the report.
func (p *page) compared(b *Baseline) {
	if b == nil {
		return
	}
	text := "Against " + b.File + " of " + b.Seen.UTC().Format("2 Jan 2006 15:04 UTC") + ": " + count(b.Known, "finding") + " known and not told again"
	if b.Resolved > 0 {
		text += ", " + count(b.Resolved, "finding") + " resolved"
	}
	p.para("", 0, p.clean(text+".", proseText), faint)
}
