package cli

import (
	"io"

	"assay/internal/report"
	"assay/internal/story"
)

// page writes a report as a page, with what it does not know itself.
func (a *app) page(w io.Writer, r report.Report, code int, sentence string, verbose bool) error {
	return report.HTML(w, r, report.HTMLOptions{Verdict: sentence, Exit: code, Exits: exits, Prose: a.told(r), Verbose: verbose})
}

// told is the prose of the story of each check that found something.
func (a *app) told(r report.Report) map[string]string {
	out := map[string]string{}
	for _, f := range r.Findings {
		if _, done := out[f.ID]; done {
			continue
		}
		c, family, err := find(f.ID, a.Works.Families())
		if err != nil {
			continue
		}
		if s, err := story.Of(family, c.ID); err == nil {
			out[f.ID] = s.Prose
		}
	}
	return out
}
