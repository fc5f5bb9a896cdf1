package setup_test

import (
	"testing"

	"assay/internal/audit"
	"assay/internal/house"
	"assay/internal/tape"
)

// site is the recording of a host as setup leaves it, after another boot.
const site = "testdata/site13.tape.gz"

// Every check is silent about what setup makes, and none is left without an
// answer. TestSite boots it anew, and records it with -record.
func TestBlueprint(t *testing.T) { blueprint(t, house.ReadTape(t, site)) }

func blueprint(t *testing.T, tp *tape.Tape) {
	t.Helper()
	r, _ := audit.Judge(tp, audit.Choice{})
	if len(r.Deployments) != 1 || len(r.Passed) == 0 {
		t.Errorf("%d deployments, %d answers", len(r.Deployments), len(r.Passed))
	}
	for _, f := range r.Findings {
		t.Errorf("%s: %s", f.ID, f.Summary)
	}
	for _, u := range r.Unknown {
		t.Errorf("unknown: %s: %+v", u.ID, u)
	}
}
