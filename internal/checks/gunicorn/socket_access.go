package gunicorn

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.socket.access",
	Title:    "nginx may connect to the app's unix socket",
	Severity: check.Critical,
	Stage:    model.StageSocket,
	Breaks:   true,
	Guide:    "000 causes: socket or directory permissions incorrect",
	Why:      "nginx logs \"connect() failed (13: Permission denied)\", and every page gives 502 Bad Gateway.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Sockets, socketAccess),
})

func socketAccess(h *check.Hearing, u *model.SocketUse) check.Verdict {
	h.Saw(u.Upstream.Source)
	r, _ := u.Access.Open(h)
	if r.OK {
		return check.Passed()
	}
	_, listens := u.Upstream.Listener.Open(h)
	user, _ := u.User.Open(h)
	switch {
	case r.Error == "permission denied":
		b := blocker(r)
		if b.Mode&0o010 != 0 && slices.Contains(u.Groups, b.Group) {
			return notTaken(u, b, user)
		}
		return check.Failed(fmt.Sprintf("nginx (%s) may not connect to %s: %s %s, mode %04o, %s:%s, is in the way",
			user.Name, u.Subject(), kinds[b.Type], b.Path, b.Mode, b.Owner, b.Group), accessRemedy(u, b, user))
	case listens && r.Error == "no such file or directory" && u.Server != nil && u.Server.Down(h.Aside()):
		return check.DoesNotApply("its service dies, and takes the socket with it")
	case listens && r.Error == "no such file or directory":
		return unseenByNginx(h, u)
	}
	return check.DoesNotApply("nobody listens there")
}

var kinds = map[string]string{"dir": "the folder", "socket": "the socket", "file": "the file", "link": "the link"}

// blocker is the element of the path that refused.
func blocker(r tape.AccessReport) tape.Step {
	for _, s := range r.Steps {
		if !s.OK {
			return s
		}
	}
	return tape.Step{}
}

// notTaken: nginx is in the right group by /etc/group, and its workers are older
// than that: they take their groups when they start (initgroups).
func notTaken(u *model.SocketUse, b tape.Step, user model.User) check.Verdict {
	return check.Failed(fmt.Sprintf("nginx (%s) may not connect to %s: its workers run since before %s came into the group %s, which %s needs",
		user.Name, u.Subject(), user.Name, b.Group, b.Path), check.Remedy{
		Do: "Reload nginx: its new workers take the group.", Commands: []string{"sudo systemctl reload nginx"},
		Verify: "curl -sI " + u.Route.Site().URL(), Minutes: 1, Steps: plan.Systemctl("let nginx's workers take the group", "reload", "nginx.service"),
	})
}

// unseenByNginx: the kernel has a listener of that path, and nginx finds no
// such file. Two services with a /tmp of their own never meet there.
func unseenByNginx(h *check.Hearing, u *model.SocketUse) check.Verdict {
	what := "its service has a file system of its own, or the file was removed while it listens"
	if _, t, ok := files(u.Server); ok {
		at := strings.TrimPrefix(u.Subject(), "unix:")
		inTmp := strings.HasPrefix(at, "/tmp/") || strings.HasPrefix(at, "/var/tmp/")
		if src, set := t.SettingSource("PrivateTmp"); set && inTmp && (src.Text == "PrivateTmp=yes" || src.Text == "PrivateTmp=true") {
			h.Saw(src)
			what = u.Server.UnitName() + " has a /tmp of its own (PrivateTmp=yes)"
		}
	}
	r := check.Remedy{
		Do:     "Keep the socket under /run, which every service sees: RuntimeDirectory= in the app's unit makes the folder. Name the same path in proxy_pass.",
		Verify: "curl -sI " + u.Route.Site().URL(), Minutes: 10,
	}
	if name := u.Server.UnitName(); name != "" {
		r.Commands = []string{"sudo systemctl edit --full " + name + "   # RuntimeDirectory=, and --bind with a path in it", "sudo systemctl restart " + name}
	}
	return check.Failed("nginx does not see "+u.Subject()+": "+what, r).
		Because("nginx logs \"connect() failed (2: No such file or directory)\", and every page gives 502 Bad Gateway.")
}

