package gunicorn

import (
	"fmt"
	"path"
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.socket.dir-writable",
	Title:    "gunicorn can make its socket again at the next start",
	Severity: check.High,
	Stage:    model.StageSocket,
	Guide:    "000 step 5: the unix socket",
	Why:      "The service runs on until it is restarted or the machine is; then gunicorn cannot make its socket, and every page gives 502 Bad Gateway.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).SocketFolders, socketDirWritable),
})

func socketDirWritable(h *check.Hearing, x *model.SocketFolder) check.Verdict {
	if x.Server.Down(h.Aside()) {
		return check.DoesNotApply("the service does not run, and its own failure tells why")
	}
	r, there := x.Makes.Open(h.Aside())
	if !there || r.Error == "no such file or directory" {
		return check.DoesNotApply("the folder is not there, which nginx's way to it tells")
	}
	if !r.OK {
		h.Saw(x.Bind.Source)
		_, _ = x.Makes.Look(h)
		return check.Failed(fmt.Sprintf("%s may not make files in %s, where gunicorn is to make its socket: %s", runsAs(x.Server), x.Path, why(r)), ownFolder(x))
	}
	by, made := x.MadeBy.Open(h.Aside())
	if made {
		h.Saw(fact.Source{Where: x.Path, Text: "is made by " + by})
		return check.Passed()
	}
	h.Saw(x.Bind.Source)
	_, _ = x.Stat.Look(h)
	_, _ = x.MadeBy.Look(h)
	return check.Failed(fmt.Sprintf("%s, where gunicorn makes its socket, was made by hand on a memory disk: after a reboot it is gone", x.Path), ownFolder(x)).
		Because("Nothing makes the folder when the machine starts: gunicorn cannot make its socket then, and every page gives 502 Bad Gateway.")
}

func why(r tape.AccessReport) string {
	for _, s := range r.Steps {
		if !s.OK && s.Type != "" && r.Error == "permission denied" {
			return fmt.Sprintf("%s has mode %04o, %s:%s", s.Path, s.Mode, s.Owner, s.Group)
		}
	}
	return r.Error
}

func runsAs(s *model.AppServer) string {
	u, _ := s.User.Look(&fact.Notes{})
	return u.Name
}

// ownFolder is a folder that systemd makes and gives away at each start.
func ownFolder(x *model.SocketFolder) check.Remedy {
	unit := x.Server.UnitName()
	if unit == "" {
		return check.Remedy{Do: "Run gunicorn as a unit of systemd with RuntimeDirectory=, which makes the folder at each start.", Minutes: 15, Verify: "systemctl status"}
	}
	name := path.Base(x.Path)
	say := "let systemd make " + x.Path + " at each start"
	r := check.Remedy{
		Do:       "Let systemd make the folder at each start.",
		Commands: []string{"sudo systemctl edit " + unit, "# [Service]", "# RuntimeDirectory=" + name, "# RuntimeDirectoryMode=0750", "sudo systemctl restart " + unit},
		Verify:   "systemctl show -p RuntimeDirectory " + unit, Minutes: 3,
		Steps: plan.All(plan.DropIn(say, unit, "Service", "RuntimeDirectory", name), plan.DropIn(say, unit, "Service", "RuntimeDirectoryMode", "0750")),
	}
	if _, t, ok := files(x.Server); ok && slices.Contains(t.RuntimeDirs(), x.Path) {
		r.Do = "systemd makes the folder at each start, and it was changed since: start the service anew."
		r.Commands = []string{"sudo systemctl restart " + unit}
		r.Steps = plan.Systemctl("let systemd make "+x.Path+" anew", "restart", unit)
	}
	if path.Dir(x.Path) != "/run" {
		name = path.Base(unit[:len(unit)-len(path.Ext(unit))])
		r.Steps = nil
		r.Do = "Let systemd make a folder of the service's own at each start, and name the new path in nginx's proxy_pass."
		r.Commands = []string{"sudo systemctl edit --full " + unit, "# [Service]", "# RuntimeDirectory=" + name, "# ... --bind unix:/run/" + name + "/gunicorn.sock ...",
			"# and in nginx: proxy_pass http://unix:/run/" + name + "/gunicorn.sock;", "sudo systemctl restart " + unit, "sudo nginx -t && sudo systemctl reload nginx"}
	}
	return r
}
