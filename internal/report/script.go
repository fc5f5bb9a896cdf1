package report

import (
	"fmt"
	"io"
	"strings"

	"assay/internal/plan"
	"assay/internal/syntax/edit"
	"assay/internal/tape"
)

// Script writes a plan as a shell script that one can read, and run as root. It
// stops where a file is not what the plan was made from. It takes nothing back.
func Script(w io.Writer, p plan.Plan) error {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/sh\n# Plan %s. It changes what it says and takes nothing back: assay fix --apply does.\nset -eu\n", p.ID())
	for _, s := range p.All() {
		for _, l := range s.Lines {
			if tape.HoldsMask(strings.Join(l.Old, "\n") + strings.Join(l.New, "\n")) {
				fmt.Fprintf(&b, "echo %s >&2\nexit 1\n", quoted(fmt.Sprintf("%s: line %d holds a secret, and no script may hold it; assay fix --apply changes it", inert(s.Path, lineText), l.Line)))
			}
		}
	}
	tested := false
	for _, s := range p.All() {
		if s.Kind == plan.Unit && !tested {
			tested = true
			for _, t := range p.Tests {
				if c := t.Command(); c != "" {
					b.WriteString("\n" + strings.TrimSuffix(c, t.Arg) + quoted(t.Arg) + "\n")
				}
			}
		}
		b.WriteString("\n# " + inert(s.Say, lineText) + "\n" + scripted(s))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func scripted(s plan.Step) string {
	path := quoted(s.Path)
	switch s.Kind {
	case plan.Edit:
		if h := hunks(s.Lines); strings.Contains(h, plan.Secret) {
			return "sed \"s/" + plan.Secret + "/$(openssl rand -hex 32)/\" <<'ASSAY' | patch --fuzz=0 " + path + "\n" + h + "ASSAY\n"
		} else {
			return "patch --fuzz=0 " + path + " <<'ASSAY'\n" + h + "ASSAY\n"
		}
	case plan.Write:
		body := strings.TrimSuffix(s.Body, "\n")
		end := "<<'ASSAY'\n" + body + "\nASSAY\n"
		if strings.Contains(body, plan.Secret) {
			end = "<<ASSAY\n" + strings.ReplaceAll(body, plan.Secret, "$(openssl rand -hex 32)") + "\nASSAY\n"
		}
		return "test ! -e " + path + "\nmkdir -p \"$(dirname " + path + ")\"\ninstall -m " + s.Mode + " /dev/stdin " + path + " " + end
	case plan.Remove:
		return "rm -d " + path + "\n"
	case plan.Folder:
		return "mkdir -m " + s.Mode + " " + path + "\n" + chowns(s, path)
	case plan.Link:
		return "ln -sfn " + quoted(s.Target) + " " + path + "\n"
	case plan.Own:
		return chowns(s, path)
	case plan.Append:
		return "cat >>" + path + " <<'ASSAY'\n" + strings.TrimSuffix(s.Body, "\n") + "\nASSAY\n"
	case plan.Deed:
		return "# by hand: " + inert(s.Words(), lineText) + "\n"
	}
	return strings.TrimSpace("systemctl "+s.Verb+" "+quotedOrNone(s.Unit)) + "\n"
}

func chowns(s plan.Step, path string) string {
	out := ""
	switch {
	case s.Owner != "" && s.Group != "":
		out += "chown " + s.Owner + ":" + s.Group + " " + path + "\n"
	case s.Owner != "":
		out += "chown " + s.Owner + " " + path + "\n"
	case s.Group != "":
		out += "chgrp " + s.Group + " " + path + "\n"
	}
	if s.Kind == plan.Own && s.Mode != "" {
		out += "chmod " + s.Mode + " " + path + "\n"
	}
	return out
}

// hunks are the changes as diff -U0 writes them.
func hunks(changes []edit.Lines) string {
	var b strings.Builder
	b.WriteString("--- a\n+++ b\n")
	grown := 0
	for _, c := range changes {
		old, now := c.Line, c.Line+grown
		if len(c.Old) == 0 {
			old--
		}
		if len(c.New) == 0 {
			now--
		}
		fmt.Fprintf(&b, "@@ -%d,%d +%d,%d @@\n", old, len(c.Old), now, len(c.New))
		for _, l := range c.Old {
			b.WriteString("-" + l + "\n")
		}
		for _, l := range c.New {
			b.WriteString("+" + l + "\n")
		}
		grown += len(c.New) - len(c.Old)
	}
	return b.String()
}

func quoted(s string) string {
	plain := strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-@:+=", r)
	}) < 0
	if plain && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func quotedOrNone(s string) string {
	if s == "" {
		return ""
	}
	return quoted(s)
}
