package backup

import (
	"fmt"
	"path"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "backup.restore-tested",
	Title:    "a backup was brought back within the last year",
	Severity: check.Medium,
	Stage:    model.StageData,
	Guide:    "000 step 20: restore steps documented and tested; 001 test disaster recovery",
	Why:      "What was never restored may not be restorable: a wrong format, a key that nobody has, a role that is missing.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).CopiesOf, restored),
})

const (
	halfYear = 183 * 24 * time.Hour
	year     = 366 * 24 * time.Hour
)

func restored(h *check.Hearing, x *model.Copies) check.Verdict {
	day, state := x.Said.Restored.Look(h)
	switch age := x.Now.Sub(day); {
	case state == fact.IsAbsent && x.NoneMade():
		_, _ = x.Searched.Look(h)
		return check.DoesNotApply("there is no backup yet")
	case state == fact.IsAbsent:
		return check.CannotTell("nobody says that a backup was ever restored", "restore one into an empty database, and note the day in "+model.OperatorFile+": restored = "+x.Now.Format(time.DateOnly))
	case state == fact.IsUnknown:
		return check.Passed()
	case age < -48*time.Hour:
		return check.Warned(fmt.Sprintf("the restore of %s is declared, a day that has not come", day.Format(time.DateOnly)), again(x))
	case age > year:
		return check.Failed("the last restore that is declared was on "+day.Format(time.DateOnly)+", more than a year ago", again(x))
	case age > halfYear:
		return check.Warned("the last restore that is declared is more than half a year old", again(x))
	}
	return check.Passed()
}

func again(x *model.Copies) check.Remedy {
	r := check.Remedy{Do: "Restore the newest backup into a database of its own, count what is in it, throw it away, and note the day.", Minutes: 30,
		Verify: "grep restored " + model.OperatorFile}
	for _, d := range x.Databases {
		if d.Store.Kind == "PostgreSQL" && d.Here {
			r.Commands = append(r.Commands, "sudo -u postgres createdb "+plain(d.Store.Database)+"_restored", "sudo -u postgres pg_restore -d "+plain(d.Store.Database)+"_restored "+newest(d),
				"sudo -u postgres dropdb "+plain(d.Store.Database)+"_restored")
		}
	}
	r.Commands = append(r.Commands, "# "+model.OperatorFile+": restored = "+x.Now.Format(time.DateOnly))
	return r
}

func newest(x *model.Backup) string {
	for _, d := range x.Dumpers {
		if files, _ := d.Files.Look(&fact.Notes{}); len(files) > 0 {
			return files[0].File()
		}
	}
	return "DUMP"
}

func folderOf(file string) string { return path.Dir(file) }
