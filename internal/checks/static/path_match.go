package static

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "static.path-match",
	Title:    "nginx's location, the URL and the file on disk name the same thing",
	Severity: check.High,
	Stage:    model.StageStatic,
	Breaks:   true,
	Guide:    "000 step 12 and causes: static root misconfigured",
	Why:      "Pages load without their CSS and JavaScript.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).StaticPlaces, pathMatch),
})

func pathMatch(h *check.Hearing, s *model.Static) check.Verdict {
	if !s.Assets() {
		return check.DoesNotApply("not the location of Flask's static files")
	}
	h.Saw(s.Source)
	samples, there := s.Samples.Open(h)
	if !there {
		return check.Failed(fmt.Sprintf("location %s leads to %s, which does not exist", s.Path, s.Dir), remedy(h, s))
	}
	if len(samples) == 0 {
		return check.DoesNotApply("there is no static file to ask for")
	}
	for _, x := range samples {
		if v, bad := sample(h, s, x); bad {
			return v
		}
	}
	return check.Passed()
}

func sample(h *check.Hearing, s *model.Static, x *model.Sample) (check.Verdict, bool) {
	st, state := x.Stat.Look(h)
	if state == fact.IsAbsent {
		return check.Failed(fmt.Sprintf("%s is looked for at %s, where there is no such file", x.URI, x.File), remedy(h, s)), true
	}
	if x.OwnFile != "" && x.OwnFile != x.File {
		own, os := x.OwnStat.Look(h)
		if state == fact.IsKnown && os == fact.IsKnown && (own.Inode != st.Inode || own.Dev != st.Dev) && own.SHA != st.SHA {
			return check.Failed(fmt.Sprintf("%s is served from %s, which is another file than the app's %s", x.URI, x.File, x.OwnFile), remedy(h, s)), true
		}
	}
	r, _ := x.HTTP.Open(h)
	access, as := x.Access.Look(h)
	switch {
	case r.Error != "":
		return check.DoesNotApply("nginx did not answer: " + r.Error), true
	case r.Status == 403 && as == fact.IsKnown && !access.OK:
		return check.DoesNotApply("nginx may not read the file"), true
	case r.Status == 200 && st.SHA != "" && r.SHA != "" && r.SHA != st.SHA && r.Get("content-encoding") == "":
		return check.Failed(fmt.Sprintf("%s answers with other content than the file %s", x.URI, x.File), remedy(h, s)), true
	case r.Status >= 400:
		return check.Failed(fmt.Sprintf("%s answers %d, although %s exists", x.URI, r.Status, x.File), remedy(h, s)), true
	}
	return check.Verdict{}, false
}

func remedy(h *check.Hearing, s *model.Static) check.Remedy {
	dir := "/path/to/app/static"
	if own, state := s.Own.Look(h); state == fact.IsKnown {
		dir = own
	} else if s.Dir != "" {
		dir = strings.TrimSuffix(s.Dir, "/")
	}
	return check.Remedy{
		Do:       "Let the location and the alias both end in a slash, and name the app's own static folder.",
		Commands: []string{fmt.Sprintf("# %s:%d", s.Source.Where, s.Source.Line), "location /static/ {", "    alias " + dir + "/;", "}", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI https://" + s.Site().Subject() + "/static/<a file>",
		Minutes:  5,
	}
}
