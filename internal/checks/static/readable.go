package static

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "static.readable",
	Title:    "nginx may read the files that it serves",
	Severity: check.High,
	Stage:    model.StageStatic,
	Breaks:   true,
	Guide:    "000 debugging: file permissions; 001: /home/myapp",
	Why:      "These URLs answer 403 Forbidden: pages without CSS, images that do not show.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).StaticPlaces, readable),
})

func readable(h *check.Hearing, s *model.Static) check.Verdict {
	h.Saw(s.Source)
	folder, _ := s.Enter.Open(h)
	if !folder.OK && folder.Error == "permission denied" {
		return denied(s, s.Dir, folder)
	}
	samples, there := s.Samples.Open(h)
	if !there || len(samples) == 0 {
		return check.DoesNotApply("there is no file to read")
	}
	for _, x := range samples {
		if r, state := x.Access.Look(h); state == fact.IsKnown && !r.OK && r.Error == "permission denied" {
			return denied(s, x.File, r)
		}
	}
	return check.Passed()
}

func denied(s *model.Static, file string, r tape.AccessReport) check.Verdict {
	var at tape.Step
	for _, x := range r.Steps {
		if !x.OK {
			at = x
		}
	}
	right, cmd := "rx", at.Path
	if at.Type == "file" {
		right = "r"
	}
	return check.Failed(fmt.Sprintf("nginx may not read %s: %s (mode %04o, %s:%s) is in the way", file, at.Path, at.Mode, at.Owner, at.Group), check.Remedy{
		Do:       "Let nginx's user pass: on new systems a home folder is closed to others, so keep the app under /srv, or give the folder an ACL.",
		Commands: []string{"sudo setfacl -m u:www-data:" + right + " " + cmd},
		Verify:   "sudo -u www-data head -c1 " + file,
		Minutes:  3,
	})
}
