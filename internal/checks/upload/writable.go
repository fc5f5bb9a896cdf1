package upload

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "upload.writable",
	Title:    "the app may write where it keeps uploads",
	Severity: check.High,
	Stage:    model.StageCode,
	Breaks:   true,
	Guide:    "000 debugging: file permissions",
	Why:      "Whoever sends a file gets 500 Internal Server Error; every other page works.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Uploads, writable),
})

func writable(h *check.Hearing, x *model.Upload) check.Verdict {
	h.Saw(x.Told)
	r, known := x.Writes.Open(h)
	user, unit := userOf(x), x.Server.UnitName()
	switch {
	case !known:
		return check.DoesNotApply("the folder does not exist, and the app may make it")
	case r.OK:
		return check.Passed()
	case r.Error == "no such file or directory":
		return check.DoesNotApply("the folder does not exist, and the app may make it")
	}
	outside, state := x.Outside.Look(h.Aside())
	if state == fact.IsKnown && outside.OK || r.Error == "read-only file system" {
		return readOnly(h, x, state == fact.IsKnown && outside.OK)
	}
	at := x.Folder
	for _, s := range r.Steps {
		if !s.OK {
			at = fmt.Sprintf("%s (mode %04o, %s:%s)", s.Path, s.Mode, s.Owner, s.Group)
		}
	}
	return check.Failed(fmt.Sprintf("%s may not write to %s, where the app keeps uploads: %s at %s", user, x.Folder, r.Error, at), check.Remedy{
		Do: "Give the folder to the service's user.", Commands: []string{"sudo chown " + user + " " + x.Folder, "sudo chmod u+rwx " + x.Folder},
		Verify: "sudo -u " + user + " test -w " + x.Folder + " && echo ok   # " + unit, Minutes: 3, Steps: given(x, r, user)})
}

// given gives the folder to the service's user, where it is what is in the way.
func given(x *model.Upload, r tape.AccessReport, user string) []plan.Step {
	if len(r.Steps) == 0 || user == "" {
		return nil
	}
	last := r.Steps[len(r.Steps)-1]
	if last.OK || last.Path != x.Folder || last.ACL || last.Type != "folder" && last.Type != "dir" || last.Owner == user {
		return nil
	}
	return plan.Owned("give the folder of the uploads to "+user, x.Folder, user, "", fmt.Sprintf("%04o", last.Mode|0o700))
}

// readOnly is a folder that is closed for the service alone, or for all.
func readOnly(h *check.Hearing, x *model.Upload, alone bool) check.Verdict {
	unit := x.Server.UnitName()
	if !alone || unit == "" {
		return check.Failed(x.Folder+", where the app keeps uploads, lies on a file system that is read-only", check.Remedy{
			Do:       "See why the kernel made it so: after an error of the disk it does, else /etc/fstab says it.",
			Commands: []string{"findmnt -T " + x.Folder, "sudo dmesg -T | tail -n 40"}, Verify: "findmnt -no OPTIONS -T " + x.Folder, Minutes: 20})
	}
	why := "its unit"
	if u, known := x.Server.Unit.Open(h.Aside()); known {
		t, _ := u.Files.Look(h.Aside())
		for _, key := range []string{"ReadOnlyPaths", "ProtectHome", "ProtectSystem"} {
			if src, ok := t.SettingSource(key); ok {
				h.Saw(src)
				why = src.Text
			}
		}
	}
	_, _ = x.Outside.Look(h)
	return check.Failed(fmt.Sprintf("%s, where the app keeps uploads, is read-only for %s by %s", x.Folder, unit, why), check.Remedy{
		Do:       "Except the folder.",
		Commands: []string{"sudo systemctl edit " + unit, "# [Service]", "# ReadWritePaths=" + x.Folder, "sudo systemctl restart " + unit},
		Verify:   "systemctl show -p ReadWritePaths " + unit, Minutes: 3,
		Steps: plan.DropIn("let "+unit+" write to the folder of the uploads", unit, "Service", "ReadWritePaths", x.Folder)})
}

func userOf(x *model.Upload) string {
	u, _ := x.Server.User.Look(&fact.Notes{})
	return u.Name
}
