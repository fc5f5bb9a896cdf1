package systemd

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.sandbox.breaks-app",
	Title:    "the unit's sandbox lets the app do what it must",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "001 systemd unit: folders of the app",
	Why:      "The service starts well, and each request that comes to this gives 500 Internal Server Error.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Needed, sandboxBreaks),
})

func sandboxBreaks(h *check.Hearing, x *model.Need) check.Verdict {
	if x.Server.Down(h.Aside()) {
		return check.DoesNotApply("the service does not run, and its own failure tells why")
	}
	u, known := x.Server.Unit.Open(h.Aside())
	if !known {
		return check.DoesNotApply("no unit of systemd runs it")
	}
	if x.Store != nil {
		return cutOff(h, x, u)
	}
	in, there := x.Inside.Open(h.Aside())
	if !there || in.OK {
		_, _ = x.Inside.Look(h)
		return check.Passed()
	}
	out, seen := x.Outside.Open(h.Aside())
	if !seen || !out.OK {
		return check.DoesNotApply("the sandbox is not in the way: the disk itself refuses")
	}
	_, _ = x.Inside.Look(h)
	_, _ = x.Outside.Look(h)
	by, key := "the sandbox of "+u.Name, ""
	if t, state := u.Files.Look(h.Aside()); state == fact.IsKnown {
		for _, k := range []string{"ReadOnlyPaths", "InaccessiblePaths", "PrivateTmp", "ProtectHome", "ProtectSystem"} {
			if src, set := t.SettingSource(k); set && hides(k, x.Path) {
				h.Saw(src)
				by, key = src.Text+" of "+u.Name, k
				break
			}
		}
	}
	return check.Failed(fmt.Sprintf("%s, %s, is closed to the app by %s", x.Path, x.What, by), check.Remedy{
		Do:       "Except the folder; or let systemd make one for the service (StateDirectory=, CacheDirectory=, LogsDirectory=) and name that in the app.",
		Commands: []string{"sudo systemctl edit " + u.Name, "# [Service]", "# ReadWritePaths=" + folderOf(x), "sudo systemctl restart " + u.Name},
		Verify:   "systemctl show -p ReadWritePaths " + u.Name, Minutes: 3,
		Steps: excepted(u, key, folderOf(x)),
	})
}

// hides says whether a key of the unit can be what closes a path.
func hides(key, file string) bool {
	if folders, veiled := veils[key]; veiled {
		for _, f := range folders {
			if within(file, f) {
				return true
			}
		}
		return false
	}
	return true
}

func folderOf(x *model.Need) string {
	if path.Ext(x.Path) != "" {
		return path.Dir(x.Path)
	}
	return x.Path
}

// excepted lets the service write in one folder, where the disk is read-only to
// it: what is taken away whole is not given back so.
func excepted(u *model.Unit, key, folder string) []plan.Step {
	if key != "ProtectSystem" && key != "ReadOnlyPaths" || strings.Count(folder, "/") < 2 || strings.ContainsAny(folder, " \t\"'%\\$") ||
		slices.ContainsFunc([]string{"/etc", "/usr", "/boot", "/root", "/home", "/proc", "/sys", "/dev"}, func(d string) bool { return within(folder, d) }) {
		return nil
	}
	return plan.DropIn("let the app write to "+folder, u.Name, "Service", "ReadWritePaths", folder)
}

// cutOff is a store that the unit's own lines keep the app from.
func cutOff(h *check.Hearing, x *model.Need, u *model.Unit) check.Verdict {
	line, cut := x.Cuts().Open(h)
	if !cut {
		return check.Passed()
	}
	do, add := "Let the service have the families of addresses by which it comes to it.", "# RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"
	if line == "PrivateNetwork=yes" {
		do, add = "Let the service have the host's network, or reach it by a unix socket.", "# PrivateNetwork=no"
	}
	h.Saw(x.Store.Told)
	return check.Failed(fmt.Sprintf("%s of %s keeps the app from %s (%s)", line, u.Name, x.Store.Kind, x.Store.Addr), check.Remedy{
		Do: do, Commands: []string{"sudo systemctl edit " + u.Name, "# [Service]", add, "sudo systemctl restart " + u.Name},
		Verify: "systemctl show -p RestrictAddressFamilies,PrivateNetwork " + u.Name, Minutes: 3, Steps: families(u, line, x.Store),
	}).Breaking(true)
}

// families adds those by which programs speak with each other to a list of what
// is allowed; a list of what is not is left to who wrote it.
func families(u *model.Unit, line string, s *model.Store) []plan.Step {
	list, restricted := strings.CutPrefix(line, "RestrictAddressFamilies=")
	if !restricted || strings.HasPrefix(list, "~") {
		return nil
	}
	return plan.DropIn("let the app come to "+s.Kind, u.Name, "Service", "RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6")
}
