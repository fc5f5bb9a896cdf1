package check

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

// OwnSocket moves a gunicorn that nginx asks to a unix socket in a folder that
// systemd makes for the service alone, and nginx with it; nil where more than
// these two would have to know.
func OwnSocket(u *model.Unit) []plan.Step {
	var n fact.Notes
	d := u.Deployment()
	t, state := u.Files.Look(&n)
	if d == nil || state != fact.IsKnown || u.SocketLive || u.SocketBoot || strings.ContainsAny(u.Name, "@\\") {
		return nil
	}
	binds, bound := d.Server.Binds.Look(&n)
	ways, seen := d.ProxiedRoutes().Look(&n)
	nginx, run := d.NginxUser().Look(&n)
	if bound != fact.IsKnown || len(binds) != 1 || seen != fact.IsKnown || run != fact.IsKnown {
		return nil
	}
	folder := "/run/" + strings.TrimSuffix(u.Name, ".service")
	made := t.RuntimeDirs()
	if len(made) > 0 {
		folder = made[0]
	}
	say := "let gunicorn and nginx meet at a socket of the service's own"
	to := "unix:" + folder + "/gunicorn.sock"
	if file, unix := strings.CutPrefix(binds[0].Addr, "unix:"); unix && strings.Count(file, "/") == 3 && strings.HasPrefix(file, "/run/") {
		folder, to = path.Dir(file), binds[0].Addr
	}
	var steps []plan.Step
	if !slices.Contains(made, folder) {
		steps = plan.DropIn(say, u.Name, "Service", "RuntimeDirectory", path.Base(folder))
		steps = append(steps, plan.DropIn(say, u.Name, "Service", "RuntimeDirectoryMode", "0750")...)
	}
	if u.Group != nginx.Name {
		steps = append(steps, plan.DropIn(say, u.Name, "Service", "Group", nginx.Name)...)
		if own := d.OwnGroup(); own != "" { // what the files of the app are open to
			steps = append(steps, plan.DropIn(say, u.Name, "Service", "SupplementaryGroups", own)...)
		}
	}
	if to == binds[0].Addr {
		return Forgiven(u, steps)
	}
	parts := [][]plan.Step{plan.Gunicorn(say, d.Server, "bind", to, "umask", "007")}
	for _, w := range ways {
		for _, up := range w.Upstreams {
			if model.SameAddr(binds[0].Addr, up.Addr) {
				parts = append(parts, plan.Pointed(say, w, up, to))
			}
		}
	}
	if len(parts) == 1 {
		return nil
	}
	moved := plan.All(parts...)
	if moved == nil {
		return nil
	}
	return Forgiven(u, append(steps, moved...))
}
