package systemd

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.sandbox.score",
	Title:    "the unit lets the app touch little of the machine",
	Severity: check.Medium,
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
	home := "yes"
	if text, _ := u.Files.Look(h.Aside()); len(text.Exec) > 0 && inHome(text.Exec[0].Argv[0]) || inHome(u.Context.Folder) || inHome(u.Context.Program) {
		home = "read-only   # yes would hide the app itself"
	}
	return check.Failed(fmt.Sprintf("%s is hardly sandboxed: systemd-analyze gives its exposure as %.1f of 10", u.Name, n), check.Remedy{
		Do: "Add these lines, with the folders that the app writes to in ReadWritePaths=, restart it, and try an upload: one line at a time where something fails.",
		Commands: []string{"sudo systemctl edit " + u.Name, "# [Service]", "# NoNewPrivileges=yes", "# ProtectSystem=strict", "# ReadWritePaths=   # folders of uploads, caches and logs",
			"# ProtectHome=" + home, "# PrivateTmp=yes", "# PrivateDevices=yes", "# ProtectKernelTunables=yes", "# ProtectKernelModules=yes", "# ProtectControlGroups=yes",
			"# RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", "# RestrictNamespaces=yes", "# LockPersonality=yes", "# CapabilityBoundingSet=", "sudo systemctl restart " + u.Name},
		Verify: "systemd-analyze security " + u.Name, Minutes: 15,
	})
}

// inHome says that ProtectHome=yes would take a path away.
func inHome(file string) bool {
	return strings.HasPrefix(file, "/home/") || strings.HasPrefix(file, "/root/") || strings.HasPrefix(file, "/run/user/")
}
