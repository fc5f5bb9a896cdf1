package systemd

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.sandbox.score",
	Title:    "the unit lets the app touch little of the machine",
	Severity: check.Low,
	Stage:    model.StageApp,
	Guide:    "000 step 5 and 001: the unit",
	Why:      "Whoever finds a way to run code in the app may write wherever its user may, also to /home, /tmp and the web root, and try every door of the kernel.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Served, sandboxScore),
})

// Limits of systemd-analyze's own sum: a unit without any of the settings below
// has 9.2 to 9.6, half of them bring it below 7.5.
const unsafe = 7.5

func sandboxScore(h *check.Hearing, u *model.Unit) check.Verdict {
	n, ok := u.Exposure().Open(h)
	if !ok || n <= unsafe {
		return check.Passed()
	}
	lines := []string{"sudo systemctl edit " + u.Name, "# [Service]", "# NoNewPrivileges=yes", "# ProtectSystem=strict"}
	if folders := ownFolders(h, u); len(folders) > 0 {
		lines = append(lines, "# ReadWritePaths="+strings.Join(folders, " "))
	}
	home := "yes"
	if text, _ := u.Files.Look(h.Aside()); len(text.Exec) > 0 && inHome(text.Exec[0].Argv[0]) || inHome(u.Context.Folder) || inHome(u.Context.Program) {
		home = "read-only" // yes would hide the app itself
	}
	return check.Failed(fmt.Sprintf("%s is hardly sandboxed: systemd-analyze gives its exposure as %.1f of 10", u.Name, n), check.Remedy{
		Do: "Add these lines, name in ReadWritePaths= all folders that the app writes to (uploads, caches, logs), restart it, and try an upload: one line at a time where something fails.",
		Commands: append(lines, "# ProtectHome="+home, "# PrivateTmp=yes", "# PrivateDevices=yes", "# ProtectKernelTunables=yes", "# ProtectKernelModules=yes", "# ProtectControlGroups=yes",
			"# RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", "# RestrictNamespaces=yes", "# LockPersonality=yes", "# CapabilityBoundingSet=", "sudo systemctl restart "+u.Name),
		Verify: "systemd-analyze security " + u.Name, Minutes: 15,
	})
}

// ownFolders are the folders that the app is known to write to.
func ownFolders(h *check.Hearing, u *model.Unit) []string {
	d := u.Deployment()
	if d == nil || d.Server == nil {
		return nil
	}
	var out []string
	add := func(dir string) {
		if path.IsAbs(dir) && !strings.ContainsAny(dir, " \t") && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	uploads, _ := d.Server.Uploads.Look(h.Aside())
	for _, x := range uploads {
		add(x.Folder)
	}
	logs, _ := d.AppLogs().Look(h.Aside())
	for _, l := range logs {
		add(path.Dir(l.File))
	}
	return out
}

// inHome says that ProtectHome=yes would take a path away.
func inHome(file string) bool {
	return strings.HasPrefix(file, "/home/") || strings.HasPrefix(file, "/root/") || strings.HasPrefix(file, "/run/user/")
}