// files is what the server's unit says.
func files(s *model.AppServer) (*model.Unit, model.UnitText, bool) {
	var n fact.Notes
	if s == nil {
		return nil, model.UnitText{}, false
	}
	u, us := s.Unit.Look(&n)
	if us != fact.IsKnown {
		return nil, model.UnitText{}, false
	}
	t, ts := u.Files.Look(&n)
	return u, t, ts == fact.IsKnown
}

// ofSocketUnit lets a socket unit give its socket to nginx alone. It has to be
// made anew, for which the service lets go of it until the next request.
func ofSocketUnit(u *model.Unit, socket, group string) []plan.Step {
	say := "let nginx alone come to the socket"
	return slices.Concat(plan.DropIn(say, socket, "Socket", "SocketGroup", group), plan.DropIn(say, socket, "Socket", "SocketMode", "0660"),
		plan.Systemctl("let go of the socket", "stop", u.Name))
}

// ofGroup lets systemd give the folder of the socket to nginx's group.
func ofGroup(u *model.Unit, b tape.Step, group string) []plan.Step {
	say := "let nginx enter " + b.Path
	var steps []plan.Step
	if b.Group != group {
		steps = plan.DropIn(say, u.Name, "Service", "Group", group)
	}
	if b.Mode&0o070 != 0o050 {
		steps = append(steps, plan.DropIn(say, u.Name, "Service", "RuntimeDirectoryMode", "0750")...)
	}
	return steps
}

func accessRemedy(s *model.SocketUse, b tape.Step, user model.User) check.Remedy {
	r := check.Remedy{Verify: "curl -sI " + s.Route.Site().URL(), Minutes: 5}
	u, t, ok := files(s.Server)
	drop := func(unit string, lines ...string) {
		r.Commands = append(r.Commands, "sudo systemctl edit "+unit)
		for _, l := range lines {
			r.Commands = append(r.Commands, "# "+l)
		}
	}
	switch {
	case ok && u.SocketLive && b.Type == "socket":
		r.Do = "Let " + u.Triggers[0] + " give the socket to the group " + user.Name + "."
		drop(u.Triggers[0], "[Socket]", "SocketGroup="+user.Name, "SocketMode=0660")
		r.Commands = append(r.Commands, "sudo systemctl stop "+u.Name, "sudo systemctl restart "+u.Triggers[0])
		r.Steps = ofSocketUnit(u, u.Triggers[0], user.Name)
	case ok && b.Type == "socket":
		// gunicorn makes its socket under its own --umask (0 by default), whatever UMask= says: gunicorn/sock.py.
		r.Do = "Give the socket to the group " + user.Name + ": Group=" + user.Name + " in the unit, and --umask 007 for gunicorn (UMask= of the unit does not reach the socket)."
		r.Commands = []string{"sudo systemctl edit --full " + u.Name, "# Group=" + user.Name, "# ExecStart=... --umask 007 ...", "sudo systemctl restart " + u.Name}
		r.Steps = plan.Gunicorn("let gunicorn give its socket to its group", s.Server, "umask", "007")
		if b.Group != user.Name {
			r.Steps = plan.All(plan.DropIn("let nginx's group have the socket", u.Name, "Service", "Group", user.Name), r.Steps)
		}
	case ok && slices.Contains(t.RuntimeDirs(), b.Path):
		r.Do = fmt.Sprintf("systemd makes %s at each start of %s: let it belong to the group %s, which may enter it.", b.Path, u.Name, user.Name)
		drop(u.Name, "[Service]", "Group="+user.Name, "RuntimeDirectoryMode=0750")
		r.Steps = ofGroup(u, b, user.Name)
		r.Commands = append(r.Commands, "sudo systemctl restart "+u.Name)
	case b.Type == "socket":
		r.Do = "Give the socket to the group " + user.Name + ": run gunicorn with that group and --umask 007."
	default:
		r.Do = fmt.Sprintf("Let %s enter %s; or better, keep the socket under /run (RuntimeDirectory= in the app's unit).", user.Name, b.Path)
		r.Commands = []string{"sudo setfacl -m u:" + user.Name + ":x " + b.Path}
	}
	return r
}
