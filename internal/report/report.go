// Package report is what an audit says: one value with a published schema, and
// renderers that are pure functions of it.
package report

import (
	"slices"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/diagnose"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

// Schema is the version of the JSON form; it changes when a field changes its
// meaning or goes away, not when one is added.
const Schema = 1

// Report is one audit of one host.
type Report struct {
	Schema      int          `json:"schema"`
	Assay       string       `json:"assay"` // version
	Host        Host         `json:"host"`
	Deployments []Deployment `json:"deployments"`
	Findings    []Finding    `json:"findings"` // worst first, consequences after their cause
	Unknown     []Unknown    `json:"unknown"`  // in JSON's form they stand behind the findings
	Waived      []Waived     `json:"waived"`   // findings that somebody accepts
	Problems    []Problem    `json:"problems"` // what is wrong with the files in which people declare
	Passed      []Passed     `json:"passed,omitempty"`
	Counts      Counts       `json:"counts"`
	Looked      []string     `json:"looked"` // where deployments were looked for
	Asked       []Asked      `json:"asked,omitempty"`
	Baseline    *Baseline    `json:"baseline,omitempty"`
	*Outage                  // of a diagnosis
}

// Baseline says what a report was compared with: it holds what is not in it.
type Baseline struct {
	File     string    `json:"file"`
	Seen     time.Time `json:"seen"`
	Known    int       `json:"known"`    // findings that are in both
	Resolved int       `json:"resolved"` // findings that are not there any more
}

// Host is whom the report is about.
type Host struct {
	Name string    `json:"name"`
	OS   string    `json:"os,omitempty"`
	Seen time.Time `json:"seen"`
	Root bool      `json:"root"` // looked as root
}

// Deployment is one app with its way of a request.
type Deployment struct {
	Name      string   `json:"name"`
	App       string   `json:"app,omitempty"`    // wsgi:app
	Server    string   `json:"server,omitempty"` // gunicorn ...
	Unit      string   `json:"unit,omitempty"`
	Container string   `json:"container,omitempty"`
	Names     []string `json:"names"` // that it is served under
	Path      []Hop    `json:"path"`
}

// Hop is one step of the way: state is ok, warn, broken, unknown or none.
type Hop struct {
	Stage string `json:"stage"`
	Label string `json:"label"`
	State string `json:"state"`
	Text  string `json:"text,omitempty"`
	// On is what the hop stands on.
	On []Ground `json:"on,omitempty"`
}

// Ground is one thing under a hop: its unit, its process, its user, its file.
// State is known, absent or unknown; an unknown one says why.
type Ground struct {
	Kind  string `json:"kind"`
	State string `json:"state"`
	Text  string `json:"text,omitempty"`
	Why   string `json:"why,omitempty"`
}

// The states of a hop.
const (
	OK      = "ok"
	Warning = "warn"
	Broken  = "broken"
	Unseen  = "unknown"
	None    = "none"
)

// Finding is a hearing that found a fault.
type Finding struct {
	ID         string     `json:"id"`
	Key        string     `json:"key"`
	Severity   string     `json:"severity"`
	Status     string     `json:"status"` // fail, warn
	Title      string     `json:"title"`
	Deployment string     `json:"deployment"` // "" for the host
	Subject    string     `json:"subject"`
	Stage      string     `json:"stage"`
	Breaks     bool       `json:"breaks"` // requests fail now, as against a risk
	Summary    string     `json:"summary"`
	Why        string     `json:"why"`
	Evidence   []Evidence `json:"evidence"`
	Cause      *string    `json:"cause"` // key of the finding that masks this one
	Remedy     Remedy     `json:"remedy"`
}

// Evidence is one thing that was seen.
type Evidence struct {
	Where string `json:"where"`
	Line  int    `json:"line,omitempty"`
	Text  string `json:"text,omitempty"`
}

// Remedy is what to do about a finding.
type Remedy = check.Remedy

// Unknown is a check that could not be answered for some subjects, and why.
type Unknown struct {
	ID         string   `json:"id"`
	Severity   string   `json:"severity"`
	Status     string   `json:"status"` // unknown
	Title      string   `json:"title"`
	Deployment string   `json:"deployment"`
	Subject    string   `json:"subject"`
	Stage      string   `json:"stage"`
	Unseen     []string `json:"unseen"` // what stood in the way
	Hints      []string `json:"hints"`  // what would let us see
}

// Key names the unknown as a finding of the same check and subject is named.
func (u Unknown) Key() string {
	return strings.Join([]string{u.ID, u.Deployment, u.Subject}, "|")
}

// Passed is a check that was right of every subject that it was asked about.
type Passed struct {
	ID    string `json:"id"`
	Title string `json:"title"` // what is right
	Times int    `json:"times"` // subjects
}

// Counts are hearings by outcome.
type Counts struct {
	Passed        int            `json:"passed"`
	NotApplicable int            `json:"not_applicable"`
	Unknown       int            `json:"unknown"`
	Findings      int            `json:"findings"`
	Waived        int            `json:"waived"`
	BySeverity    map[string]int `json:"by_severity"`
}

// Asked is one ask with how it ended, for --verbose.
type Asked struct {
	Ask    string `json:"ask"`
	Status string `json:"status"`
	Why    string `json:"why,omitempty"`
	Millis int64  `json:"ms"`
}

// New makes the report of an audit; for an outage, what breaks requests stands
// first, and no cause is waived. ids are today's for every check and its former
// ones; nil where not all were asked.
func New(t *tape.Tape, m *model.Model, hearings []*check.Hearing, d diagnose.Diagnosis, down bool, ids map[string]string) Report {
	r := Report{Schema: Schema, Looked: m.Looked,
		Host: Host{Name: m.Machine.Hostname, OS: m.Machine.OS, Seen: m.Machine.Now, Root: m.Machine.UID == 0}}
	if v, ok := t.Get(tape.Ask{Kind: tape.KindSelf}); ok {
		if visit, err := tape.Decode[tape.Visit](v); err == nil {
			r.Assay = visit.Version
		}
	}
	r.Counts.BySeverity = map[string]int{}
	var found []*check.Hearing
	for _, h := range hearings {
		switch h.Outcome {
		case check.Pass:
			r.Counts.Passed++
		case check.NotApplicable:
			r.Counts.NotApplicable++
		case check.Unknown:
			r.Counts.Unknown++
			r.Unknown = append(r.Unknown, unknown(h))
		case check.Warn, check.Fail:
			r.Counts.Findings++
			r.Counts.BySeverity[h.Severity.String()]++
			found = append(found, h)
		}
	}
	r.Passed = passed(hearings)
	order := d.Order
	if down {
		order = d.Outage
		r.Outage = outage(d.Read(m, hearings), m)
	}
	for _, h := range order(found) {
		r.Findings = append(r.Findings, finding(h, d))
	}
	for _, dep := range m.Deployments {
		r.Deployments = append(r.Deployments, deployment(dep, hearings, d))
	}
	if !down {
		r.waive(m, ids)
	}
	for _, a := range t.Asks() {
		v, _ := t.Get(a)
		r.Asked = append(r.Asked, Asked{Ask: a.String(), Status: string(v.Status), Why: v.Why, Millis: v.Millis})
	}
	return r
}

func finding(h *check.Hearing, d diagnose.Diagnosis) Finding {
	f := Finding{ID: h.Check.ID, Key: h.Key(), Severity: h.Severity.String(), Status: string(h.Outcome),
		Title: h.Check.Title, Deployment: h.Deployment, Subject: h.Subject, Stage: string(h.Check.Stage),
		Breaks: h.Breaks, Summary: h.Summary, Why: h.Why, Evidence: evidence(h.Evidence), Remedy: h.Remedy}
	if c := d.Causes[h.Key()]; c != "" {
		f.Cause = &c
	}
	return f
}

// passed are the checks whose every hearing ended well.
func passed(hearings []*check.Hearing) []Passed {
	var out []Passed
	at, spoilt := map[string]int{}, map[string]bool{}
	for _, h := range hearings {
		spoilt[h.Check.ID] = spoilt[h.Check.ID] || h.Finding() || h.Outcome == check.Unknown
	}
	for _, h := range hearings {
		if h.Outcome != check.Pass || spoilt[h.Check.ID] {
			continue
		}
		i, twice := at[h.Check.ID]
		if !twice {
			i = len(out)
			at[h.Check.ID] = i
			out = append(out, Passed{ID: h.Check.ID, Title: h.Check.Title})
		}
		out[i].Times++
	}
	return out
}

// evidence keeps the sources that say something.
func evidence(src []fact.Source) []Evidence {
	out := []Evidence{}
	for _, s := range src {
		if s.Where == "" || (s.Text == "" && s.Line == 0) {
			continue
		}
		e := Evidence{Where: s.Where, Line: s.Line, Text: s.Text}
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

func unknown(h *check.Hearing) Unknown {
	u := Unknown{ID: h.Check.ID, Severity: h.Check.Severity.String(), Status: "unknown", Title: h.Check.Title,
		Deployment: h.Deployment, Subject: h.Subject, Stage: string(h.Check.Stage), Unseen: []string{}, Hints: []string{}}
	for _, w := range h.Unseen {
		if !slices.Contains(u.Unseen, w.Text) {
			u.Unseen = append(u.Unseen, w.Text)
		}
		if w.Hint != "" && !slices.Contains(u.Hints, w.Hint) {
			u.Hints = append(u.Hints, w.Hint)
		}
	}
	return u
}
