package systemd

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.exec-context",
	Title:    "the unit's program, user, folder, environment files and PATH are sound",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 5; 001 systemd unit with PATH",
	Why:      "The service does not survive its next start.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Execs, execContext),
})

func execContext(h *check.Hearing, e model.ExecSubject) check.Verdict {
	u, c := e.Unit, e.Context
	if v, bad := cannotStart(h, u, c); bad {
		if !u.Running() && u.Active != "" && u.Sub != "running" {
			return v.At(check.Critical).Breaking(true).Because("The service cannot start, so the site is down.")
		}
		return v
	}
	if v, bad := searchPath(h, c); bad {
		return v
	}
	return interpreter(h, u, c)
}

// cannotStart looks at everything without which systemd or the kernel refuses.
func cannotStart(h *check.Hearing, u *model.Unit, c model.ExecContext) (check.Verdict, bool) {
	if c.Program != "" {
		h.Saw(c.ProgramAt)
	}
	if _, ok := c.User.Open(h); !ok {
		return check.Failed("the user "+u.User+" of "+u.Name+" does not exist", check.Remedy{
			Do: "Create the account, or name the one that owns the app.", Commands: []string{"sudo adduser --system --group --no-create-home " + u.User},
			Verify: "id " + u.User, Minutes: 3}), true
	}
	for _, f := range c.EnvFiles {
		if _, s := f.Stat.Look(h); s == fact.IsAbsent && !f.Optional {
			h.Saw(f.Source)
			return check.Failed("the environment file "+f.Path+" does not exist", check.Remedy{
				Do: "Put the file back: one NAME=value a line, owned by root, mode 0600.", Commands: []string{"sudo install -m 0600 /dev/null " + f.Path, "sudo systemctl restart " + u.Name},
				Verify: "systemctl is-active " + u.Name, Minutes: 10}), true
		}
	}
	if u.CwdGone {
		return check.Failed("the folder in which "+u.Name+" runs was deleted under it", check.Remedy{
			Do: "Restart the service after each release, and keep WorkingDirectory on a path that stays (a link to the current release).", Commands: []string{"sudo systemctl restart " + u.Name},
			Verify: "systemctl is-active " + u.Name, Minutes: 3}), true
	}
	for _, p := range []struct {
		what, path string
		access     fact.Of[tape.AccessReport]
	}{
		{"the working directory", c.Folder, c.Enters},
		{"the program", c.Program, c.Runs},
		{"the interpreter in the first line of " + c.Program, c.Interpreter, c.Interprets},
	} {
		if p.path == "" || !path.IsAbs(p.path) {
			continue
		}
		if r, s := p.access.Look(h); s == fact.IsKnown && !r.OK {
			return refused(u, p.what, p.path, r), true
		} else if s == fact.IsAbsent {
			return refused(u, p.what, p.path, tape.AccessReport{Error: "no such file or directory"}), true
		}
	}
	return check.Verdict{}, false
}

func refused(u *model.Unit, what, file string, r tape.AccessReport) check.Verdict {
	user := u.User
	if user == "" {
		user = "root"
	}
	if r.Error == "permission denied" {
		at := file
		for _, s := range r.Steps {
			if !s.OK {
				at = s.Path
			}
		}
		return check.Failed(fmt.Sprintf("%s may not use %s %s: permission denied at %s", user, what, file, at), check.Remedy{
			Do: "Give the service's user the right to it.", Commands: []string{"namei -l " + file, "sudo setfacl -m u:" + user + ":rx " + at},
			Verify: "sudo -u " + user + " test -x " + file + " && echo ok", Minutes: 5})
	}
	return check.Failed(fmt.Sprintf("%s %s of %s does not exist", what, file, u.Name), check.Remedy{
		Do: "Correct the path in the unit, or put back what was moved (a virtual environment cannot be moved: make it anew).", Commands: []string{"sudo systemctl edit --full " + u.Name, "sudo systemctl restart " + u.Name},
		Verify: "systemctl is-active " + u.Name, Minutes: 10})
}

// systemFolders are where sh, git, ffmpeg and the like are.
var systemFolders = []string{"/usr/bin", "/bin"}

func searchPath(h *check.Hearing, c model.ExecContext) (check.Verdict, bool) {
	v, set := c.Path.Open(h)
	if !set {
		return check.Verdict{}, false
	}
	for p := range strings.SplitSeq(v.Value, ":") {
		if slices.Contains(systemFolders, strings.TrimSuffix(p, "/")) {
			return check.Verdict{}, false
		}
	}
	return check.Warned("the service's PATH has no system folder: "+v.Value, check.Remedy{
		Do:       "Keep the virtual environment first, and add the system's folders.",
		Commands: []string{fmt.Sprintf("# %s:%d", v.File, v.Line), `Environment="PATH=` + v.Value + `:/usr/local/bin:/usr/bin:/bin"`, "sudo systemctl daemon-reload"},
		Verify:   "systemctl show -p Environment <unit>", Minutes: 3,
	}).Because("Whatever the app starts by name (sh, git, ffmpeg, wkhtmltopdf) is not found; os.system fails even for sh's own commands."), true
}

// interpreter warns of a service that runs beside its own virtual environment.
func interpreter(h *check.Hearing, u *model.Unit, c model.ExecContext) check.Verdict {
	venvs, _ := c.Venvs.Open(h)
	if len(venvs) == 0 || slices.ContainsFunc(venvs, func(v string) bool { return strings.HasPrefix(c.Program, v+"/") }) {
		return check.Passed()
	}
	text, _ := u.Files.Open(h)
	if len(text.Exec) == 0 || slices.ContainsFunc(text.Exec[0].Argv, func(a string) bool {
		return slices.ContainsFunc(venvs, func(v string) bool { return strings.Contains(a, v+"/") })
	}) || !strings.HasPrefix(c.Program, "/usr/") {
		return check.Passed()
	}
	return check.Warned(fmt.Sprintf("%s runs the system's %s, and not that of %s", u.Name, path.Base(c.Program), venvs[0]), check.Remedy{
		Do: "Start the program of the virtual environment.", Commands: []string{"# " + c.ProgramAt.Where, "ExecStart=" + venvs[0] + "/bin/" + path.Base(c.Program) + " ..."},
		Verify: "systemctl show -p ExecStart " + u.Name, Minutes: 5,
	}).Because("The app runs with other versions of its packages than those that were installed for it.")
}
