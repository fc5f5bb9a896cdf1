package systemd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/regex"
	"assay/internal/syntax/edit"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.unit.active-enabled",
	Title:    "the app's unit is active, and comes up at boot",
	Severity: check.Critical,
	Stage:    model.StageApp,
	Breaks:   true,
	Guide:    "000 step 5: enable --now",
	Why:      "The app does not run: nginx has nobody to hand requests to, and answers 502 Bad Gateway.",
	Cure:     check.OnHost,
	Ask:      check.Both(check.Each((*model.Deployment).Units, activeEnabled), check.Each((*model.Deployment).SocketUnits, socketUnit)),
})

// startMay is how long a start may take before "activating" is a fault:
// systemd's own limit (DefaultTimeoutStartSec, 90 s).
const startMay = 90 * time.Second

func activeEnabled(h *check.Hearing, u *model.Unit) check.Verdict {
	h.Saw(u.Source)
	name := u.Name
	switch {
	case u.Load != "loaded":
		return notLoaded(h, u)
	case u.Looping() && u.Restarts >= 3:
		return exited(u, check.Failed(name+" dies each time it is started"+because(h, u), mend(u, "restart")))
	case u.Active == "failed" && u.GaveUp(h):
		return exited(u, gaveUp(h, u))
	case u.Active == "failed" && u.Result == "signal" && (u.ExitStatus == 9 || u.ExitStatus == 15):
		return check.Failed(name+" has failed"+because(h, u), begin(u, "Somebody ended it: start it again, and find out who."))
	case u.Active == "failed":
		return exited(u, check.Failed(name+" has failed"+because(h, u), mend(u, "start")))
	case u.Looping():
		return exited(u, check.Failed(name+" has just died"+because(h, u)+"; systemd starts it again", mend(u, "restart")))
	case u.Active == "activating":
		if o, blocked := u.Blocked(); blocked {
			h.Saw(o.Sources...)
			return check.Failed(name+" cannot listen where it is told to: "+o.Text, mend(u, "restart"))
		}
		if u.Retrying() {
			return noListener(h, u)
		}
		if u.Now.Sub(u.Since) > startMay {
			return check.Failed(name+" does not get through its start"+because(h, u), mend(u, "restart"))
		}
		return check.CannotTell(name+" is starting", "look again in a minute")
	case u.Young() && u.Retrying():
		return noListener(h, u)
	case !u.Running() && u.SocketLive:
		return onDemand(u)
	case !u.Running():
		u.Starters(h)
		return down(h, u)
	case !u.AtBoot():
		u.Starters(h)
		return check.Warned(name+" runs, but is not enabled: after a reboot it stays down", enable(name)).
			Because("The site works until the machine restarts, and is gone after that.").Breaking(false)
	}
	if u.Young() { // it may have died before, and only the journal tells
		_, _ = u.Journal.Look(h)
	}
	return check.Passed()
}

// noListener is a start that goes on, and will not end well: it has some seconds
// before it dies.
func noListener(h *check.Hearing, u *model.Unit) check.Verdict {
	_, _ = u.Journal.Look(h)
	why := because(h, u)
	if mayNotMake(u) {
		_, _ = u.Context.Makes.Look(h)
		why = ": " + userOf(u) + " may not make files in " + u.Context.SocketIn
	}
	return check.Failed(u.Name+" cannot open its socket, and tries again"+why, mend(u, "restart"))
}

// gaveUp is a unit that systemd does not start any more: mending the cause is
// not enough.
func gaveUp(h *check.Hearing, u *model.Unit) check.Verdict {
	what := u.Name + " was started too often, and systemd gave up on it (start limit)" + because(h, u)
	r := mend(u, "start")
	if u.Mended && len(r.Steps) == 0 {
		what += "; the app can be imported now"
		r.Do, r.Commands = "What it failed on is mended, as far as can be seen: start it by hand, once.", r.Commands[1:]
		r.Steps = starting(u)
	}
	return check.Failed(what, r).Because("Nothing starts it again by itself, not even when its cause is mended: visitors get 502 Bad Gateway until somebody does.")
}

