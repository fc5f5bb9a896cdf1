package host

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"assay/internal/tape"
)

// Writer changes this machine. Only package apply holds one; everything that it
// does is written down in its journal first.
type Writer interface {
	Reader
	// Look reads what lies at a path, whole. A link at the end is followed where
	// follow is set; name is where the path leads then. A link in a folder that
	// others than root can write is an error.
	Look(path string, follow bool) (i Image, name string, err error)
	// Swap puts another image in the place of one. What lies there must be from,
	// or already to; torn allows for anything between the two, as a change that
	// was cut off leaves it. The path holds no links. mark names the file in which
	// the new content is made; it is gone afterwards, whatever happens.
	Swap(path, mark string, from, to Image, torn bool) error
	// Systemctl runs one of Verbs.
	Systemctl(ctx context.Context, verb, unit string) error
	// Done says that a row of Deeds is done already, Do does it, and Undo takes it
	// back: what stays all the same is said.
	Done(ctx context.Context, deed string, args []string) (bool, error)
	Do(ctx context.Context, deed string, args []string) error
	Undo(ctx context.Context, deed string, args []string) (stays string, err error)
	// Test runs a format's own validator.
	Test(ctx context.Context, name, arg string) error
	// Stage asks validators about files that are changed for them alone. The error
	// is theirs, or ErrNoStage.
	Stage(ctx context.Context, s Staged) error
}

// Verbs are what Systemctl may be told.
var Verbs = []string{"daemon-reload", "reset-failed", "disable", "stop", "mask", "unmask", "enable", "reload-or-restart", "reload", "restart", "start"}

// Hands returns a writer of this machine, which needs root.
func Hands(opt Options) Writer { return hands{Local(opt).(*local)} }

type hands struct{ *local }

// Systemctl waits as long as systemd lets a unit start or stop, and no longer.
const systemctlSeconds = 120

func (h hands) Systemctl(ctx context.Context, verb, unit string) error {
	deed := strings.TrimSpace("systemctl " + verb + " " + unit)
	if !slices.Contains(Verbs, verb) || (unit == "") != (verb == "daemon-reload") || unit != "" && (len(unit) > maxArgument || !unitName.MatchString(unit)) {
		return fmt.Errorf("%s: not something that is ever done", short(deed))
	}
	argv := []string{"systemctl", "--no-pager", "--no-ask-password", "--quiet", verb}
	if unit != "" {
		argv = append(argv, "--", unit)
	}
	return h.deed(ctx, systemctlSeconds*time.Second, deed, argv)
}

func (h hands) Test(ctx context.Context, name, arg string) error {
	switch name {
	case "nginx-test":
		v := h.See(ctx, tape.Ask{Kind: tape.KindCommand, Name: name, Arg: arg})[0]
		switch {
		case v.Status == tape.Absent:
			return errors.New("nginx -t: there is no nginx")
		case v.Status != tape.Seen:
			return errors.New(v.Why)
		case v.Exit != 0:
			return fmt.Errorf("nginx -t: %s", gist(v.Stderr+v.Body))
		}
		return nil
	case "unit-verify":
		if !unitName.MatchString(arg) || len(arg) > maxArgument {
			return fmt.Errorf("verify %s: not a unit's name", short(arg))
		}
		return h.verify(ctx, arg)
	case "visudo":
		if why := badPath(arg); why != "" {
			return fmt.Errorf("visudo -cf %s: %s", short(arg), why)
		}
		return h.deed(ctx, 20*time.Second, "visudo -cf "+arg, []string{"visudo", "-cf", arg})
	case "gunicorn-check":
		return h.configured(ctx, arg)
	}
	return fmt.Errorf("%s: no such test", short(name))
}

// verify takes systemd's complaints of what is ours; those about other lines
// stood there before (systemd-analyze(1): verify also tells of units that the
// unit names).
func (h hands) verify(ctx context.Context, unit string) error {
	program, v := h.program(ctx, "run systemd-analyze", []string{"/usr/bin/systemd-analyze", "/bin/systemd-analyze"})
	if program == "" {
		return errors.New(firstOf(v.Why, "there is no systemd-analyze"))
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Args = []string{"systemd-analyze", "verify", "--man=no", "--generators=no", unit}
	v = run(ctx, "run systemd-analyze verify "+unit, cmd)
	if v.Status != tape.Seen {
		return errors.New(v.Why)
	}
	for l := range strings.Lines(v.Stderr + v.Body) {
		if strings.Contains(l, "zz-assay.conf") {
			return fmt.Errorf("systemd-analyze verify: %s", strings.TrimSpace(l))
		}
	}
	return nil
}

// configured loads gunicorn's settings as its service does, in the sandbox, and
// goes by what its configuration file makes of them. arg is the unit and who it
// runs as. What the app itself does is not asked here.
func (h hands) configured(ctx context.Context, arg string) error {
	unit, who, _ := strings.Cut(arg, " ")
	v := h.See(ctx, tape.Ask{Kind: tape.KindApp, Name: "unit " + unit, As: who})[0]
	r, err := tape.Decode[tape.App](v)
	switch {
	case v.Status != tape.Seen || err != nil || r.Target != "":
		return nil // no sandbox is no word against the file
	case r.Error != nil && r.Error.Refused == "":
		return fmt.Errorf("gunicorn's settings: %s: %s", r.Error.Type, gist(r.Error.Text))
	case r.Ended != "":
		return errors.New("gunicorn's settings: " + r.Ended)
	}
	return nil
}

// loads loads a unit's app in the sandbox; an app that cannot be loaded is an
// error in its own words.
func (h hands) loads(ctx context.Context, unit, who string) error {
	v := h.See(ctx, tape.Ask{Kind: tape.KindApp, Name: "unit " + unit, As: who})[0]
	r, err := tape.Decode[tape.App](v)
	switch {
	case v.Status != tape.Seen || err != nil:
		return nil // no sandbox here is no word against the app: it is started next
	case r.Error != nil && r.Error.Refused == "":
		return fmt.Errorf("the app does not load: %s: %s", r.Error.Type, gist(r.Error.Text))
	case r.Error != nil:
		return nil // it wants more at its import than the sandbox gives
	case r.Ended != "":
		return errors.New("the app does not load: " + r.Ended)
	}
	return nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// deed runs a program of root's own and takes a bad end as an error.
func (h hands) deed(ctx context.Context, most time.Duration, deed string, argv []string) error {
	program, v := h.program(ctx, "run "+deed, bin(argv[0]))
	if program == "" {
		return errors.New(firstOf(v.Why, deed+": there is no such program"))
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Args = argv
	switch v := run(ctx, "run "+deed, cmd); {
	case v.Status != tape.Seen:
		return errors.New(v.Why)
	case v.Exit != 0:
		return fmt.Errorf("%s: %s", deed, gist(v.Stderr+v.Body))
	}
	return nil
}

func bin(name string) []string {
	return []string{"/usr/bin/" + name, "/usr/sbin/" + name, "/bin/" + name}
}

// gist is the line that says why, out of what a program wrote.
func gist(s string) string {
	for _, want := range []string{"[emerg]", "Failed", "failed", ""} {
		for l := range strings.Lines(s) {
			if l = strings.TrimSpace(l); l != "" && strings.Contains(l, want) {
				return short(l)
			}
		}
	}
	return "it says nothing and fails"
}
