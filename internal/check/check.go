// Package check holds the judges: a Check is a question asked of every subject
// that it applies to; a Hearing is one check judging one subject.
package check

import (
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

// Severity says how bad a finding is.
type Severity int

// Severities, from the least.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

// String gives the lower-case name.
func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads a lower-case name.
func ParseSeverity(s string) (Severity, bool) {
	for i, n := range severityNames {
		if n == s {
			return Severity(i), true
		}
	}
	return 0, false
}

// SeverityNames are all names, the least first.
func SeverityNames() []string { return severityNames[:] }

// Check is one question about one kind of subject. It is data; its prose and
// its examples are the story of the same name.
type Check struct {
	ID       string // family.slug, permanent
	Formerly []string
	Title    string // says what is right
	Severity Severity
	Stage    model.Stage // which hop of the request's way it judges
	Breaks   bool        // a fault makes requests fail now, as against a risk
	Guide    string      // the step of the guides that it stands for
	Why      string      // what the fault causes, one sentence
	Cure     Cure        // who can mend it
	Ask      Ask
}

// Cure says where a fault is mended.
type Cure string

// The three places.
const (
	OnHost    Cure = "host"      // configuration or state of this host
	InCode    Cure = "code"      // the app's own code
	Elsewhere Cure = "elsewhere" // DNS provider, hosting firewall ...
)

// Remedy is how a finding is mended: for people to read and to paste.
type Remedy struct {
	Do       string   `json:"do"`                 // what to change, one or two sentences
	Commands []string `json:"commands,omitempty"` // exact, in order; "#" lines are edits to make by hand
	Verify   string   `json:"verify,omitempty"`   // a command that shows that it is mended
	Minutes  int      `json:"minutes"`            // about how long
	Cure     Cure     `json:"cure"`
	// Steps are what assay does itself to mend it, where that can be known; who
	// reads the rest does it by hand.
	Steps []plan.Step `json:"-"`
}

// Outcome is how a hearing ended.
type Outcome string

// The outcomes. Warn and Fail are findings.
const (
	Pass          Outcome = "pass"
	Warn          Outcome = "warn"
	Fail          Outcome = "fail"
	NotApplicable Outcome = "not_applicable"
	Unknown       Outcome = "unknown"
)

// Verdict is what a check says of a subject: see Passed, Failed, Warned, DoesNotApply.
type Verdict struct {
	outcome  Outcome
	summary  string
	why      string
	severity *Severity
	breaks   *bool
	proven   bool
	remedy   Remedy
}

// Passed says that it is right. A hearing in which something stayed unseen
// turns it into unknown.
func Passed() Verdict { return Verdict{outcome: Pass} }

// Proven says that it is right whatever else was not seen: one of several
// facts was enough.
func Proven() Verdict { return Verdict{outcome: Pass, proven: true} }

// DoesNotApply says why the question makes no sense for this subject.
func DoesNotApply(why string) Verdict { return Verdict{outcome: NotApplicable, summary: why} }

// Failed is a finding at the check's severity.
func Failed(summary string, r Remedy) Verdict {
	return Verdict{outcome: Fail, summary: summary, remedy: r}
}

// Warned is a finding one step below the check's severity.
func Warned(summary string, r Remedy) Verdict {
	return Verdict{outcome: Warn, summary: summary, remedy: r}
}

// CannotTell is for evidence that was read and does not decide the question.
func CannotTell(why, hint string) Verdict {
	return Verdict{outcome: Unknown, summary: why, why: hint}
}

// Because says what the fault causes on this host, in place of the check's Why.
func (v Verdict) Because(why string) Verdict { v.why = why; return v }

// At sets the severity, where the catalogue gives one for the case.
func (v Verdict) At(s Severity) Verdict { v.severity = &s; return v }

// Breaking says whether requests fail now, where the check's Breaks does not
// hold for the case.
func (v Verdict) Breaking(now bool) Verdict { v.breaks = &now; return v }

// Subject is what a check is asked about.
type Subject interface {
	// Subject names it without volatile values (no pids, no times).
	Subject() string
	// Node is its place in the model's graph.
	Node() model.Node
}

// Case is one subject put before a check, or the reason why the subjects could
// not be read.
type Case struct {
	Subject Subject
	Judge   func(*Hearing) Verdict
	Unseen  *fact.Why
}

// Ask puts a question to a model: for each deployment, or once for the host
// (then the deployment is nil).
type Ask func(m *model.Model, d *model.Deployment) []Case

// Each asks about every subject that a deployment has.
func Each[S Subject](of func(*model.Deployment) fact.Of[[]S], judge func(*Hearing, S) Verdict) Ask {
	return func(_ *model.Model, d *model.Deployment) []Case {
		if d == nil {
			return nil
		}
		return cases(of(d), judge)
	}
}

// OfHost asks about every subject that the host has, whatever runs on it.
func OfHost[S Subject](of func(*model.Model) fact.Of[[]S], judge func(*Hearing, S) Verdict) Ask {
	return func(m *model.Model, d *model.Deployment) []Case {
		if d != nil {
			return nil
		}
		return cases(of(m), judge)
	}
}

// Both puts the question in two ways: to the host and to each deployment.
func Both(a, b Ask) Ask {
	return func(m *model.Model, d *model.Deployment) []Case { return append(a(m, d), b(m, d)...) }
}

func cases[S Subject](list fact.Of[[]S], judge func(*Hearing, S) Verdict) []Case {
	var n fact.Notes
	subjects, state := list.Look(&n)
	if state == fact.IsUnknown {
		why := n.Why()
		return []Case{{Unseen: &why}}
	}
	out := make([]Case, len(subjects))
	for i, s := range subjects {
		out[i] = Case{Subject: s, Judge: func(h *Hearing) Verdict { return judge(h, s) }}
	}
	return out
}
