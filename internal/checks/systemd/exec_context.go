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
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.exec-context",
	Title:    "the unit's program, user, folder, environment files and PATH are sound",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 5; 001 systemd unit with PATH",
	Why:      "The service still runs, but does not survive its next start.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Execs, execContext),
})

func execContext(h *check.Hearing, e model.ExecSubject) check.Verdict {
	u, c := e.Unit, e.Context
	if u.Load == "masked" || u.Load == "not-found" {
		return check.DoesNotApply(u.Name + " has no unit file to judge")
	}
	if u.Root != "" && u.Root != "/" {
		return check.CannotTell(u.Name+" runs in a root of its own ("+u.Root+"), which is not looked into", "")
	}
	if v, bad := cannotStart(h, u, c); bad {
		if !u.Running() || u.Looping() {
			return v.At(check.Critical).Breaking(true).Because("The service cannot start, so the app is down: visitors get 502 Bad Gateway.")
		}
		return v
	}
	if v, bad := searchPath(h, u, c); bad {
		return v
	}
	return interpreter(h, u, c)
}

// cannotStart looks at everything without which systemd or the kernel refuses.
// What is as it should be is no evidence.
func cannotStart(h *check.Hearing, u *model.Unit, c model.ExecContext) (check.Verdict, bool) {
	t, _ := u.Files.Look(h.Aside())
	if _, ok := c.User.Open(h.Aside()); !ok {
		saw(h, t, "User")
		_, _ = c.User.Look(h)
		return check.Failed("the user "+u.User+" of "+u.Name+" does not exist", check.Remedy{
			Do: "Name the account that owns the app, or make this one.", Commands: []string{"sudo systemctl edit --full " + u.Name + "   # User=", "sudo systemctl restart " + u.Name},
			Verify: "id " + u.User, Minutes: 3, Steps: asAccount(u)}), true
	}
	for _, f := range c.EnvFiles {
		if _, s := f.Stat.Look(h.Aside()); s == fact.IsAbsent && !f.Optional {
			h.Saw(f.Source)
			_, _ = f.Stat.Look(h)
			return check.Failed("the environment file "+f.Path+" of "+u.Name+" does not exist", check.Remedy{
				Do:       "Put the file back from where you keep such things: one NAME=value a line. An empty one lets the service start without its secrets.",
				Commands: []string{"sudo install -m 0600 /path/to/your/copy " + f.Path, "sudo systemctl restart " + u.Name},
				Verify:   "systemctl is-active " + u.Name, Minutes: 10}), true
		}
	}
	if p, gap := c.Made.Look(h.Aside()); gap == fact.IsKnown {
		_, _ = c.Made.Look(h)
		h.Saw(c.ProgramAt)
		return check.Failed(fmt.Sprintf("the virtual environment %s of %s has its packages for %s, and its Python is now %s", p.Root, u.Name, p.Made, path.Base(p.Leads)), check.Remedy{
			Do:       "Make the virtual environment anew with the Python that there is, from the app's list of packages.",
			Commands: []string{"sudo mv " + p.Root + " " + p.Root + ".old", "sudo " + p.Leads + " -m venv " + p.Root, "sudo " + p.Root + "/bin/pip install -r requirements.txt", "sudo systemctl restart " + u.Name},
			Verify:   "systemctl is-active " + u.Name, Minutes: 20}), true
	}
	if c.HasMissed != "" && (!u.Running() || u.Looping()) {
		h.Saw(c.ProgramAt)
		return check.Failed(fmt.Sprintf("%s starts %s, which does not have the module %s: it is in the virtual environment %s", u.Name, c.Program, c.Missed, c.HasMissed), venvRemedy(u, c, c.HasMissed, rerun(u, "start the program of the virtual environment that has the app's packages", c.Evident.Program))), true
	}
	if u.CwdGone {
		saw(h, t, "WorkingDirectory")
		h.Saw(fact.Source{Where: fmt.Sprintf("process %d", u.MainPID), Text: "its working directory is deleted", Ask: tape.Ask{Kind: tape.KindProcs}})
		r := check.Remedy{
			Do: "Restart the service after each release, and keep WorkingDirectory on a path that stays (a link to the current release).", Commands: []string{"sudo systemctl restart " + u.Name},
			Verify: "systemctl is-active " + u.Name, Minutes: 3, Steps: folderBack(u, c)}
		what, why := "the folder in which "+u.Name+" runs was deleted under it", "The old code runs on from memory: a module or a template that is opened only now is not found, and that request fails."
		into, there := c.Enters.Look(h.Aside())
		if there != fact.IsAbsent && (there != fact.IsKnown || into.Error != "no such file or directory") {
			return check.Failed(what, r).Because(why), true
		}
		_, _ = c.Enters.Look(h)
		r.Do, r.Cure, r.Minutes = "Deploy the app again, and restart the service then: no code is left at "+c.Folder+", and a restart before that would end what still answers.", check.InCode, 15
		r.Commands = append([]string{"# deploy"}, r.Commands...)
		return check.Failed(what, r).Because(why).Breaking(true), true
	}
	if v, bad := shellSyntax(h, u, t); bad {
		return v, true
	}
	if v, bad := hidden(h, u, c, t); bad {
		return v, true
	}
	if v, bad := refusedPath(h, u, c, t); bad {
		return v, true
	}
	return unready(h, u, t)
}

