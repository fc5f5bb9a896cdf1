package gunicorn

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.socket.access",
	Title:    "nginx may connect to the app's unix socket",
	Severity: check.Critical,
	Stage:    model.StageSocket,
	Breaks:   true,
	Guide:    "000 causes: socket or directory permissions incorrect",
	Why:      "nginx logs \"connect() failed (13: Permission denied)\" and every page gives 502 Bad Gateway.",
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
		return check.Failed(fmt.Sprintf("%s (nginx) may not connect to %s: %s, mode %04o, %s:%s, is in the way", user.Name, u.Subject(), b.Path, b.Mode, b.Owner, b.Group), accessRemedy(b, user))
	case listens && r.Error == "no such file or directory":
		return check.Failed("nginx does not see "+u.Subject()+": its service has a /tmp or a file system of its own", check.Remedy{
			Do:       "Keep the socket under /run (RuntimeDirectory= in the app's unit), which every service sees.",
			Commands: []string{"systemctl show nginx -p PrivateTmp"}, Verify: "curl -I http://localhost/", Minutes: 10,
		})
	}
	return check.DoesNotApply("nobody listens there")
}

// blocker is the element of the path that refused.
func blocker(r tape.AccessReport) tape.Step {
	for _, s := range r.Steps {
		if !s.OK {
			return s
		}
	}
	return tape.Step{}
}

func accessRemedy(b tape.Step, user model.User) check.Remedy {
	r := check.Remedy{Verify: "curl -I http://localhost/", Minutes: 5}
	if b.Type == "socket" {
		r.Do = "Let the socket belong to a group that nginx is in: run the app with Group=" + user.Name + " and --umask 007."
		r.Commands = []string{"sudo systemctl edit <unit>", "# [Service]", "# Group=" + user.Name, "# UMask=0007", "sudo systemctl restart <unit>"}
		return r
	}
	r.Do = fmt.Sprintf("Let %s enter %s: give the folder the group %s (in a unit: RuntimeDirectoryMode=0750 and Group=%s), or an ACL.", user.Name, b.Path, user.Name, user.Name)
	r.Commands = []string{"sudo setfacl -m u:" + user.Name + ":x " + b.Path}
	return r
}
