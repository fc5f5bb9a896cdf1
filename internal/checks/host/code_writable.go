package host

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "host.code-writable",
	Title:    "the app cannot change its own code, nor what root runs",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Guide:    "000 step 13; 001 non-root user: chown",
	Why:      "Whoever can make the app write one file is root after the next restart or reload.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Guardeds, codeWritable),
})

func codeWritable(h *check.Hearing, x *model.Guarded) check.Verdict {
	user, _ := x.Server.User.Look(&fact.Notes{})
	var own *model.Writable
	for _, w := range x.Paths {
		r, state := w.Access.Look(h.Aside())
		if state != fact.IsKnown || !r.OK {
			continue
		}
		if !w.Root {
			if own == nil {
				own = w
			}
			continue
		}
		_, _ = w.Access.Look(h)
		return check.Failed(fmt.Sprintf("the app's user %s may write %s, %s, which root takes orders from", user.Name, w.Path, w.What), check.Remedy{
			Do:       "Give it to root, and let nobody else write there. Then see whether somebody already has.",
			Commands: []string{"sudo chown root:root " + w.Path, "sudo chmod go-w " + w.Path, "ls -la " + w.Path},
			Verify:   "sudo -u " + user.Name + " test -w " + w.Path + " || echo ok", Minutes: 5,
			Steps: toRoot(x),
		})
	}
	if own == nil {
		for _, why := range x.Unseen {
			h.Missed(why, false)
		}
		return check.Passed()
	}
	_, _ = own.Access.Look(h)
	unit := x.Server.UnitName()
	r := check.Remedy{
		Do:       "Let root own the code and the app read it; let it write to its uploads alone. Or keep the owner and let systemd show the disk to the service read-only.",
		Commands: []string{"sudo chown -R root: " + own.Path}, Verify: "sudo -u " + user.Name + " test -w " + own.Path + " || echo ok", Minutes: 10,
	}
	if unit != "" {
		r.Commands = append(r.Commands, "# or: sudo systemctl edit "+unit, "# [Service]", "# ProtectSystem=strict", "# ReadWritePaths=..., the folders of uploads and logs")
	}
	return check.Warned(fmt.Sprintf("the app's user %s may change %s: %s", user.Name, own.What, own.Path), r).At(check.Low).
		Because("A hole by which the app writes a file of the attacker's choice is then a hole by which it runs code of theirs, also after the hole is mended.")
}

// toRoot gives all of it to root. Where somebody else owns a folder above, who
// may put another file in its place, a person has to move it.
func toRoot(x *model.Guarded) []plan.Step {
	var steps []plan.Step
	for _, w := range x.Paths {
		r, state := w.Access.Look(&fact.Notes{})
		if !w.Root || state != fact.IsKnown || !r.OK {
			continue
		}
		if !strings.HasPrefix(w.Path, "/etc/") || len(r.Steps) == 0 {
			return nil
		}
		for _, s := range r.Steps[:len(r.Steps)-1] {
			if open(s) && !guards(x, s.Path) {
				return nil
			}
		}
		last := r.Steps[len(r.Steps)-1]
		if last.ACL || last.Path != w.Path {
			return nil
		}
		steps = append(steps, plan.Owned("let nobody but root change what root takes orders from", w.Path, "root", "root", fmt.Sprintf("%04o", last.Mode&^0o022))...)
	}
	return steps
}

// open says that others than root may change a folder.
func open(s tape.Step) bool { return s.Owner != "root" || s.Mode&0o022 != 0 || s.ACL }

// guards says that a path is one of those that are given to root.
func guards(x *model.Guarded, path string) bool {
	for _, w := range x.Paths {
		if r, state := w.Access.Look(&fact.Notes{}); w.Path == path && w.Root && state == fact.IsKnown && r.OK {
			return true
		}
	}
	return false
}
