package log

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/syntax/edit"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "log.rotation.reopen",
	Title:    "logs are rotated, and who writes them follows",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "000 step 6: logs; 001 logging",
	Why:      "The disk fills, or an empty log tells that all is well.",
	Cure:     check.OnHost,
	Ask: check.Both(check.OfHost((*model.Model).LogFiles, followed),
		check.Both(check.OfHost((*model.Model).SkippedLogs, skipped), check.OfHost((*model.Model).IgnoredRotations, ignored))),
})

func followed(h *check.Hearing, x *model.LogFile) check.Verdict {
	h.Saw(x.Source)
	moved, _ := x.Moved.Open(h)
	if moved {
		return lost(h, x)
	}
	if x.Held.Size <= model.LargeLog {
		return check.Passed()
	}
	r, _ := x.Rotation.Open(h)
	if s, covered := r.Covers(x.Path); covered {
		h.Saw(s.Place)
		return check.Passed()
	}
	if by, _ := x.Cares.Open(h); by != "" {
		return check.CannotTell(by+" may rotate "+x.Path+" in its own way", "look at what it does")
	}
	if x.Server != nil {
		app, _ := x.Server.Code.Open(h)
		if app != nil && slices.ContainsFunc(app.Handlers, func(l tape.LogHandler) bool { return l.File == x.Path && strings.Contains(l.Class, "Rotating") }) {
			return check.Passed()
		}
	}
	return check.Failed(fmt.Sprintf("%s has grown to %s, and nothing rotates it", x.Path, size(x.Held.Size)), check.Remedy{
		Do:       "Give logrotate a stanza for it.",
		Commands: []string{"# /etc/logrotate.d/" + stanzaName(x) + ":", x.Path + " {", "    weekly", "    rotate 8", "    compress", "    delaycompress", "    missingok", "    copytruncate", "}"},
		Verify:   "sudo logrotate --debug /etc/logrotate.d/" + stanzaName(x), Minutes: 10,
		Steps: plan.New("let logrotate rotate "+x.Path, "/etc/logrotate.d/"+stanzaName(x), "0644",
			x.Path+" {\n    weekly\n    rotate 8\n    compress\n    delaycompress\n    missingok\n    copytruncate\n}\n"),
	}).Because("It grows until the disk is full, and then the database, uploads and certificates fail together.")
}

func lost(h *check.Hearing, x *model.LogFile) check.Verdict {
	r, _ := x.Rotation.Look(h)
	text := fmt.Sprintf("%s writes its log to %s: %s stays as it was", x.Writer, x.Held.Path, x.Path)
	if x.Held.Deleted {
		text = fmt.Sprintf("%s writes its log to a file that was deleted: what it says does not reach %s", x.Writer, x.Path)
	}
	remedy := check.Remedy{
		Do:     "Let it open its log anew, now, and after each rotation.",
		Verify: "sudo assay check --only log.rotation.reopen", Minutes: 10,
	}
	now := "sudo systemctl restart " + x.Unit
	if x.Unit == "nginx.service" || x.Server != nil && x.Server.Gunicorn() && x.Unit != "" {
		now = "sudo systemctl kill -s USR1 --kill-whom=main " + x.Unit
	}
	if x.Unit != "" {
		remedy.Commands = append(remedy.Commands, now)
		remedy.Steps = plan.Systemctl("let "+x.Writer+" open its log anew", reopening(x), x.Unit)
	}
	if s, covered := r.Covers(x.Path); covered {
		h.Saw(s.Place)
		if len(s.Scripts) == 0 && strings.Contains(now, "USR1") {
			remedy.Steps = plan.All(inserted("let "+x.Writer+" open its log anew after each rotation", s, s.Close, "\tpostrotate", "\t\t"+strings.TrimPrefix(now, "sudo "), "\tendscript"), remedy.Steps)
		}
		remedy.Commands = append(remedy.Commands, fmt.Sprintf("# %s, in the stanza of line %d:", s.Place.Where, s.Place.Line), "#     postrotate", "#         "+strings.TrimPrefix(now, "sudo "), "#     endscript")
	}
	return check.Failed(text, remedy).Because("Nothing looks healthier than an empty error log, and the disk holds what nobody reads.")
}

// reopening is what lets a unit open its files: nginx does so when it reloads.
func reopening(x *model.LogFile) string {
	if x.Unit == "nginx.service" {
		return "reload"
	}
	return "restart"
}

func inserted(say string, s model.RotationStanza, line int, with ...string) []plan.Step {
	if s.Open == 0 || line <= s.Open || s.Close == 0 {
		return nil
	}
	return plan.Change(say, s.Place.Where, edit.Lines{Line: line, New: with})
}

func skipped(h *check.Hearing, x *model.SkippedLogs) check.Verdict {
	h.Saw(x.Stat, x.Stanza.Place)
	return check.Failed(fmt.Sprintf("logrotate skips %s: %s may write to %s, and no su says as whom to rotate", check.List(x.Files[:min(len(x.Files), 3)]), x.Writer, x.Folder), check.Remedy{
		Do:       "Say in the stanza as whom logrotate works in that folder.",
		Commands: []string{fmt.Sprintf("sudo sed -i '%ds/{/{\\n\\tsu %s %s/' %s", x.Stanza.Place.Line, x.Owner, x.Group, x.Stanza.Place.Where)},
		Verify:   "sudo logrotate --debug " + x.Stanza.Place.Where, Minutes: 5,
		Steps: inserted("say as whom logrotate works in "+x.Folder, x.Stanza, x.Stanza.Open+1, "\tsu "+x.Owner+" "+x.Group),
	}).Because("The logs grow until the disk is full.")
}

func ignored(h *check.Hearing, x model.IgnoredRotation) check.Verdict {
	h.Saw(x.Source)
	return check.Failed("logrotate ignores "+x.Where+": it is "+strings.TrimSuffix(x.Text, ", so that logrotate ignores it"), check.Remedy{
		Do:       "Give the file to root, and let nobody else write it.",
		Commands: []string{"sudo chown root:root " + x.Where, "sudo chmod 644 " + x.Where},
		Verify:   "sudo logrotate --debug /etc/logrotate.conf", Minutes: 3,
		Steps: plan.Owned("let nobody but root write "+x.Where, x.Where, "root", "root", "0644"),
	}).Because("The logs that it names grow until the disk is full.")
}

func stanzaName(x *model.LogFile) string {
	if n := strings.TrimSuffix(x.Unit, ".service"); n != "" {
		return n + "-log"
	}
	return "site-log"
}

// size is in the units that ls -h prints.
func size(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
