package apply

import (
	"testing"

	"assay/internal/report"
)

// What could not be seen before either hides no cure.
func TestUnseenCures(t *testing.T) {
	f := report.Finding{ID: "db.connects", Key: "db.connects|shop|PostgreSQL shop", Deployment: "shop", Subject: "PostgreSQL shop"}
	others := report.Unknown{ID: "db.connects", Deployment: "shop"}
	itself := report.Unknown{ID: "db.connects", Deployment: "shop", Subject: "PostgreSQL shop"}
	for name, c := range map[string]struct {
		before, after []report.Unknown
		uncured       int
	}{
		"seen":           {nil, nil, 0},
		"as blind":       {[]report.Unknown{others}, []report.Unknown{others}, 0},
		"blind now":      {nil, []report.Unknown{others}, 1},
		"itself unseen":  {nil, []report.Unknown{itself}, 1},
		"both, one more": {[]report.Unknown{others}, []report.Unknown{others, itself}, 1},
	} {
		_, uncured := Compared(report.Report{Findings: []report.Finding{f}, Unknown: c.before}, report.Report{Unknown: c.after}, []string{f.Key})
		if len(uncured) != c.uncured {
			t.Errorf("%s: %d uncured", name, len(uncured))
		}
	}
}
