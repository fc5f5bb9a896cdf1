package static

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
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
	Ask:      check.Each((*model.Deployment).StaticSites, readable),
})

func readable(h *check.Hearing, s *model.StaticSite) check.Verdict {
	var stops []stop
	some := false
	for _, p := range s.Places {
		x, any := stopped(h, p)
		some = some || any
		if x == nil {
			continue
		}
		i := slices.IndexFunc(stops, func(o stop) bool { return o.at.Path == x.at.Path })
		if i < 0 {
			i = len(stops)
			stops = append(stops, *x)
		}
		stops[i].places = append(stops[i].places, p.Path)
		if p.Assets() {
			stops[i].assets = append(stops[i].assets, p.Path)
		}
	}
	switch {
	case len(stops) > 0:
		return denied(h, s, stops)
	case !some:
		return check.DoesNotApply("there is no file to read")
	}
	return check.Passed()
}

// stop is where nginx's user gets no further, and what lies behind it.
type stop struct {
	at     tape.Step
	file   string
	places []string
	assets []string    // those that are for style sheets and scripts
	files  []tape.Step // all that are in the way
}

// stopped says where the way to a location's files ends; any says that there is
// something to read.
func stopped(h *check.Hearing, s *model.Static) (x *stop, any bool) {
	h.Saw(s.Source)
	folder, state := s.Enter.Look(h)
	if state == fact.IsKnown && !folder.OK && folder.Error == "permission denied" {
		return &stop{at: last(folder), file: s.Dir}, true
	}
	samples, _ := s.Samples.Look(h)
	for _, f := range samples {
		if r, state := f.Access.Look(h); state == fact.IsKnown && !r.OK && r.Error == "permission denied" {
			if x == nil {
				x = &stop{at: last(r), file: f.File}
			}
			x.files = append(x.files, last(r))
		}
	}
	return x, len(samples) > 0
}

// last is the step that is in the way.
func last(r tape.AccessReport) tape.Step {
	var at tape.Step
	for _, x := range r.Steps {
		if !x.OK {
			at = x
		}
	}
	return at
}

func denied(h *check.Hearing, s *model.StaticSite, stops []stop) check.Verdict {
	user, _ := s.Places[0].Reader.Look(h)
	var said []string
	var opened [][]plan.Step
	r := check.Remedy{Minutes: 3, Do: "Let nginx's user pass through the folder; x is enough, nobody can list it by that."}
	for _, x := range stops {
		kind, right, test := "folder", "x", "ls -d "
		if x.at.Type == "file" {
			kind, right, test = "file", "r", "head -c1 "
			r.Do = "Let nginx's user read the file, and see with which umask it was made: the next one will be the same."
		}
		serve := " serves"
		if len(x.places) > 1 {
			serve = " serve"
		}
		said = append(said, fmt.Sprintf("what %s%s: it does not get past %s (%s, mode %04o, %s:%s)", check.List(x.places), serve, x.at.Path, kind, x.at.Mode, x.at.Owner, x.at.Group))
		acl := "sudo setfacl -m u:" + user.Name + ":" + right + " " + x.at.Path
		if x.at.ACL { // the middle digit of the mode is the ACL's mask there
			r.Commands = append(r.Commands, acl)
		} else {
			r.Commands = append(r.Commands, "sudo chmod o+"+right+" "+x.at.Path, "# or for nginx alone, with the package acl: "+acl)
		}
		r.Verify = "sudo -u " + user.Name + " " + test + x.file
		opened = append(opened, open(x))
	}
	r.Steps = plan.All(opened...)
	return check.Failed("nginx ("+user.Name+") may not read "+strings.Join(said, ", nor "), r)
}

// open lets everybody pass through a folder, or read a file that is there to be
// given to everybody. An access list is somebody's careful choice.
func open(x stop) []plan.Step {
	switch {
	case x.at.ACL:
		return nil
	case x.at.Type == "file":
		if len(x.assets) != len(x.places) {
			return nil
		}
		var out []plan.Step
		for _, f := range x.files {
			out = append(out, plan.Owned("let nginx read "+f.Path, f.Path, "", "", fmt.Sprintf("%04o", f.Mode|0o004))...)
		}
		return out
	}
	return plan.Owned("let nginx pass through "+x.at.Path, x.at.Path, "", "", fmt.Sprintf("%04o", x.at.Mode|0o001))
}
