package systemd

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/unit"
	"assay/internal/tape"
)

// asAccount lets the service run as whom its folders belong to.
func asAccount(u *model.Unit) []plan.Step {
	who := u.Context.Evident.Account
	if who == "" {
		return nil
	}
	return check.Forgiven(u, plan.DropIn("run "+u.Name+" as "+who+", whom its folders belong to", u.Name, "Service", "User", who))
}

// rerun puts another program in the place of the unit's own, and keeps its
// arguments.
func rerun(u *model.Unit, say, program string) []plan.Step {
	t, state := u.Files.Look(&fact.Notes{})
	starts := t.All("Service", "ExecStart")
	if state != fact.IsKnown || len(starts) != 1 || program == "" {
		return nil
	}
	args, ok := strings.CutPrefix(starts[0].Value, u.Context.Program)
	if !ok || args != "" && args[0] != ' ' {
		return nil
	}
	return check.Forgiven(u, plan.DropIn(say, u.Name, "Service", "ExecStart", "", program+args))
}

// unshelled writes the command line as systemd reads it.
func unshelled(u *model.Unit, t model.UnitText) []plan.Step {
	starts := t.All("Service", "ExecStart")
	program := u.Context.Evident.Program
	if len(starts) != 1 || program == "" {
		return nil
	}
	s, ok := syntax.Unshelled(starts[0].Value)
	if !ok {
		return nil
	}
	say := "name the program of " + u.Name + " by its path, without a shell"
	steps := plan.DropIn(say, u.Name, "Service", "ExecStart", "", program+s.Args)
	if s.Folder != "" && s.Folder != u.Context.Folder {
		steps = append(steps, plan.DropIn(say, u.Name, "Service", "WorkingDirectory", s.Folder)...)
	}
	for _, e := range s.Env {
		steps = append(steps, plan.DropIn(say, u.Name, "Service", "Environment", e)...)
	}
	return check.Forgiven(u, steps)
}

// opened gives the service's group what the root of a path alone may use: a
// folder to enter, or a program to run, that no group has yet.
func opened(u *model.Unit, s tape.Step) []plan.Step {
	say := "let " + u.Name + " use " + s.Path
	switch {
	case s.ACL || s.Owner == u.User || strings.Count(s.Path, "/") < 2:
		return nil
	case s.Type == "file" && s.Mode&0o444 != 0 && s.Mode&0o111 == 0: // who may read it may run it
		return check.Forgiven(u, append(plan.Owned(say, s.Path, "", "", fmt.Sprintf("%04o", s.Mode|s.Mode&0o444>>2)), plan.Systemctl(say, "restart", u.Name)...))
	case s.Type == "dir" && s.Owner == "root" && s.Group == "root" && s.Mode&0o077 == 0 && u.Group != "" && u.Group != "root":
		return check.Forgiven(u, append(plan.Owned(say, s.Path, "", u.Group, fmt.Sprintf("%04o", s.Mode|0o050)), plan.Systemctl(say, "restart", u.Name)...))
	}
	return nil
}

// widened sets PATH where it is set; a value of several words is left alone.
func widened(u *model.Unit, v model.EnvValue, whole string) []plan.Step {
	say := "let the app find the system's programs"
	switch {
	case strings.ContainsAny(whole, " \t\"'\\%$"):
		return nil
	case strings.HasSuffix(v.File, ".service") || strings.HasSuffix(v.File, ".conf"):
		return plan.DropIn(say, u.Name, "Service", "Environment", "PATH="+whole)
	}
	return plan.Key(say, v.File, plan.Shell, "PATH", whole, plan.Act{Verb: "restart", Unit: u.Name})
}

// ready lets Type= and what the service says agree.
func ready(u *model.Unit, key, value string) []plan.Step {
	if key == "" {
		return nil
	}
	return check.Forgiven(u, plan.DropIn("let systemd take gunicorn's word that it is ready", u.Name, "Service", key, value))
}

// isGunicorn says that a command line names gunicorn, a shell's words too.
func isGunicorn(u *model.Unit, argv []string) bool {
	return u.RunsGunicorn() || slices.ContainsFunc(argv, func(a string) bool { return strings.Contains(a, "gunicorn ") })
}

// folderBack restarts a service whose folder is there again.
func folderBack(u *model.Unit, c model.ExecContext) []plan.Step {
	if r, state := c.Enters.Look(&fact.Notes{}); state != fact.IsKnown || !r.OK {
		return nil
	}
	return check.Anew("run "+u.Name+" in the folder that is there now", u)
}