// because is the reason in the journal's words, else in those of the exit code.
func because(h *check.Hearing, u *model.Unit) string {
	c, ok := u.Complaint()
	if ok {
		h.Saw(c.Sources()...)
	}
	if ok && c.Telling() && !strings.HasPrefix(c.Text, "Main process exited") {
		text := ": " + clip(c.Text)
		if logs := u.Context.Evident.Logs; logs != "" {
			_, _ = u.Context.Evident.Shut.Look(h)
			text = ": it cannot open its log, since there is no folder " + logs
		} else if noSocket.MatchString(c.Text) && mayNotMake(u) {
			_, _ = u.Context.Makes.Look(h)
			text += ", since " + userOf(u) + " may not make files in " + u.Context.SocketIn
		} else if o, blocked := u.Blocked(); blocked && notBound.MatchString(c.Text) {
			h.Saw(o.Sources...)
			text += ", since " + o.Text
		}
		return text
	}
	if e := ended(u); e != "" {
		return ": " + e
	}
	return ""
}

// noSocket is gunicorn's word when it gave up making its unix socket (20.1 to
// 23, gunicorn/sock.py).
var noSocket = regex.New(`^Can't connect to /`)

// notBound is its word for any address (20.1 to 23).
var notBound = regex.New(`^Can't connect to |^connection to .* failed|^Invalid address|^Retrying in `)

// mayNotMake says that the service's user was seen to be refused in the folder
// of its socket.
func mayNotMake(u *model.Unit) bool {
	r, state := u.Context.Makes.Look(&fact.Notes{})
	return u.Context.SocketIn != "" && state == fact.IsKnown && r.Error == "permission denied"
}

func userOf(u *model.Unit) string {
	if u.User == "" {
		return "root"
	}
	return u.User
}

// clip keeps a summary to a line or two.
func clip(s string) string {
	if r := []rune(s); len(r) > 140 {
		return string(r[:139]) + "…"
	}
	return s
}

func notLoaded(h *check.Hearing, u *model.Unit) check.Verdict {
	why := u.LoadError // org.freedesktop.systemd1.BadUnitSetting "Unit ... has a bad unit file setting."
	if _, quoted, ok := strings.Cut(why, "\""); ok {
		why = strings.Trim(quoted, "\"")
	}
	steps := unmasked(u)
	what, first := "systemd cannot load "+u.Name+": "+strings.TrimSuffix(why, "."), "systemd-analyze verify "+u.Name
	if t, known := u.Files.Look(h.Aside()); known == fact.IsKnown && len(t.Exec) > 1 && !u.Oneshot {
		second := t.Exec[len(t.Exec)-1]
		h.Saw(fact.Source{Where: second.File, Line: second.Line, Text: "ExecStart=" + strings.Join(second.Argv, " ")})
		what = fmt.Sprintf("systemd cannot load %s: it has more than one ExecStart=, the last in %s", u.Name, second.File)
		first = "# an empty line ExecStart= before that of " + second.File + " clears the first; then: sudo systemctl daemon-reload"
		steps = cleared(u, t)
	}
	switch u.Load {
	case "masked":
		what, first = u.Name+" is masked: systemd refuses to start it", "sudo systemctl unmask "+u.Name
	case "not-found":
		what, first = u.Name+" has no unit file any more", "# put the unit file back, then: sudo systemctl daemon-reload"
	}
	r := check.Remedy{Do: "Let systemd have the unit again, and start it.", Commands: []string{first, "sudo systemctl enable --now " + u.Name},
		Verify: "systemctl is-active " + u.Name, Minutes: 5, Steps: steps}
	if u.Running() {
		return check.Warned(what+"; it still runs", r).Breaking(false).
			Because("The site works until the service or the machine restarts, and is gone after that.")
	}
	return check.Failed(what, r)
}

// cleared lets the command line of a drop-in take the place of the one before.
func cleared(u *model.Unit, t model.UnitText) []plan.Step {
	all := t.All("Service", "ExecStart")
	last := all[len(all)-1]
	if len(all) != 2 || last.File == all[0].File || !strings.HasPrefix(last.File, "/etc/systemd/system/") {
		return nil
	}
	return check.Forgiven(u, plan.Change("let the ExecStart= of the drop-in take the place of the first", last.File,
		edit.Lines{Line: last.Line, New: []string{"ExecStart="}}, plan.Act{Verb: "restart", Unit: u.Name}))
}

// onDemand is a service that its socket starts with the first request.
func onDemand(u *model.Unit) check.Verdict {
	if u.SocketBoot {
		return check.Passed()
	}
	return check.Warned(u.Triggers[0]+" starts "+u.Name+" on demand, but is not enabled: after a reboot nobody listens", enable(u.Triggers[0])).
		Because("The site works until the machine restarts, and is gone after that.").Breaking(false)
}

