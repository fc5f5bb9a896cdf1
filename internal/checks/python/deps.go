package python

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "python.deps",
	Title:    "the installed packages are those of requirements.txt, and none has a flaw that strangers reach",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "000 step 1: virtual environment",
	Why:      "What was tested is not what runs: the next installation, on this host or on another, behaves in another way.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Packageds, deps),
})

// flaw is a published one in what handles each request; known as of 2025-06.
type flaw struct{ name, fixed, also, id, what string }

// flaws: also is the version that mends an older line.
var flaws = []flaw{
	{"gunicorn", "22.0.0", "", "CVE-2024-1135", "takes requests in which another one is hidden (Transfer-Encoding)"},
	{"gunicorn", "23.0.0", "", "CVE-2024-6827", "takes requests in which another one is hidden (Transfer-Encoding)"},
	{"werkzeug", "2.2.3", "", "CVE-2023-25577", "lets a form of endlessly many parts take all memory and time"},
	{"werkzeug", "3.0.1", "2.3.8", "CVE-2023-46136", "lets one upload take a worker's whole time"},
	{"werkzeug", "3.0.6", "", "CVE-2024-49767", "lets forms take many times their size of memory"},
	{"flask", "2.3.2", "2.2.5", "CVE-2023-30861", "may let a cache give one visitor's session to another"},
	{"flask-cors", "4.0.2", "", "CVE-2024-6221", "lets public pages into private networks"},
}

func deps(h *check.Hearing, x *model.Packaged) check.Verdict {
	a, ok := x.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if a.Debian == nil {
		return check.CannotTell("tell which packages are Debian's own, which mends them without a new version", "make a new recording with this version of assay")
	}
	pip := a.Prefix + "/bin/pip install "
	r := check.Remedy{Do: "Install what is wanted, in a new virtual environment if you can, and restart.", Minutes: 20, Verify: "sudo assay check --only python.deps"}
	if u := x.UnitName(); u != "" {
		r.Commands = []string{"sudo systemctl restart " + u}
	}
	for _, f := range slices.Backward(flaws) {
		v := a.Dists[f.name]
		if v == "" || a.BySystem(f.name) || !model.Below(v, f.fixed) || f.also != "" && !model.Below(v, f.also) && model.Below(v, line(f.also)) {
			continue
		}
		src := a.Source
		src.Text = f.name + " " + v + " is installed"
		h.Saw(src)
		r.Commands = append([]string{pip + "'" + f.name + ">=" + f.fixed + "'"}, r.Commands...)
		return check.Warned(fmt.Sprintf("%s %s has a known flaw: it %s (%s, mended in %s)", f.name, v, f.what, f.id, f.fixed), r).
			Because("Everybody who can send a request can try. nginx in front keeps some of it out; how much, nobody promises.")
	}
	pins, _ := x.Pins.Look(h.Aside())
	var drift []string
	for _, p := range pins {
		have := a.Dists[p.Name]
		if have == p.Version || have != "" && !model.Below(have, p.Version) && !model.Below(p.Version, have) {
			continue
		}
		h.Saw(p.Source)
		if have == "" {
			drift = append(drift, p.Name+" "+p.Version+" is not installed")
			continue
		}
		drift = append(drift, fmt.Sprintf("%s is %s in place of %s", p.Name, have, p.Version))
	}
	if len(drift) == 0 {
		return check.Passed()
	}
	if len(drift) > 3 {
		drift = append(drift[:3], fmt.Sprintf("%d more", len(drift)-3))
	}
	r.Commands = append([]string{pip + "-r " + pins[0].Source.Where}, r.Commands...)
	return check.Warned("the virtual environment is not what requirements.txt says: "+check.List(drift), r)
}

// line is where the next line of versions begins: "2.4" for "2.3.8".
func line(version string) string {
	next := map[string]string{"2.3.8": "2.4", "2.2.5": "2.3"}
	return next[version]
}
