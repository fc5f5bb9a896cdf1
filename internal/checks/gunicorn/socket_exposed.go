package gunicorn

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
	ID:       "gunicorn.socket.exposed",
	Title:    "not every local user may send requests to the app's socket",
	Severity: check.High,
	Stage:    model.StageSocket,
	Guide:    "000 step 6: the socket",
	Why:      "gunicorn believes whoever comes by a unix socket: any account of this host can send the app requests past nginx, with any client address, scheme and path that it likes.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).UnixSockets, socketExposed),
})

func socketExposed(h *check.Hearing, x *model.UnixSocket) check.Verdict {
	r, there := x.Open.Open(h)
	if !there {
		return check.DoesNotApply("the socket is gone from the disk")
	}
	if !r.OK {
		return check.Passed()
	}
	others, _ := x.Others.Open(h.Aside())
	st, _ := x.Stat.Look(h)
	rem := check.Remedy{
		Do:       "Leave the socket to the app's user and to nginx's group.",
		Commands: []string{"sudo systemctl edit --full " + x.Server.UnitName(), "# [Service]", "# Group=www-data", "# RuntimeDirectoryMode=0750", "# ExecStart=... --umask 007 ...", "sudo systemctl restart " + x.Server.UnitName()},
		Verify:   "sudo -u nobody curl -s --unix-socket " + x.Path + " http://localhost/   # fails", Minutes: 5,
	}
	rem.Steps = closedSocket(x)
	if x.ByUnit != "" {
		rem.Do = "Leave the socket to nginx's group: a socket unit gives it to everybody by itself (SocketMode=0666)."
		rem.Commands = []string{"sudo systemctl edit " + x.ByUnit, "# [Socket]", "# SocketGroup=www-data", "# SocketMode=0660", "sudo systemctl stop " + x.Server.UnitName(), "sudo systemctl restart " + x.ByUnit}
		if u, state := x.Server.Unit.Look(h.Aside()); state == fact.IsKnown {
			rem.Steps = ofSocketUnit(u, x.ByUnit, "www-data")
		}
	}
	if len(others) == 0 {
		return check.Warned(fmt.Sprintf("every account of this host may connect to %s (mode %04o)", x.Path, st.Mode), rem).At(check.Low).
			Because("gunicorn believes whoever comes by a unix socket. No person and no other app has an account here; a service of the host that is broken into could send requests past nginx.")
	}
	return check.Failed(fmt.Sprintf("every account of this host may connect to %s (mode %04o): also %s", x.Path, st.Mode, few(others)), rem)
}

// closedSocket leaves the socket to a group that is nginx's already.
func closedSocket(x *model.UnixSocket) []plan.Step {
	u, t, ok := files(x.Server)
	if !ok || u.Group != "www-data" {
		return nil
	}
	say := "leave the socket to nginx's group"
	steps := plan.Gunicorn(say, x.Server, "umask", "007")
	if dir := path.Dir(x.Path); steps != nil && slices.Contains(t.RuntimeDirs(), dir) {
		steps = append(steps, plan.DropIn(say, u.Name, "Service", "RuntimeDirectoryMode", "0750")...)
	}
	return steps
}

func few(names []string) string {
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + " and others"
	}
	return check.List(names)
}
