package backup

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "backup.offsite-and-private",
	Title:    "the backups lie on another machine too, and are nobody else's to read",
	Severity: check.High,
	Stage:    model.StageData,
	Guide:    "000 step 20: backups",
	Why:      "A broken disk, a deleted machine or an intruder takes the data and its copies at once.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).CopiesOf, offSite),
})

func offSite(h *check.Hearing, x *model.Copies) check.Verdict {
	open, _ := x.Open.Look(h.Aside())
	if len(open) > 0 {
		h.Saw(open[0].Source)
		return check.Failed(fmt.Sprintf("every user of this host may read the backup %s", open[0].File), check.Remedy{
			Do:       "Keep backups from others: the folder for its owner alone, and files made with umask 077.",
			Commands: []string{"sudo chmod 700 " + folderOf(open[0].File), "sudo chmod 600 " + open[0].File, "# in the script that makes them: umask 077"},
			Verify:   "sudo -u nobody head -c1 " + open[0].File, Minutes: 5,
		}).At(check.Medium).Because("A backup holds what the database holds: names, addresses, password hashes. Any program on this host that is broken into may take it away.")
	}
	_, _ = x.Searched.Look(h.Aside()) // a dump may lie where we could not look
	if len(x.Away) > 0 {
		h.Saw(x.Away[0])
		return check.Passed()
	}
	if _, state := x.Said.OffSite.Look(h); state == fact.IsKnown {
		return check.Passed()
	}
	if _, elsewhere := x.Here(); elsewhere {
		return check.CannotTell("the database is another machine's, and so are its backups", "say in "+model.OperatorFile+" where they lie: off-site = \"...\"")
	}
	if x.NoneMade() {
		_, _ = x.Searched.Look(h)
		return check.DoesNotApply("there is no backup yet")
	}
	return check.CannotTell("no job on this host brings the backups to another machine", "if they are fetched from elsewhere, say so in "+model.OperatorFile+": off-site = \"copied by the backup host every night\"")
}
