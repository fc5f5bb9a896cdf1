package deploy

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/apply"
	"assay/internal/plan"
)

// Past is one turn that the journal tells of.
type Past struct {
	Change   int
	At       time.Time
	By       string
	To, From string // releases
	Back     bool   // To was there already
	State    apply.State
	Why      string // it was taken back
}

// Taken are the turns of a site that the journal has, the newest first.
func Taken(s Site, history []*apply.Entry) (out []Past) {
	for _, e := range history {
		p := Past{Change: e.ID, At: e.Began, By: e.By, Back: true, State: e.State, Why: e.Why}
		for _, step := range e.Plan.All() {
			switch {
			case step.Kind == plan.Link && step.Path == s.Live():
				p.To = strings.TrimSuffix(path.Base(step.Target), ".sock")
			case step.Kind == plan.Link && step.Path == s.Previous():
				p.From = path.Base(step.Target)
			case step.Deed == "release":
				p.Back = false
			}
		}
		if p.To != "" {
			out = append(out, p)
		}
	}
	return out
}

// Bad says why a release is not to serve again by itself; "" where nothing is
// known against it. The last that became of it counts.
func Bad(release string, past []Past) string {
	for _, p := range past {
		switch {
		case p.To == release && p.State == apply.Kept:
			return ""
		case p.To == release && p.State == apply.Undone && p.Why != "":
			return fmt.Sprintf("taken back on %s: %s", day(p.At), p.Why)
		case p.To == release && p.State == apply.Undone && !p.Back:
			return "undone on " + day(p.At)
		case p.From == release && p.Back && p.State == apply.Kept:
			return "rolled back on " + day(p.At)
		}
	}
	return ""
}

// Refused is the newest word against a release of the same files.
func Refused(sum string, past []Past) string {
	for _, p := range past {
		if Same(p.To, sum) {
			return Bad(p.To, past)
		}
	}
	return ""
}

func day(t time.Time) string { return t.Format("2006-01-02 15:04 UTC") }

// Older is the release that a rollback means: the one that is named, or the one
// that served before.
func Older(s Site, name string, past []Past) (string, error) {
	hint := "\nhint: assay releases lists what lies here"
	if name == "" {
		switch why := Bad(s.Before, past); {
		case s.Before == "" || !slices.Contains(s.Kept, s.Before):
			return "", fmt.Errorf("no release served before %s, or it is gone%s", s.Serving, hint)
		case why != "":
			return "", fmt.Errorf("the release before, %s, was %s\nhint: say which one is to serve; assay releases lists what lies here", s.Before, why)
		}
		return s.Before, nil
	}
	found := slices.DeleteFunc(slices.Clone(s.Kept), func(r string) bool { return r != name && !strings.HasPrefix(r, name) && !Same(r, name) })
	switch {
	case len(found) == 0:
		return "", fmt.Errorf("no release %q lies here%s", name, hint)
	case len(found) > 1:
		return "", fmt.Errorf("%q may be %s%s", name, strings.Join(found, " or "), hint)
	case found[0] == s.Serving:
		return "", fmt.Errorf("%s serves already", found[0])
	}
	return found[0], nil
}
