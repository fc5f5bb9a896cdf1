// Package fix makes one plan of what would mend the findings of a report.
//
// It is pure: the same recording gives the same plan. A check says what it
// would do (check.Remedy.Steps); here that becomes exact: which lines of which
// file, as it was seen, and what has to be tried and reloaded then.
package fix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/plan"
	"assay/internal/report"
	"assay/internal/tape"
)

// Make joins the remedies of the findings that are wanted; nil wants all. What
// another finding causes is left to the cause, and what two remedies would
// change in two ways to the one that stands first in the report.
func Make(t *tape.Tape, r report.Report, want func(report.Finding) bool) (plan.Plan, []report.Unmended) {
	p, left := joined(t, r, want, false)
	if refusing(t) && !slices.ContainsFunc(p.Tests, func(x plan.Test) bool { return x.Name == "nginx-test" }) {
		return joined(t, r, want, true)
	}
	return p, left
}

// refusing says that nginx would not take its configuration in as it is.
func refusing(t *tape.Tape) bool {
	for _, a := range t.Asks() {
		if v, _ := t.Get(a); a.Kind == tape.KindCommand && a.Name == "nginx-test" && v.Status == tape.Seen && v.Exit != 0 {
			return true
		}
	}
	return false
}

// reloads says that a remedy is for nginx to take in what is there.
func reloads(f report.Finding) bool {
	return slices.ContainsFunc(f.Remedy.Steps, func(s plan.Step) bool {
		return s.Kind == plan.Unit && s.Unit == "nginx.service" && slices.Contains([]string{"start", "restart", "reload", "reload-or-restart"}, s.Verb)
	})
}

// joined makes the plan; deaf says that nginx will take nothing in.
func joined(t *tape.Tape, r report.Report, want func(report.Finding) bool, deaf bool) (plan.Plan, []report.Unmended) {
	d := &draft{tape: t, files: map[string]*file{}, serve: serving(r)}
	var left []report.Unmended
	for _, f := range r.Findings {
		if want != nil && !want(f) {
			continue
		}
		why := ""
		switch {
		case f.Cause != nil && chosen(r, *f.Cause, want):
			why = ends(*f.Cause)
		case deaf && reloads(f):
			why = "nginx refuses its configuration as it is, and would not take it in: mend that first (sudo nginx -t)"
		case len(f.Remedy.Steps) > 0:
			why = d.add(f)
		case f.Cause != nil:
			why = ends(*f.Cause)
		case f.Remedy.Cure == check.InCode:
			why = "it is in the app's code, which assay never changes"
		case f.Remedy.Cure == check.Elsewhere:
			why = "it lies outside of this host"
		default:
			why = "a person has to decide here"
		}
		if why != "" {
			left = append(left, report.Unmended{Finding: f, Why: why})
		}
	}
	return d.plan(), left
}

func ends(cause string) string {
	id, _, _ := strings.Cut(cause, "|")
	return "it ends with its cause, " + id
}

func chosen(r report.Report, key string, want func(report.Finding) bool) bool {
	i := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.Key == key })
	return i >= 0 && (want == nil || want(r.Findings[i])) && len(r.Findings[i].Remedy.Steps) > 0
}

// draft is a plan in the making.
type draft struct {
	tape  *tape.Tape
	files map[string]*file // by their real path
	steps []plan.Step      // what is no edit, in order
	order []string         // of files
	acts  []plan.Act
	tests []plan.Test
	cures []string
	serve []string // units that requests go through
}

// serving are the units that requests go through.
func serving(r report.Report) []string {
	out := []string{"nginx.service", "apache2.service"}
	for _, dep := range r.Deployments {
		if name, ok := strings.CutSuffix(dep.Unit, ".service"); ok {
			out = append(out, dep.Unit, name+".socket")
		}
	}
	return out
}

// add takes a finding's remedy in, whole or not at all, and says why not.
func (d *draft) add(f report.Finding) (why string) {
	trial := d.clone()
	for _, s := range f.Remedy.Steps {
		if why := trial.take(s, f.Key); why != "" {
			return why
		}
	}
	trial.cures = append(trial.cures, f.Key)
	*d = *trial
	return ""
}

func (d *draft) clone() *draft {
	c := *d
	c.files = map[string]*file{}
	for p, f := range d.files {
		copied := *f
		copied.lines, copied.cures, copied.says = slices.Clone(f.lines), slices.Clone(f.cures), slices.Clone(f.says)
		c.files[p] = &copied
	}
	c.steps, c.order, c.acts, c.tests, c.cures = slices.Clone(d.steps), slices.Clone(d.order), slices.Clone(d.acts), slices.Clone(d.tests), slices.Clone(d.cures)
	return &c
}