// down is a unit that does not run and did not fail.
func down(h *check.Hearing, u *model.Unit) check.Verdict {
	if c, ok := u.Stopped(); ok {
		h.Saw(c.Source)
		return check.Failed(u.Name+" was stopped, it did not fail by itself", begin(u, "Find out who stopped it and why; then start it."))
	}
	if c, ok := u.Complaint(); ok && c.Telling() {
		h.Saw(c.Source)
		return check.Failed(u.Name+" is not running: "+clip(c.Text), mend(u, "start"))
	}
	if src, goes := u.GoesAway(); goes {
		h.Saw(src)
		return check.Failed(u.Name+" ends at once: gunicorn is told to go into the background (daemon), and systemd takes that for its end", stay(u)).
			Because("systemd ends what a service leaves behind: no gunicorn is left, and nginx has nobody to hand requests to.")
	}
	switch {
	case !u.Up.IsZero() && u.Active == "inactive":
		return check.Failed(u.Name+" ended by itself, without an error", mend(u, "start")).
			Because("systemd takes a main process that ends with 0 for finished work. gunicorn does so with --daemon, which has no place in a unit.")
	case !u.AtBoot():
		return check.Failed(u.Name+" is not enabled, so nothing started it", begin(u, "Start it, and let it come up with the machine."))
	}
	return check.Failed(u.Name+" is "+u.Active, begin(u, "Start it."))
}

// exited adds what gunicorn's own exit codes mean: systemd names them after the
// LSB's (3/NOTIMPLEMENTED, 4/NOPERMISSION), which sends people astray.
func exited(u *model.Unit, v check.Verdict) check.Verdict {
	why := gunicornExits[u.ExitStatus]
	if why == "" || u.Signalled || !u.RunsGunicorn() {
		return v
	}
	return v.Because(fmt.Sprintf("The app is down. Exit %d is gunicorn's own: %s; systemd's word for the number does not apply.", u.ExitStatus, why))
}

// gunicornExits are gunicorn's own exit codes (gunicorn/arbiter.py, 20.1 to 23).
var gunicornExits = map[int]string{3: "a worker could not start", 4: "the app could not be loaded"}

// systemdExits are those of systemd itself (systemd.exec(5), "Process exit codes").
var systemdExits = map[int]string{200: "its working directory could not be entered", 203: "its program could not be executed", 209: "its output could not be set up",
	217: "its user does not exist", 226: "its file system view could not be made", 233: "its runtime directory could not be made"}

var signals = map[int]string{4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}

// ended says how a unit's main process ended, "" where that is not known: once
// systemd has started it again, the last end is forgotten.
func ended(u *model.Unit) string {
	switch u.Result {
	case "oom-kill":
		return "killed for want of memory"
	case "resources":
		return "something that the unit needs is missing"
	case "timeout":
		return "it did not say in time that it was ready"
	case "protocol":
		return "it ended before it said that it was ready"
	}
	switch {
	case u.Signalled && signals[u.ExitStatus] != "":
		return "ended by " + signals[u.ExitStatus]
	case u.Signalled:
		return fmt.Sprintf("ended by signal %d", u.ExitStatus)
	case systemdExits[u.ExitStatus] != "":
		return systemdExits[u.ExitStatus]
	case gunicornExits[u.ExitStatus] != "" && u.RunsGunicorn():
		return gunicornExits[u.ExitStatus]
	case u.ExitStatus != 0:
		return fmt.Sprintf("exit %d", u.ExitStatus)
	}
	return ""
}

