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
	Why:      "A restored database names files that are gone.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).CopiesOf, files),
})

func files(h *check.Hearing, x *model.Copies) check.Verdict {
	folders, _ := x.Files.Open(h.Aside())
	var bare []model.CopiedFolder
	for _, f := range folders {
		switch {
		case f.By.Where != "":
			h.Saw(f.By)
		case f.Held:
			bare = append(bare, f)
		}
	}
	if len(bare) == 0 {
		return check.Passed()
	}
	if _, state := x.Said.Backups.Look(h); state == fact.IsKnown {
		return check.Passed()
	}
	x.Searched.Open(h)
	h.Saw(bare[0].Told)
	if len(folders) > len(bare) {
		return check.Failed(fmt.Sprintf("the uploads in %s are in no backup, and those in %s are", bare[0].Folder, covered(folders)), check.Remedy{
			Do: "Add the folder to the job that copies the other one.", Commands: []string{"# " + place2(folders) + ": and " + bare[0].Folder},
			Verify: "sudo assay check --only backup.files", Minutes: 10,
		})
	}
	return check.CannotTell("no job on this host copies the uploads in "+bare[0].Folder,
		"if they are copied from elsewhere, say so in "+model.OperatorFile+": backups = \"snapshots of the provider, daily, 14 kept\"")
}

func covered(folders []model.CopiedFolder) string {
	for _, f := range folders {
		if f.By.Where != "" {
			return f.Folder
		}
	}
	return ""
}

func place2(folders []model.CopiedFolder) string {
	for _, f := range folders {
		if f.By.Where != "" {
			return fmt.Sprintf("%s:%d", f.By.Where, f.By.Line)
		}
	}
	return ""
}