func (d *draft) take(s plan.Step, key string) (why string) {
	for _, a := range s.Then {
		d.acts = once(d.acts, a)
	}
	for _, t := range s.Tests {
		d.tests = once(d.tests, t)
	}
	s.Then, s.Tests = nil, nil
	switch s.Kind {
	case plan.Edit, plan.Set:
		return d.text(s, key)
	case plan.Unit:
		d.acts = once(d.acts, plan.Act{Verb: s.Verb, Unit: s.Unit})
		return ""
	}
	for i, o := range d.steps {
		if o.Kind != s.Kind || o.Path != s.Path {
			continue
		}
		o.Cures, o.Say = nil, s.Say
		if !same(o, s) {
			return "another remedy changes " + s.Path + " in another way; look again after it"
		}
		d.steps[i].Cures = append(slices.Clone(d.steps[i].Cures), key)
		return ""
	}
	s.Cures = []string{key}
	d.steps = append(d.steps, s)
	return ""
}

func same(a, b plan.Step) bool {
	return a.Body == b.Body && a.Target == b.Target && a.Owner == b.Owner && a.Group == b.Group && a.Mode == b.Mode
}

func once[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// plan puts the files first, then what makes them count.
func (d *draft) plan() plan.Plan {
	p := plan.Plan{Cures: d.cures, Tests: d.tests}
	for _, name := range d.order {
		p.Steps = append(p.Steps, d.files[name].step(name))
	}
	p.Steps = append(p.Steps, d.steps...)
	acts := d.acts
	for _, s := range p.Steps {
		if strings.HasPrefix(s.Path, "/etc/systemd/system/") {
			acts = once(acts, plan.Act{Verb: "daemon-reload"})
		}
		if strings.HasPrefix(s.Path, "/etc/tmpfiles.d/") {
			acts = once(acts, plan.Act{Verb: "restart", Unit: "systemd-tmpfiles-setup.service"})
		}
	}
	for _, a := range plan.Ordered(strongest(acts)) {
		p.Steps = append(p.Steps, plan.Step{Kind: plan.Unit, Say: d.words(a), Verb: a.Verb, Unit: a.Unit, Cures: []string{}})
	}
	return p
}

// strongest leaves of a unit's reload and restart the one that does both.
func strongest(acts []plan.Act) []plan.Act {
	has := func(verb, unit string) bool { return slices.Contains(acts, plan.Act{Verb: verb, Unit: unit}) }
	return slices.DeleteFunc(slices.Clone(acts), func(a plan.Act) bool {
		switch a.Verb {
		case "reload", "reload-or-restart":
			return has("restart", a.Unit) || a.Verb == "reload" && has("reload-or-restart", a.Unit)
		case "start":
			return has("restart", a.Unit) || has("reload-or-restart", a.Unit)
		}
		return false
	})
}

// words say what a verb does to those who use the site.
func (d *draft) words(a plan.Act) string {
	switch a.Verb {
	case "daemon-reload":
		return "let systemd read its units again"
	case "reload":
		return "let " + a.Unit + " take it in, without losing a request"
	case "reload-or-restart":
		if a.Unit == "nginx.service" {
			return "let nginx take it in, without losing a request; start it where it does not run"
		}
		return "let " + a.Unit + " take it in; start it where it does not run"
	case "restart":
		switch {
		case slices.Contains(d.serve, a.Unit):
			return "restart " + a.Unit + ": requests under way may be lost"
		case plan.Stores(a.Unit):
			return "restart " + a.Unit + ": its connections are cut"
		}
	case "reset-failed":
		return "let systemd forget that " + a.Unit + " failed"
	case "enable":
		return "let " + a.Unit + " start with the machine"
	case "disable":
		return "no longer start " + a.Unit + " with the machine"
	}
	return a.Verb + " " + cmp.Or(a.Unit, "systemd")
}

// real is where a path's end lies, as far as the recording knows.
func (d *draft) real(p string) string {
	a, ok := d.tape.Get(tape.Ask{Kind: tape.KindStat, Name: p})
	if !ok || a.Status != tape.Seen {
		return p
	}
	st, err := tape.Decode[tape.Stat](a)
	if err != nil || st.Real == "" {
		return p
	}
	return st.Real
}

func refused(path, why string) string { return fmt.Sprintf("%s: %s", path, why) }
