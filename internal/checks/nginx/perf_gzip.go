package nginx

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.perf.gzip",
	Title:    "nginx compresses style sheets and scripts",
	Severity: check.Low,
	Stage:    model.StageStatic,
	Guide:    "001 performance: gzip",
	Why:      "Visitors fetch three to five times as many bytes before they see the page.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Packings, compressed),
})

// worth is the size from which compression is felt.
const worth = 10 << 10

func compressed(h *check.Hearing, p *model.Packing) check.Verdict {
	samples, _ := p.Samples.Open(h)
	if p.Packs() {
		return check.Passed()
	}
	for _, x := range samples {
		r, _ := x.HTTP.Open(h)
		if r.Status != 200 || r.Size < worth || r.Get("content-encoding") != "" || !texts(r.Get("content-type")) {
			continue
		}
		if p.GzipAt.Where != "" {
			h.Saw(p.GzipAt)
		}
		block := p.Block()
		return check.Failed(fmt.Sprintf("nginx sends %s (%d kB) and its like without compressing them: gzip is off", x.URI, r.Size>>10), check.Remedy{
			Do:       "Compress them, and say so for more than HTML, which is all that nginx does by itself.",
			Commands: slices.Concat([]string{"# in the location at " + where(block.Where, block.Line)}, gzip, []string{test}),
			Steps:    packed(p),
			Verify:   "curl -sI -H 'Accept-Encoding: gzip' " + strings.TrimSuffix(p.Site().URL(), "/") + x.URI + " | grep -i content-encoding",
			Minutes:  5,
		})
	}
	return check.Passed()
}

// gzip is for files that hold no secret: beside one, what a visitor sends tells of
// it by the size of the answer (BREACH).
var gzip = []string{"gzip on;", "gzip_vary on;", "gzip_types text/plain text/css application/javascript application/json image/svg+xml;"}

func packed(p *model.Packing) []plan.Step {
	block := p.Location()
	for _, own := range []string{"gzip", "gzip_vary", "gzip_types"} {
		if len(block.Find(own)) > 0 { // somebody's choice
			return nil
		}
	}
	return plan.Nginx("compress the files of "+p.Path, block).Inside(gzip...)
}

func texts(kind string) bool {
	for _, t := range []string{"text/css", "javascript", "json", "image/svg+xml", "text/plain"} {
		if strings.Contains(kind, t) {
			return true
		}
	}
	return false
}
