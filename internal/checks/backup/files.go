package backup

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "backup.files",
	Title:    "what visitors upload is backed up too",
	Severity: check.High,
	Stage:    model.StageData,
	Guide:    "000 step 20: backups of uploads and configuration",
	Why:      "A database that is brought back names files that are gone.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).CopiesOf, files),
})

func files(h *check.Hearing, x *model.Copies) check.Verdict {
	folders, _ := x.Files.Open(h.Aside())
	if len(folders) == 0 {
		return check.DoesNotApply("no setting names a folder for uploads")
	}
	bare, job := withoutCopy(h, folders)
	if bare == nil {
		return check.Passed()
	}
	if _, said := x.Said.Backups.Open(h); said {
		return check.Passed()
	}
	x.Searched.Open(h.Aside())
	h.Saw(bare.Told)
	if len(x.Unclear) > 0 {
		h.Saw(x.Unclear[0])
		return check.CannotTell("it cannot be told whether the uploads in "+bare.Folder+" are copied: "+x.Unclear[0].Where+" does not show what it takes", say)
	}
	text, fail := fmt.Sprintf("the uploads in %s are in no backup", bare.Folder), check.Failed
	switch {
	case job.Where != "":
		text += ", and those in other folders are"
	case x.DumpsAway.Where != "":
		job, fail = x.DumpsAway, check.Warned
		text += ", and the dumps of the database are brought to another machine"
	default:
		return check.CannotTell("no job on this host copies the uploads in "+bare.Folder, say)
	}
	h.Saw(job)
	return fail(text, check.Remedy{
		Do:       fmt.Sprintf("Let the same job take the folder: name it at %s:%d as well. Then fetch one file back from the copy.", job.Where, job.Line),
		Commands: []string{fmt.Sprintf("sudo nano +%d %s   # add %s", job.Line, job.Where, bare.Folder)},
		Verify:   fmt.Sprintf("sudo grep -n %s %s", bare.Folder, job.Where), Minutes: 10,
	})
}

const say = "if they are copied from elsewhere, say so in " + model.OperatorFile + ": backups = \"snapshots of the provider, daily, 14 kept\""

// withoutCopy is the first folder with something in it that no job takes, beside
// the job that takes another one.
func withoutCopy(h *check.Hearing, folders []model.CopiedFolder) (bare *model.CopiedFolder, job fact.Source) {
	for i, f := range folders {
		if f.By.Where != "" {
			h.Saw(f.By)
			job = f.By
			continue
		}
		if held, _ := f.Held.Look(h.Aside()); held && bare == nil {
			bare = &folders[i]
		}
	}
	return bare, job
}
