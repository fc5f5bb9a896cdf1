package check

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/model"
)

// Hearing is one check judging one subject. It is the witness of the facts, so
// its evidence is whatever was opened.
type Hearing struct {
	Check      *Check
	Deployment string // "" for the host
	Subject    string
	Node       model.Node
	Outcome    Outcome
	Breaks     bool     // requests fail now
	Severity   Severity // of a finding; a warn's is already one step lower
	Summary    string
	Why        string
	Remedy     Remedy
	Evidence   []fact.Source
	Unseen     []fact.Why // what would have been needed
	Cause      string     // after diagnosis: the key of the finding that masks this one
}

// Finding says whether the hearing found a fault.
func (h *Hearing) Finding() bool { return h.Outcome == Warn || h.Outcome == Fail }

// Key names the finding across runs: check, deployment and subject.
func (h *Hearing) Key() string {
	return strings.Join([]string{h.Check.ID, h.Deployment, h.Subject}, "|")
}

// Saw takes what was opened as evidence, each source once.
func (h *Hearing) Saw(src ...fact.Source) {
	for _, s := range src {
		if !slices.Contains(h.Evidence, s) {
			h.Evidence = append(h.Evidence, s)
		}
	}
}

// ended carries a needed unknown out of a check, as testing's FailNow does.
type ended struct{}

// Aside is the hearing as a witness of what may well be as it should: it keeps
// no evidence, and what stayed unseen counts all the same.
func (h *Hearing) Aside() fact.Witness { return aside{h} }

type aside struct{ h *Hearing }

func (aside) Saw(...fact.Source)                 {}
func (a aside) Missed(why fact.Why, needed bool) { a.h.Missed(why, needed) }

// Missed notes what could not be seen; a needed one ends the hearing.
func (h *Hearing) Missed(why fact.Why, needed bool) {
	if !slices.Contains(h.Unseen, why) {
		h.Unseen = append(h.Unseen, why)
	}
	if needed {
		panic(ended{})
	}
}

// Judge hears every check on every subject, in the order of the checks.
func Judge(m *model.Model, checks []Check) []*Hearing {
	var out []*Hearing
	for i := range checks {
		c := &checks[i]
		out = append(out, hearAll(m, nil, c)...)
		for _, d := range m.Deployments {
			out = append(out, hearAll(m, d, c)...)
		}
		for _, why := range m.Blind {
			out = append(out, &Hearing{Check: c, Outcome: Unknown, Subject: "deployments that could not be seen",
				Summary: why.Text, Unseen: []fact.Why{why}})
		}
	}
	return out
}

func hearAll(m *model.Model, d *model.Deployment, c *Check) []*Hearing {
	var out []*Hearing
	for _, k := range c.Ask(m, d) {
		h := &Hearing{Check: c, Severity: c.Severity, Breaks: c.Breaks, Why: c.Why}
		if d != nil {
			h.Deployment = d.Name
		}
		if k.Unseen != nil {
			h.Outcome, h.Summary, h.Unseen = Unknown, k.Unseen.Text, []fact.Why{*k.Unseen}
		} else {
			h.Subject, h.Node = k.Subject.Subject(), k.Subject.Node()
			h.conclude(k.Judge)
		}
		out = append(out, h)
	}
	return out
}

// OwnFault begins the reason of a hearing in which the check itself broke: the
// rest of the audit goes on, and the house tests fail.
const OwnFault = "a fault of assay's own:"

// conclude runs the judge and applies the one rule: who missed something may
// convict on what was seen, but may not acquit.
func (h *Hearing) conclude(judge func(*Hearing) Verdict) {
	v, whole := h.run(judge)
	if len(h.Unseen) > 0 && strings.HasPrefix(h.Unseen[len(h.Unseen)-1].Text, OwnFault) {
		h.Outcome, h.Summary = Unknown, h.Unseen[len(h.Unseen)-1].Text
		return
	}
	if !whole || (len(h.Unseen) > 0 && !v.proven && (v.outcome == Pass || v.outcome == NotApplicable)) {
		h.Outcome, h.Summary = Unknown, h.Unseen[0].Text
		return
	}
	h.Outcome, h.Summary, h.Remedy = v.outcome, v.summary, v.remedy
	if v.severity != nil {
		h.Severity = *v.severity
	} else if v.outcome == Warn && h.Severity > Info {
		h.Severity--
	}
	if v.breaks != nil {
		h.Breaks = *v.breaks
	}
	if v.outcome == Unknown {
		h.Unseen = append(h.Unseen, fact.Why{Text: v.summary, Hint: v.why})
		return
	}
	if v.why != "" {
		h.Why = v.why
	}
	if h.Remedy.Cure == "" {
		h.Remedy.Cure = h.Check.Cure
	}
}

func (h *Hearing) run(judge func(*Hearing) Verdict) (v Verdict, whole bool) {
	defer func() {
		r := recover()
		if _, is := r.(ended); r == nil || is {
			return
		}
		h.Unseen = append(h.Unseen, fact.Why{Text: fmt.Sprintf("%s %v", OwnFault, r),
			Hint: "keep the visit (sudo assay record visit.tape.gz) and report it; it holds no secrets"})
		whole = false
	}()
	return judge(h), true
}