// saw adds the line that sets a key.
func saw(h *check.Hearing, t model.UnitText, key string) {
	if src, ok := t.SettingSource(key); ok {
		h.Saw(src)
	}
}

func refusedPath(h *check.Hearing, u *model.Unit, c model.ExecContext, t model.UnitText) (check.Verdict, bool) {
	folder, _ := t.SettingSource("WorkingDirectory")
	for _, p := range []struct {
		what, path string
		access     fact.Of[tape.AccessReport]
		at         fact.Source
	}{
		{"the working directory of " + u.Name, c.Folder, c.Enters, folder},
		{"the program of " + u.Name, c.Program, c.Runs, c.ProgramAt},
		{"the interpreter", c.Interpreter, c.Interprets, c.ProgramAt},
	} {
		if p.path == "" || !path.IsAbs(p.path) {
			continue
		}
		r, s := p.access.Look(h.Aside())
		switch {
		case s == fact.IsKnown && !r.OK:
		case s == fact.IsAbsent:
			r = tape.AccessReport{Error: "no such file or directory"}
		default:
			continue
		}
		if p.at.Where != "" {
			h.Saw(p.at)
		}
		_, _ = p.access.Look(h)
		if p.path == c.Interpreter {
			h.Saw(fact.Source{Where: c.Program, Line: 1, Text: "#!" + c.Interpreter, Ask: tape.Ask{Kind: tape.KindFile, Name: c.Program, Arg: "head"}})
			p.what = "the interpreter that " + c.Program + " names"
		}
		return refused(u, c, p.what, p.path, r), true
	}
	return check.Verdict{}, false
}

func refused(u *model.Unit, c model.ExecContext, what, file string, r tape.AccessReport) check.Verdict {
	user := u.User
	if user == "" {
		user = "root"
	}
	if r.Error != "permission denied" {
		remedy := check.Remedy{
			Do: "Correct the path in the unit, or put back what was moved (a virtual environment cannot be moved: make it anew).", Commands: []string{"sudo systemctl edit --full " + u.Name, "sudo systemctl restart " + u.Name},
			Verify: "systemctl is-active " + u.Name, Minutes: 10}
		switch {
		case file == c.Program && c.Evident.Program != "":
			remedy.Do = "The virtual environment beside the app has the program: name that one."
			remedy.Commands[0] += "   # ExecStart=" + c.Evident.Program + " ..."
			remedy.Steps = rerun(u, "start "+c.Evident.Program+", which is there", c.Evident.Program)
		case file == c.Interpreter && c.Evident.Python != "" && path.Base(c.Program) == "gunicorn":
			remedy.Do = "Start gunicorn by the Python of the environment in which it lies; when there is time, make the environment anew (one cannot be moved)."
			remedy.Commands[0] += "   # ExecStart=" + c.Evident.Python + " -m gunicorn ..."
			remedy.Steps = rerun(u, "start gunicorn by the Python of its own environment", c.Evident.Python+" -m gunicorn")
		}
		return check.Failed(fmt.Sprintf("%s does not exist: %s", what, file), remedy)
	}
	at, asked := file, file
	var shut tape.Step
	for _, s := range r.Steps {
		if !s.OK {
			shut = s
			at = fmt.Sprintf("%s (mode %04o, %s:%s)", s.Path, s.Mode, s.Owner, s.Group)
			file = s.Path
		}
	}
	remedy := check.Remedy{
		Do: "Give the user " + user + " the right to enter (and, for a file, to run) " + file + ".", Commands: []string{"sudo setfacl -m u:" + user + ":rx " + file, "sudo systemctl restart " + u.Name},
		Verify: "sudo -u " + user + " test -x " + file + " && echo ok", Minutes: 5, Steps: opened(u, shut)}
	if len(remedy.Steps) > 0 {
		s := remedy.Steps[0]
		remedy.Commands[0] = "sudo chmod " + s.Mode + " " + s.Path
		if s.Group != "" {
			remedy.Commands = slices.Insert(remedy.Commands, 0, "sudo chgrp "+s.Group+" "+s.Path)
		}
	}
	return check.Failed(fmt.Sprintf("%s may not use %s, %s: permission denied at %s", user, what, asked, at), remedy)
}