// mend is for a unit that cannot run until something else is put right.
func mend(u *model.Unit, verb string) check.Remedy {
	r := check.Remedy{
		Do:       "Read what it said before it ended, put that right, and " + verb + " it.",
		Commands: []string{"sudo journalctl -u " + u.Name + " -n 50 --no-pager"},
		Verify:   "systemctl is-active " + u.Name,
		Minutes:  10,
	}
	if c, ok := u.Complaint(); ok && c.Telling() {
		r.Do = "Put right what it said before it ended (above), and " + verb + " it."
		if file := u.ErrorFile(); file != "" && file == c.Source.Where {
			r.Commands = []string{"sudo tail -n 40 " + file}
		}
	}
	if c, ok := u.Complaint(); ok && inUse.MatchString(c.Text) {
		if port := inUse.FindStringSubmatch(c.Text)[1]; port != "" {
			r.Do = "Another program listens on port " + port + ": find it, and stop it for good or give one of the two another port; then " + verb + " it."
			r.Commands = []string{"sudo ss -ltnp 'sport = :" + port + "'"}
		}
	}
	if c, ok := u.Complaint(); mayNotMake(u) && (ok && noSocket.MatchString(c.Text) || u.Retrying()) {
		name := strings.TrimSuffix(u.Name, ".service")
		r.Do = "Let systemd make a folder of the service's own for the socket, and name the same path in nginx's proxy_pass."
		r.Commands = []string{"sudo systemctl edit --full " + u.Name, "# [Service]", "# RuntimeDirectory=" + name, "# ... --bind unix:/run/" + name + "/gunicorn.sock ...",
			"# and in nginx: proxy_pass http://unix:/run/" + name + "/gunicorn.sock;", "sudo nginx -t && sudo systemctl reload nginx"}
	}
	if c, ok := u.Complaint(); ok {
		if m := fromOwn.FindStringSubmatch(c.Text); m != nil && u.Context.Folder != "" && strings.HasPrefix(m[2], u.Context.Folder+"/") && !installed.MatchString(m[2]) {
			r.Cure = check.InCode
			r.Do = "Mend the app's code, and deploy it: " + m[2] + " does not have what is imported from " + m[1] + ". A file of the app with the name of a package is imported in its place."
		}
	}
	if do, steps, ok := check.Raise(u); ok {
		r.Do, r.Steps, r.Commands, r.Minutes = do, steps, check.Commands(steps), 5
		return r
	}
	if u.Active == "failed" {
		r.Commands = append(r.Commands, "sudo systemctl reset-failed "+u.Name)
	}
	if u.AtBoot() {
		r.Commands = append(r.Commands, "sudo systemctl "+verb+" "+u.Name)
	} else {
		r.Commands = append(r.Commands, "sudo systemctl enable --now "+u.Name)
	}
	return r
}

// fromOwn is Python's word (3.9 to 3.13) for a module that lacks a name, with its file.
var fromOwn = regex.New(`^ImportError: cannot import name '[^']*' from '([^']*)' \((/[^)]*)\)`)

var installed = regex.New(`/(site|dist)-packages/`)

// inUse is gunicorn's word for a taken port: 20.1 says "Connection in use:
// ('127.0.0.1', 8000)", 23 "connection to ('127.0.0.1', 8000) failed: [Errno 98]".
var inUse = regex.New(`(?:Connection in use: |connection to )\('[^']*', (\d+)\)(?:$| failed: \[Errno 98\])`)

// stay is for a gunicorn that goes into the background.
func stay(u *model.Unit) check.Remedy {
	r := check.Remedy{Do: "Take --daemon (daemon = True) away: under systemd the program stays in the foreground.",
		Commands: []string{"sudo systemctl edit --full " + u.Name, "sudo systemctl restart " + u.Name}, Verify: "systemctl is-active " + u.Name, Minutes: 3}
	if d := u.Deployment(); d != nil {
		r.Steps = check.Forgiven(u, plan.Gunicorn("let gunicorn stay in the foreground", d.Server, "daemon", "False"))
	}
	return r
}

// begin is for a unit that only has to be started.
func begin(u *model.Unit, do string) check.Remedy {
	cmd := "sudo systemctl start " + u.Name
	if !u.AtBoot() {
		cmd = "sudo systemctl enable --now " + u.Name
	}
	return check.Remedy{Do: do, Commands: []string{cmd}, Verify: "systemctl is-active " + u.Name, Minutes: 2, Steps: starting(u)}
}

func enable(name string) check.Remedy {
	return check.Remedy{Do: "Enable it.", Commands: []string{"sudo systemctl enable " + name}, Verify: "systemctl is-enabled " + name, Minutes: 1,
		Steps: plan.Systemctl("let "+name+" start with the machine", "enable", name)}
}

// starting starts a unit, and lets it start with the machine.
func starting(u *model.Unit) []plan.Step {
	var steps []plan.Step
	if u.Active == "failed" {
		steps = plan.Systemctl("forget that it failed", "reset-failed", u.Name)
	}
	if !u.AtBoot() {
		steps = append(steps, plan.Systemctl("let it start with the machine", "enable", u.Name)...)
	}
	return append(steps, plan.Systemctl("start it", "start", u.Name)...)
}

// unmasked takes the link away that masks a unit: its own file lies elsewhere.
func unmasked(u *model.Unit) []plan.Step {
	link := "/etc/systemd/system/" + u.Name
	if u.Load != "masked" || u.Fragment != "" && u.Fragment != link {
		return nil
	}
	return slices.Concat(plan.Gone("take the mask of "+u.Name+" away", link), plan.Systemctl("let it start with the machine", "enable", u.Name), plan.Systemctl("start it", "start", u.Name))
}
