package upload

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "upload.active-content",
	Title:    "what visitors sent in cannot run as a page of the site",
	Severity: check.High,
	Stage:    model.StageStatic,
	Guide:    "beyond the guides",
	Why:      "A script in it acts as whoever opens the address: it reads his pages, and sends forms in his name.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).ServedUploads, activeContent),
})

func activeContent(h *check.Hearing, x *model.Served) check.Verdict {
	if _, there := x.Files.Open(h); !there {
		return check.DoesNotApply("the folder does not exist")
	}
	for _, f := range x.Active {
		r, state := f.Reply.Look(h)
		if state != fact.IsKnown || r.Status != 200 || !inline(r) {
			continue
		}
		h.Saw(x.Source, x.Told)
		block := x.Block()
		return check.Failed(fmt.Sprintf("%s serves what visitors sent in as a page of the site: %s comes as %s", x.Path, f.URI, kind(r)), check.Remedy{
			Do:       "Let browsers save such files and never show them; a name of its own for uploads, without the site's cookies, is better still. Look who sent the file, and take it away. The app should refuse what it does not need, by content and not by name alone.",
			Commands: []string{fmt.Sprintf("# %s:%d, in location %s (its add_header lines replace those of the server block)", block.Where, block.Line, x.Path), "add_header Content-Disposition attachment always;", "add_header X-Content-Type-Options nosniff always;", "add_header Content-Security-Policy sandbox always;", "sudo nginx -t && sudo systemctl reload nginx", "ls -l '" + f.File + "'"},
			Verify:   "sudo assay check --only upload.active-content",
			Minutes:  15,
		})
	}
	return check.Passed()
}

func kind(r tape.HTTPReply) string {
	k, _, _ := strings.Cut(r.Get("content-type"), ";")
	return strings.ToLower(strings.TrimSpace(k))
}

// inline says that a browser shows an answer as a page of the site's origin.
func inline(r tape.HTTPReply) bool {
	switch k := kind(r); {
	case !strings.Contains(k, "html") && !strings.HasSuffix(k, "xml"):
		return false
	case strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.Get("content-disposition"))), "attachment"):
		return false
	}
	for _, policy := range r.All("content-security-policy") {
		for _, d := range strings.FieldsFunc(strings.ToLower(policy), func(c rune) bool { return c == ';' || c == ',' }) {
			if w := strings.Fields(d); len(w) > 0 && w[0] == "sandbox" && !strings.Contains(d, "allow-same-origin") {
				return false
			}
		}
	}
	return true
}
