package static

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
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
	_, _ = s.URL.Open(h.Aside()) // another URL, and the location is nobody's
	samples, there := s.Samples.Open(h)
	if !there {
		return check.Failed(fmt.Sprintf("location %s leads to %s, which does not exist", s.Path, s.Dir), remedy(h, s, nil))
	}
	if len(samples) == 0 {
		return check.DoesNotApply("there is no static file to ask for")
	}
	_, _ = s.Own.Look(h.Aside()) // which files are the app's own
	for _, x := range samples {
		if v, said := sample(h, s, x); said {
			return v
		}
	}
	return check.Passed()
}

// sample judges one file; said is false where it is as it should be.
func sample(h *check.Hearing, s *model.Static, x *model.Sample) (v check.Verdict, said bool) {
	st, state := x.Stat.Look(h)
	if state == fact.IsAbsent {
		return check.Failed(fmt.Sprintf("nginx looks for %s at %s, where there is no such file", x.URI, x.File), remedy(h, s, x)), true
	}
	if x.OwnFile != "" && x.OwnFile != x.File {
		own, os := x.OwnStat.Look(h)
		if state == fact.IsKnown && os == fact.IsKnown && (own.Inode != st.Inode || own.Dev != st.Dev) && own.SHA != st.SHA {
			return another(h, s, x), true
		}
	}
	r, _ := x.HTTP.Open(h)
	if r.Status == 403 {
		_, _ = x.Access.Open(h)
	}
	access, as := x.Access.Look(h)
	switch {
	case r.Error != "":
		return check.DoesNotApply("nginx did not answer: " + r.Error), true
	case r.Status == 403 && as == fact.IsKnown && !access.OK:
		return check.DoesNotApply("nginx may not read the file"), true
	case r.Status == 401, r.Status == 403 && s.Guarded():
		return check.CannotTell(fmt.Sprintf("%s answers %d: not everybody may fetch it", x.URI, r.Status), "fetch it as somebody who may"), true
	case r.Status == 429, r.Status == 503:
		return check.CannotTell(fmt.Sprintf("%s answers %d: too many requests, as it seems", x.URI, r.Status), "look again later"), true
	case r.Status == 200 && st.SHA != "" && r.SHA != "" && r.SHA != st.SHA && r.Get("content-encoding") == "":
		return check.Failed(fmt.Sprintf("%s answers with other content than the file %s", x.URI, x.File), reload(s, x)), true
	case r.Status >= 400:
		return check.Failed(fmt.Sprintf("%s answers %d, although %s exists", x.URI, r.Status, x.File), reload(s, x)), true
	}
	return check.Verdict{}, false
}

// another is a file that is not the app's. Beside the app's own path it is that
// of another release; else it may be one that was built from the app's.
func another(h *check.Hearing, s *model.Static, x *model.Sample) check.Verdict {
	said := fmt.Sprintf("nginx serves %s from %s, and the app's own file %s has other content", x.URI, x.File, x.OwnFile)
	if differ(x.File, x.OwnFile) == 1 {
		r := remedy(h, s, x)
		r.Do = "Let nginx and the unit go to the same release; best both through one link, such as current."
		return check.Failed(said, r).Because("Pages of one release come with the CSS and JavaScript of another.")
	}
	r := remedy(h, s, x)
	r.Steps = nil // it may be built from the app's
	return check.Warned(said, r).Breaking(false).
		Because("If it is not built from the app's file by your deployment, pages come with CSS and JavaScript that are not theirs.")
}

// differ counts the folders in which two paths of one length are not alike.
func differ(a, b string) int {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	if len(x) != len(y) {
		return -1
	}
	n := 0
	for i := range x {
		if x[i] != y[i] {
			n++
		}
	}
	return n
}

// remedy points the location at the app's own folder.
func remedy(h *check.Hearing, s *model.Static, x *model.Sample) check.Remedy {
	dir := "<the app's static folder>"
	if own, state := s.Own.Look(h); state == fact.IsKnown {
		dir = own
	}
	block := s.Block()
	r := check.Remedy{
		Do:       "Let the alias name the app's own static folder; location and alias both end in a slash.",
		Commands: []string{fmt.Sprintf("# %s:%d", block.Where, block.Line), "location " + slash(s.Path) + " {", "    alias " + slash(dir) + ";"},
		Verify:   verify(s, x),
		Minutes:  5,
	}
	if s.Source.Where == block.Where && s.Source.Line > block.Line {
		r.Commands = append(r.Commands, fmt.Sprintf("    # in place of line %d: %s", s.Source.Line, s.Source.Text))
	}
	r.Commands = append(r.Commands, "}", "sudo nginx -t && sudo systemctl reload nginx")
	if d := s.Site().Statement(s.Source); strings.HasPrefix(dir, "/") && strings.HasSuffix(s.Path, "/") && d != nil && d.Parent.Name == "location" {
		r.Steps = plan.Nginx("let "+s.Path+" lead to the app's own folder", d).Replace("alias " + slash(dir) + ";")
	}
	return r
}

func slash(s string) string { return strings.TrimSuffix(s, "/") + "/" }

// reload is for a file that is where the configuration on disk says.
func reload(s *model.Static, x *model.Sample) check.Remedy {
	return check.Remedy{
		Do:       "The files and the configuration on disk agree, so nginx has not loaded it, or another block answers: reload it, and see its error log.",
		Commands: []string{"sudo nginx -t && sudo systemctl reload nginx", "sudo tail /var/log/nginx/error.log"},
		Verify:   verify(s, x),
		Minutes:  5,
	}
}

func verify(s *model.Static, x *model.Sample) string {
	uri := slash(s.Path)
	if x != nil {
		uri = x.URI
	}
	scheme := "http://"
	if s.Site().Secure() {
		scheme = "https://"
	}
	host := "localhost"
	if n := s.Site().Names; len(n) > 0 {
		host = n[0]
	}
	return "curl -sI " + scheme + host + uri
}
