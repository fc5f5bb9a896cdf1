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
	syntax "assay/internal/syntax/unit"
)

// builtins are what only a shell can run.
var builtins = []string{"source", ".", "cd", "export", "set", "ulimit", "umask", "eval"}

// shellSyntax finds a command line that is written as for a shell.
func shellSyntax(h *check.Hearing, u *model.Unit, t model.UnitText) (check.Verdict, bool) {
	for _, c := range t.Exec {
		word := ""
		if slices.Contains(builtins, c.Path) {
			word = c.Path
		}
		inner := slices.ContainsFunc(c.Argv, func(a string) bool { return a == "-c" })
		for _, a := range c.Argv {
			if word == "" && !inner && (a == "&&" || a == "||" || a == "|") {
				word = a
			}
		}
		if word == "" {
			continue
		}
		h.Saw(fact.Source{Where: c.File, Line: c.Line, Text: "ExecStart=" + strings.Join(c.Argv, " ")})
		return check.Failed(fmt.Sprintf("ExecStart= of %s is written for a shell (%s), and systemd starts none", u.Name, word), check.Remedy{
			Do:       "Name the program by its whole path, that of the virtual environment for example: it needs no activate. What the shell set up has keys of its own: WorkingDirectory=, Environment=.",
			Commands: []string{"sudo systemctl edit --full " + u.Name, "sudo systemctl restart " + u.Name},
			Verify:   "systemctl is-active " + u.Name, Minutes: 5, Steps: unshelled(u, t),
		}), true
	}
	return check.Verdict{}, false
}

// veils are the settings that take folders away from a service.
var veils = map[string][]string{"ProtectHome": {"/home", "/root", "/run/user"}, "PrivateTmp": {"/tmp", "/var/tmp"}}

// hidden finds a folder or a program in a place that the unit hides from
// itself: for everybody else it is there.
func hidden(h *check.Hearing, u *model.Unit, c model.ExecContext, t model.UnitText) (check.Verdict, bool) {
	folder, _ := t.SettingSource("WorkingDirectory")
	for _, p := range []struct {
		what, path string
		at         fact.Source
	}{
		{"the working directory of " + u.Name, c.Folder, folder},
		{"the program of " + u.Name, c.Program, c.ProgramAt},
		{"the interpreter of " + u.Name, c.Interpreter, c.ProgramAt},
	} {
		key, set := veil(t, p.path)
		if key == "" {
			continue
		}
		h.Saw(p.at, fact.Source{Where: set.File, Line: set.Line, Text: set.Key + "=" + set.Value})
		return check.Failed(fmt.Sprintf("%s, %s, is hidden from it by %s=%s", p.what, p.path, set.Key, set.Value), check.Remedy{
			Do:       "Move the app to a folder such as /srv, or let the unit see this one.",
			Commands: []string{fmt.Sprintf("sudoedit %s   # line %d", set.File, set.Line), openVeil(key, set.Value, p.path), "sudo systemctl daemon-reload && sudo systemctl restart " + u.Name},
			Verify:   "systemctl is-active " + u.Name, Minutes: 5, Steps: unveiled(u, key, set.Value),
		}), true
	}
	return check.Verdict{}, false
}

// veil is the setting that hides a path, "" for none.
func veil(t model.UnitText, file string) (string, syntax.Setting) {
	for _, open := range []string{"BindPaths", "BindReadOnlyPaths"} {
		if _, given := t.Last("Service", open); given {
			return "", syntax.Setting{}
		}
	}
	for key, folders := range veils {
		s, set := t.Last("Service", key)
		on, isBool := syntax.Bool(s.Value)
		if set && (isBool && on || s.Value == "tmpfs" || s.Value == "disconnected") && slices.ContainsFunc(folders, func(f string) bool { return within(file, f) }) {
			return key, s
		}
	}
	for _, key := range []string{"InaccessiblePaths", "TemporaryFileSystem"} {
		for _, s := range t.All("Service", key) {
			for _, f := range strings.Fields(s.Value) {
				f, _, _ = strings.Cut(strings.TrimLeft(f, "-+"), ":")
				if within(file, f) {
					return key, s
				}
			}
		}
	}
	return "", syntax.Setting{}
}

func within(file, folder string) bool {
	return path.IsAbs(file) && folder != "/" && (file == folder || strings.HasPrefix(file, strings.TrimSuffix(folder, "/")+"/"))
}

func openVeil(key, value, file string) string {
	if on, isBool := syntax.Bool(value); key == "ProtectHome" && isBool && on {
		return "ProtectHome=read-only"
	}
	return "BindReadOnlyPaths=" + file
}

// unveiled lets the service read the homes, and still write none.
func unveiled(u *model.Unit, key, value string) []plan.Step {
	if on, isBool := syntax.Bool(value); key != "ProtectHome" || !isBool || !on {
		return nil
	}
	return check.Forgiven(u, plan.DropIn("let "+u.Name+" see the homes, in one of which the app lies", u.Name, "Service", "ProtectHome", "read-only"))
}

// unready finds a unit whose Type= waits for a word that never comes. A service
// that is up has given it.
func unready(h *check.Hearing, u *model.Unit, t model.UnitText) (check.Verdict, bool) {
	kind, set := t.Last("Service", "Type")
	if !set || u.Active == "active" || len(t.Exec) == 0 {
		return check.Verdict{}, false
	}
	c := t.Exec[0]
	daemon := slices.ContainsFunc(c.Argv, func(a string) bool { return a == "-D" || strings.Contains(a, "--daemon") })
	access, _ := t.Last("Service", "NotifyAccess")
	shell := slices.Contains([]string{"sh", "bash", "dash"}, path.Base(c.Path)) && !strings.Contains(strings.Join(c.Argv, " "), "exec ")
	why, do, key, value := "", "", "", ""
	switch {
	case kind.Value == "forking" && !daemon && u.RunsGunicorn():
		why, do = "waits for a program that goes to the background (Type=forking), and gunicorn stays in the foreground", "Type=notify"
		key, value = "Type", "notify"
	case kind.Value == "notify" && shell && access.Value != "all" && access.Value != "exec":
		why, do = "waits for word from its main process (Type=notify), and that is a shell: what gunicorn says does not count", "NotifyAccess=all   # or ExecStart=... exec gunicorn ..."
		if isGunicorn(u, c.Argv) {
			key, value = "NotifyAccess", "all"
		}
	}
	if why == "" {
		return check.Verdict{}, false
	}
	h.Saw(fact.Source{Where: kind.File, Line: kind.Line, Text: kind.Key + "=" + kind.Value}, fact.Source{Where: c.File, Line: c.Line, Text: "ExecStart=" + strings.Join(c.Argv, " ")})
	return check.Failed(u.Name+" "+why, check.Remedy{
		Do:       "Let both agree: systemd ends the service each time the word does not come.",
		Commands: []string{"sudo systemctl edit --full " + u.Name, "# " + do, "sudo systemctl restart " + u.Name},
		Verify:   "systemctl is-active " + u.Name, Minutes: 5, Steps: ready(u, key, value),
	}), true
}
