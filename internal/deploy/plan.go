package deploy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/plan"
)

// Turn is one release that is to take the place of another.
type Turn struct {
	Site   Site
	To     string // the release
	Source string // the folder that it is made of; "" where it lies here already
	List   string // of its packages, beside its code
	Locked string // the same as pip reads it, where it does not read List itself
	More   []string
	Alike  bool // it needs the packages that the serving one has
	Pages  []Page
	Watch  time.Duration
	Keep   int // releases
	Data   Data
}

// Plan is what a turn does. What can fail comes before anything that a visitor
// could notice, and each part is taken back in reverse: the links before the
// release that they led to.
func (t Turn) Plan() plan.Plan {
	p := plan.Plan{Bar: check.High.String(), Renames: map[string]string{t.Site.Serving: t.To}, Parts: []plan.Plan{t.build(), t.data(), t.start(), t.flip(), t.watch(), t.retire(), t.prune()}}
	if len(t.Data.Unknown) > 0 {
		p.Expects = []string{"db.migrations.current"}
	}
	p.Parts = slices.DeleteFunc(p.Parts, func(s plan.Plan) bool { return len(s.Steps) == 0 })
	return p
}

func (t Turn) build() plan.Plan {
	if t.Source == "" {
		return plan.Plan{}
	}
	s, dir := t.Site, t.Site.Release(t.To)
	var steps []plan.Step
	list := t.List
	if t.Locked != "" {
		list = s.Lock(t.To)
		steps = append(steps, plan.Step{Kind: plan.Write, Say: "write down for pip which packages " + t.List + " names", Path: list, Owner: "root", Group: "root", Mode: "0644", Body: t.Locked})
	}
	venv := plan.Done("install its packages into an environment of its own", "venv", append([]string{dir, s.Account, list}, t.More...)...)
	if t.Alike {
		venv = plan.Done("take over the environment of "+s.Serving+", whose packages are the same", "venv-again", append([]string{dir, s.Account, list, s.Release(s.Serving)}, t.More...)...)
	}
	return plan.Plan{Say: "The release", Steps: append(steps,
		plan.Done("copy the app into a release that nobody but root can change", "release", t.Source, dir),
		venv,
		plan.Done("load it in the sandbox, with the site's own variables", "load", s.Unit(t.To), s.Account),
	)}
}

func (t Turn) start() plan.Plan {
	s, unit := t.Site, t.Site.Unit(t.To)
	return plan.Plan{Say: "Beside the one that serves", Steps: []plan.Step{
		plan.Done("start it at a socket of its own, where no visitor comes", "serve", unit, s.Socket(t.To)),
		plan.Done("see that it answers there as well as the site does now", "prove", append([]string{unit, s.Socket(t.To), s.Domains[0]}, proofs(t.Pages)...)...),
		plan.Done("start it at each boot", "boot", unit),
	}}
}

func (t Turn) flip() plan.Plan {
	s := t.Site
	return plan.Plan{Say: "Its turn", Steps: slices.Concat(
		plan.Linked("keep in mind which release was live before", s.Previous(), s.Release(s.Serving)),
		plan.Linked("let the site's files be its own", s.Current(), s.Release(t.To)),
		plan.Linked("send visitors to it", s.Live(), s.Socket(t.To)))}
}

func (t Turn) watch() plan.Plan {
	pages := watched(t.Pages)
	seconds := int(t.Watch / time.Second)
	if len(pages) == 0 || seconds == 0 {
		return plan.Plan{}
	}
	return plan.Plan{Say: "As visitors have it", Steps: []plan.Step{
		plan.Done(fmt.Sprintf("watch the site for %d s: no worse than before", seconds), "watch", append([]string{t.Site.Unit(t.To), t.Site.Domains[0], fmt.Sprint(seconds)}, pages...)...),
	}}
}

func (t Turn) retire() plan.Plan {
	s := t.Site
	args := []string{s.Unit(s.Serving), s.Socket(s.Serving), s.Domains[0]}
	return plan.Plan{Say: "The release before", Steps: []plan.Step{
		plan.Done("let it finish what it was given, and stop it", "retire", append(args, proofs(t.Pages)...)...),
	}}
}

// prune keeps the release that serves, the one before, and the newest of the others.
func (t Turn) prune() plan.Plan {
	s := t.Site
	old := slices.DeleteFunc(slices.Clone(s.Kept), func(r string) bool { return r == t.To || r == s.Serving })
	var steps []plan.Step
	for _, r := range old[:max(0, len(old)-max(0, t.Keep-2))] {
		steps = append(steps, plan.Done("take the release "+r+" away", "prune", s.Release(r)))
	}
	return plan.Plan{Say: "Room", Steps: steps}
}

// Sentence says what a turn does.
func (t Turn) Sentence() string {
	what := "lets the release %s take the place of %s at https://%s"
	if t.Source == "" {
		what = "lets %s serve again in the place of %s at https://%s"
	}
	return fmt.Sprintf(what, t.To, t.Site.Serving, t.Site.Domains[0])
}

// Notes are what a reader should know of a turn before it begins.
func (t Turn) Notes() []string {
	var ill, out []string
	for _, w := range Lint(t.Data.Pending) {
		out = append(out, "Migration "+w.String()+".")
	}
	if len(t.Data.Unknown) > 0 {
		out = append(out, "The database stays as it is: "+t.To+" does not know its "+strings.Join(t.Data.Unknown, ", ")+
			". What only adds to a schema does not trouble older code; what takes away or renames does.")
	}
	for _, p := range t.Pages {
		if p.Within == 0 {
			ill = append(ill, p.Path+" ("+p.Today+")")
		}
	}
	if len(ill) > 0 {
		out = append(out, "Visitors do not get "+strings.Join(ill, " and ")+" now: it cannot be watched, but for what the release itself answers.")
	}
	return out
}

// Same says that a release was made of the files with this sum.
func Same(release, sum string) bool { return strings.HasSuffix(release, "-"+sum) }