// systemFolders are where sh, git, ffmpeg and the like are.
var systemFolders = []string{"/usr/bin", "/bin"}

func searchPath(h *check.Hearing, u *model.Unit, c model.ExecContext) (check.Verdict, bool) {
	v, set := c.Path.Open(h.Aside())
	if !set {
		return check.Verdict{}, false
	}
	for p := range strings.SplitSeq(v.Value, ":") {
		if slices.Contains(systemFolders, strings.TrimSuffix(p, "/")) {
			return check.Verdict{}, false
		}
	}
	_, _ = c.Path.Look(h)
	whole := v.Value + ":/usr/local/bin:/usr/bin:/bin"
	line := `Environment="PATH=` + whole + `"`
	if !strings.HasSuffix(v.File, ".service") && !strings.HasSuffix(v.File, ".conf") {
		line = "PATH=" + whole
	}
	what := "the PATH of " + u.Name + " has no system folder: " + v.Value
	r := check.Remedy{
		Do:       "Keep what is there first, and add the system's folders.",
		Commands: []string{fmt.Sprintf("# %s:%d", v.File, v.Line), line, "sudo systemctl daemon-reload && sudo systemctl restart " + u.Name},
		Verify:   "sudo cat /proc/$(systemctl show -P MainPID " + u.Name + ")/environ | tr '\\0' '\\n' | grep ^PATH=", Minutes: 3,
		Steps: widened(u, v, whole),
	}
	if len(u.NotFound) > 0 {
		return check.Failed(what+"; the app does not find "+check.List(u.NotFound), r).Breaking(true).
			Because("What the app starts by name is not found, and that request fails with FileNotFoundError."), true
	}
	return check.Warned(what, r).At(check.Low).
		Because("A program that the app starts by name (git, ffmpeg, wkhtmltopdf) would not be found, and that request would fail with FileNotFoundError."), true
}

// interpreter warns of a service that runs beside its own virtual environment.
func interpreter(h *check.Hearing, u *model.Unit, c model.ExecContext) check.Verdict {
	venvs, _ := c.Venvs.Open(h.Aside())
	text, _ := u.Files.Open(h.Aside())
	if len(venvs) == 0 || len(text.Exec) == 0 || !strings.HasPrefix(c.Program, "/usr/") || c.Program == "/usr/bin/env" {
		return check.Passed()
	}
	mentions := func(s string) bool {
		return slices.ContainsFunc(venvs, func(v string) bool { return strings.Contains(s, v+"/") || s == v })
	}
	for _, v := range text.Env { // PYTHONPATH, VIRTUAL_ENV
		if mentions(v.Value) {
			return check.Passed()
		}
	}
	if slices.ContainsFunc(text.Exec[0].Argv, mentions) {
		return check.Passed()
	}
	h.Saw(c.ProgramAt)
	_, _ = c.Venvs.Look(h)
	return check.Warned(fmt.Sprintf("%s runs the system's %s, and not that of %s", u.Name, path.Base(c.Program), venvs[0]), venvRemedy(u, c, venvs[0], nil)).
		Because("The app runs with other versions of its packages than those that were installed for it.")
}

func venvRemedy(u *model.Unit, c model.ExecContext, venv string, steps []plan.Step) check.Remedy {
	return check.Remedy{
		Do:       "Start the program of the virtual environment.",
		Commands: []string{fmt.Sprintf("# %s:%d", c.ProgramAt.Where, c.ProgramAt.Line), "ExecStart=" + venv + "/bin/" + path.Base(c.Program) + " ...", "sudo systemctl daemon-reload && sudo systemctl restart " + u.Name},
		Verify:   "systemctl show -p ExecStart " + u.Name, Minutes: 5, Steps: steps,
	}
}
