package log

import (
	"fmt"
	"path"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/regex"
)

var _ = Family.Add(check.Check{
	ID:       "log.writable",
	Title:    "the app may write its log, and a deploy leaves it alone",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "000 and 001: logs/myapp.log in the app's folder",
	Why:      "At its next start the app cannot open its log, and does not come up.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).AppLogs, logWritable),
})

// release is a folder that belongs to one version of the code.
var release = regex.New(`^(.*/releases/[^/]+)/`)

func logWritable(h *check.Hearing, x *model.AppLog) check.Verdict {
	h.Saw(x.Told)
	r, known := x.Writes.Open(h)
	name, user := x.Server.Name, "the service's user"
	if u, state := x.Server.User.Look(h.Aside()); state == fact.IsKnown {
		user = u.Name
	}
	remedy := check.Remedy{
		Do: "Let systemd make a folder for the log, outside the code, and let the app write there; or write to standard error, which the journal keeps and rotates.",
		Commands: []string{"sudo systemctl edit " + x.Server.UnitName(), "# [Service]", "# LogsDirectory=" + name, fmt.Sprintf("# in the app: /var/log/%s/%s", name, path.Base(x.File)),
			"sudo systemctl restart " + x.Server.UnitName()},
		Verify: "sudo assay check --only log.writable", Minutes: 10,
	}
	switch {
	case !known || !r.OK:
		at, why := x.File, "there is no such folder"
		if x.Folder != "" {
			at = x.Folder
		}
		if known {
			why = r.Error
		}
		return check.Failed(fmt.Sprintf("%s may not write the app's log %s: %s (%s)", user, x.File, why, at), remedy)
	case release.MatchString(x.File):
		return check.Failed(fmt.Sprintf("the app's log %s lies in one release of the code (%s)", x.File, release.FindStringSubmatch(x.File)[1]), remedy).
			Because("Each release begins an empty log, and when old releases are cleared away, what led to a fault is gone.")
	case inCode(x):
		return check.Warned(fmt.Sprintf("the app writes its log into its own code: %s", x.File), remedy).
			Because("The service must be able to write to its code; a deploy that replaces the folder takes the log away from under it; and a path relative to the folder leads elsewhere from a shell.")
	}
	return check.Passed()
}

// inCode says that a log lies where the code does: in the app's package, or
// below the folder that its service works in, where that is the code's.
func inCode(x *model.AppLog) bool {
	for _, of := range []string{x.App.App.App.RootPath, x.App.Cwd} {
		if of = path.Clean(of); of != "/" && of != "." && strings.HasPrefix(x.File, of+"/") && strings.HasPrefix(path.Clean(x.App.App.App.RootPath)+"/", of+"/") {
			return true
		}
	}
	return false
}
