package upload

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "upload.path-chain",
	Title:    "nginx serves uploads from where the app puts them",
	Severity: check.Medium,
	Stage:    model.StageStatic,
	Breaks:   true,
	Guide:    "000 step 12: static and media files",
	Why:      "What visitors send in is kept, and answers 404 when they want to see it.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).UploadWays, pathChain),
})

// led lets a location lead to the folder.
func led(w *model.Outlet, folder string) []plan.Step {
	d := w.Site.Statement(w.Static.Source)
	if d == nil || d.Parent.Name != "location" || w.Static.Path != w.Prefix || !strings.HasSuffix(w.Prefix, "/") {
		return nil
	}
	return plan.Nginx("let "+w.Prefix+" lead to where the app keeps uploads", d).Replace("alias " + folder + "/;")
}

func pathChain(h *check.Hearing, x *model.UploadWay) check.Verdict {
	if _, there := x.Stat.Open(h); !there {
		return check.DoesNotApply("the folder does not exist")
	}
	if len(x.Outlets) == 0 {
		_, _ = x.App.Look(h)
		return check.DoesNotApply("no location of nginx's is for them")
	}
	for i := range x.Outlets {
		w := &x.Outlets[i]
		same, known := x.Same(h, w)
		if same || !known {
			continue
		}
		r, state := w.Got.Look(h)
		missing := state == fact.IsKnown && r.Status == 404
		_, dir := w.Stat.Look(h)
		if w.Rule == "" && dir != fact.IsAbsent && !missing {
			continue // a folder of the same name, for something else
		}
		h.Saw(x.Told, w.Static.Source)
		text := fmt.Sprintf("the app keeps uploads in %s, and nginx looks for %s in %s", x.Folder, w.Prefix, w.Dir)
		switch {
		case missing:
			text += fmt.Sprintf(": %s answers 404", w.URI)
		case dir == fact.IsAbsent:
			text += ", which does not exist"
		}
		block := w.Block()
		return check.Failed(text, check.Remedy{
			Do:       "Let the alias name the folder of the app's setting; location and alias both end in a slash.",
			Commands: []string{fmt.Sprintf("# %s:%d", block.Where, block.Line), "location " + w.Prefix + " {", "    alias " + x.Folder + "/;", "}", "sudo nginx -t && sudo systemctl reload nginx"},
			Verify:   "sudo assay check --only upload.path-chain",
			Minutes:  5,
			Steps:    led(w, x.Folder),
		}).Breaking(missing)
	}
	return check.Passed()
}
