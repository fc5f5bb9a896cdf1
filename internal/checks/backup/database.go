package backup

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "backup.database",
	Title:    "the app's database is dumped every day, and the dumps are whole",
	Severity: check.Critical,
	Stage:    model.StageData,
	Guide:    "000 step 19: automated backups of the database",
	Why:      "What is lost by a wrong migration, a broken disk or an intruder stays lost.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Backups, database),
})

// Ages of the newest backup: a day with some room, and three days.
const (
	fresh = 26 * time.Hour
	stale = 72 * time.Hour
)

// grade is how well one job keeps a database, the best first.
type grade int

const (
	well   grade = iota
	unseen       // it may be well
	early        // its time has not come
	worse
	bad
)

func database(h *check.Hearing, x *model.Backup) check.Verdict {
	h.Saw(x.Store.Told)
	var best *finding
	for _, d := range x.Dumpers {
		f := judge(h.Aside(), x, d)
		if best == nil || f.grade < best.grade {
			best = &f
		}
	}
	switch {
	case best != nil && best.grade == well:
		best.evidence(h)
		return check.Proven()
	case best == nil:
		return none(h, x)
	case best.grade == unseen:
		best.evidence(h)
		return check.CannotTell(best.says, best.hint)
	}
	x.Store.Used.Open(h)
	x.Searched.Open(h.Aside()) // a better one may be where we could not look
	best.evidence(h)
	switch {
	case best.grade == early:
		return check.Warned(best.says, best.remedy).At(check.Medium).Because("Whether it works shows only once it has run: until then there is nothing to restore.")
	case best.grade == worse:
		return check.Warned(best.says, best.remedy)
	}
	return check.Failed(best.says, best.remedy)
}

// none: no job was found that takes the database's data out.
func none(h *check.Hearing, x *model.Backup) check.Verdict {
	switch {
	case len(x.Doubts) > 0:
		for _, d := range x.Doubts {
			h.Saw(d)
		}
		return check.CannotTell(fmt.Sprintf("%s: %s may back it up; what it does is not to be seen from here", x.Name(), x.Doubts[0].Where),
			"see that it dumps the database (a copy of the server's files while it runs cannot be restored), and restore one")
	case !x.Here:
		return check.CannotTell(fmt.Sprintf("%s is on %s: its backups are made there, or by who runs it", x.Name(), x.Store.Host),
			"look at the provider's page of backups: how old is the newest, how far back can you go, and did a restore work")
	}
	if _, said := x.Said.Open(h); said {
		return check.Passed()
	}
	x.Store.Used.Open(h)
	x.Searched.Open(h)
	return check.Failed("nothing on this host backs up "+x.Name(), nightly(x))
}

// finding is what one job comes to.
type finding struct {
	grade  grade
	says   string
	hint   string
	remedy check.Remedy
	seen   []fact.Source
}

func (f finding) evidence(h *check.Hearing) { h.Saw(f.seen...) }

// judge looks at what a job has made; where it makes no file on this host, at
// how it ended.
func judge(w fact.Witness, x *model.Backup, d *model.Dumping) finding {
	seen := []fact.Source{d.Job.Place, d.Source}
	if d.Raw {
		return finding{worse, fmt.Sprintf("%s is backed up by %s, which copies it in the middle of a change", x.Name(), d.Tool), "", consistent(x, d), seen}
	}
	files, state := d.Files.Look(w)
	switch state {
	case fact.IsUnknown:
		var n fact.Notes
		d.Files.Look(&n)
		return finding{unseen, n.Why().Text, n.Why().Hint, check.Remedy{}, seen}
	case fact.IsAbsent:
		return byResult(w, x, d, seen)
	}
	own := slices.DeleteFunc(slices.Clone(files), func(f model.Dumped) bool { holds, _ := x.Is(d, f); return !holds })
	f := byFiles(w, x, d, files, own)
	f.seen = append(seen, f.seen...)
	return f
}

