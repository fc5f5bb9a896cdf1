package redis

import (
	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "redis.pickle",
	Title:    "nobody else may write what the app unpickles",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "beyond the guides",
	Why:      "A pickle is a program: who puts a file there runs code as the app, in each worker that reads it.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).PickleFolders, pickle),
})

func pickle(h *check.Hearing, x *model.PickleFolder) check.Verdict {
	st, there := x.Stat.Open(h)
	if !there || x.Private {
		return check.DoesNotApply("nobody else sees the folder")
	}
	user, _ := x.Server.User.Open(h.Aside())
	who := ""
	switch {
	case st.Mode&0o002 != 0:
		who = "everybody on this host"
	case st.UID != user.UID && st.UID != 0:
		owner, _ := x.Owner.Look(&fact.Notes{})
		who = owner
	default:
		return check.Passed()
	}
	h.Saw(x.Told)
	return check.Failed(who+" may write to "+x.Folder+", and the app unpickles what lies there ("+x.Role+", "+x.Class+")", check.Remedy{
		Do:       "Give the folder to the service's user alone. Then empty it: what is in it may be another's.",
		Commands: []string{"sudo chown " + user.Name + " " + x.Folder, "sudo chmod 700 " + x.Folder, "sudo find " + x.Folder + " -mindepth 1 -delete"},
		Verify:   "ls -ld " + x.Folder, Minutes: 5,
		Steps: plan.Owned("leave "+x.Folder+" to "+user.Name+" alone", x.Folder, user.Name, "", "0700"),
	})
}