func byFiles(w fact.Witness, x *model.Backup, d *model.Dumping, all, own []model.Dumped) finding {
	folder := d.Targets[0].Folder
	if len(own) == 0 {
		if len(all) > 0 {
			holds := all[0].Database
			if holds == "" {
				holds = check.List(d.Bases)
			}
			return finding{grade: bad, says: fmt.Sprintf("the dumps in %s hold the database %s, and not %s", folder, holds, x.Name()), remedy: repair(x, d), seen: []fact.Source{place(all[0])}}
		}
		if busy(w, d) {
			return finding{grade: well}
		}
		if d.Job.Service != "" && d.Job.Never == "" && d.Job.Last.IsZero() && because(w, d, time.Time{}) == "" {
			return finding{grade: early, says: fmt.Sprintf("there is no dump of %s in %s yet: %s has not run once", x.Name(), folder, d.Job.Name), remedy: first(d)}
		}
		return finding{grade: bad, says: fmt.Sprintf("there is no dump of %s in %s%s", x.Name(), folder, because(w, d, time.Time{})), remedy: repair(x, d)}
	}
	newest := own[0]
	out := finding{grade: bad, remedy: repair(x, d), seen: []fact.Source{place(newest)}}
	age := x.Now.Sub(newest.MTime)
	shrunk := shrinks(own)
	switch failed := because(w, d, newest.MTime); {
	case busy(w, d) && newest.Problem == "":
		out.grade = well
	case newest.Problem != "":
		out.says = fmt.Sprintf("the newest dump of %s in %s is worthless: %s", x.Name(), newest.Folder, newest.Problem)
	case age > stale:
		out.says = fmt.Sprintf("the newest dump of %s in %s is %s old%s", x.Name(), newest.Folder, x.When(newest.MTime), failed)
	case strings.HasPrefix(failed, failedRun):
		out.says = fmt.Sprintf("the last dump of %s failed: %s", x.Name(), strings.TrimPrefix(failed, failedRun))
	case age > fresh:
		out.grade, out.says = worse, fmt.Sprintf("the newest dump of %s in %s is %s old%s", x.Name(), newest.Folder, x.When(newest.MTime), failed)
	case d.Job.Never != "":
		out.grade, out.says = worse, fmt.Sprintf("nothing makes the next dump of %s: %s", x.Name(), d.Job.Never)
	case shrunk != "":
		out.grade, out.says = worse, fmt.Sprintf("the newest dump of %s in %s is %s", x.Name(), newest.Folder, shrunk)
	case newest.Unseen != "":
		out.grade, out.says = unseen, newest.Unseen
	default:
		var n fact.Notes
		if _, state := d.Unit.Look(&n); state == fact.IsUnknown {
			out.grade, out.says, out.hint = unseen, n.Why().Text, n.Why().Hint
			break
		}
		out.grade = well
	}
	return out
}

// shrinks compares the newest dump with the median of the ones before.
func shrinks(own []model.Dumped) string {
	var sizes []int64
	for _, f := range own[1:] {
		if f.Problem == "" {
			sizes = append(sizes, f.Size)
		}
	}
	if len(sizes) < 3 || own[0].Kind == "pg_dump -Fd" {
		return ""
	}
	slices.Sort(sizes)
	median := sizes[len(sizes)/2]
	if own[0].Size*2 >= median {
		return ""
	}
	return fmt.Sprintf("%d %% of the size of the ones before", own[0].Size*100/median)
}

const failedRun = ", since "

// because says why there is no newer dump, where the job itself tells.
func because(w fact.Witness, d *model.Dumping, since time.Time) string {
	if d.Job.Never != "" {
		return ": " + d.Job.Never
	}
	u, state := d.Unit.Look(w)
	if state != fact.IsKnown || u["Result"] == "" || u["Result"] == "success" || !u.Time("InactiveEnterTimestamp").After(since) {
		return ""
	}
	return failedRun + d.Job.Service + " ended with " + result(u["Result"], u["ExecMainStatus"])
}

func result(what, status string) string {
	if what == "exit-code" {
		return "status " + status
	}
	return what
}

// busy: a dump is being made right now.
func busy(w fact.Witness, d *model.Dumping) bool {
	u, state := d.Unit.Look(w)
	return state == fact.IsKnown && u["ActiveState"] == "activating"
}

// byResult judges a job whose backups lie elsewhere, or in a form of their own.
func byResult(w fact.Witness, x *model.Backup, d *model.Dumping, seen []fact.Source) finding {
	u, state := d.Unit.Look(w)
	if d.Job.Never != "" {
		return finding{bad, fmt.Sprintf("nothing backs up %s: %s", x.Name(), d.Job.Never), "", repair(x, d), seen}
	}
	if state != fact.IsKnown {
		return finding{grade: unseen, says: fmt.Sprintf("cron runs %s for %s; how that ended, and what it made, is not to be seen from here", d.Tool, x.Name()),
			hint: "look at what it has made; a systemd timer would keep the result of each run", seen: seen}
	}
	age := x.Now.Sub(d.Job.Last)
	switch {
	case len(d.Bases) > 0 && !d.All && !slices.ContainsFunc(d.Bases, func(n string) bool { return n == x.Store.Database }):
		return finding{bad, fmt.Sprintf("%s backs up the database %s, and not %s", d.Job.Service, check.List(d.Bases), x.Name()), "", repair(x, d), seen}
	case u["Result"] != "success":
		return finding{bad, fmt.Sprintf("the last backup of %s failed: %s ended with %s", x.Name(), d.Job.Service, result(u["Result"], u["ExecMainStatus"])), "", repair(x, d), seen}
	case d.Job.Last.IsZero():
		return finding{grade: unseen, says: d.Job.Name + " has not run yet", hint: "sudo systemctl start " + d.Job.Service, seen: seen}
	case age > stale:
		return finding{bad, fmt.Sprintf("the last backup of %s is %s old", x.Name(), x.When(d.Job.Last)), "", repair(x, d), seen}
	case age > fresh:
		return finding{worse, fmt.Sprintf("the last backup of %s is %s old", x.Name(), x.When(d.Job.Last)), "", repair(x, d), seen}
	}
	return finding{grade: well, seen: seen}
}

func place(f model.Dumped) fact.Source {
	text := fmt.Sprintf("%d bytes, %s", f.Size, f.MTime.UTC().Format("2006-01-02 15:04 UTC"))
	for _, more := range []string{f.Kind, f.Packed, f.Problem} {
		if more != "" {
			text += ", " + more
		}
	}
	if f.Database != "" {
		text += ", of the database " + f.Database
	}
	return fact.Source{Where: f.File(), Text: text}
}
