// Command lab is the developers' door to the throw-away hosts of internal/lab.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"assay/internal/lab"
)

const usage = `lab boots throw-away Debian hosts with a Flask site on them (as root).

  lab up BLUEPRINT [NAME]       boot a host
  lab sh NAME [COMMAND...]      a shell on it, or one command
  lab visit NAME COMMAND...     run a command as the site's visitor
  lab reboot NAME
  lab down NAME | --all
  lab list
  lab build                     make all roots and layers that are missing
  lab demo BINARY               boot a bare host, and set a site up, break it and mend it there

Blueprints:
`

// errUsage is one line that says what to type instead.
type errUsage string

func (e errUsage) Error() string { return string(e) }

var verbs = map[string]func(ctx context.Context, args []string) error{
	"up": up, "sh": sh, "visit": visit, "reboot": reboot, "down": down, "list": list, "build": build, "demo": demo,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	// only as it is: wrapped, it is of a program that the lab itself ran
	exit, there := err.(*exec.ExitError)
	var bad errUsage
	switch {
	case err == nil:
	case there && exit.ExitCode() >= 0:
		os.Exit(exit.ExitCode()) // of a command that ran there; it has said why itself
	case errors.As(err, &bad):
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Print(usage)
		for _, b := range lab.Blueprints() {
			fmt.Printf("  %-10s %s\n", b[0], b[1])
		}
		return nil
	}
	verb, ok := verbs[args[0]]
	if !ok {
		return errUsage(fmt.Sprintf("no verb %q; `lab help` lists them", args[0]))
	}
	if os.Geteuid() != 0 {
		return errUsage("the lab mounts and boots, which needs root: sudo lab " + args[0])
	}
	return verb(ctx, args[1:])
}

func up(ctx context.Context, args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return errUsage("lab up BLUEPRINT [NAME]; `lab help` lists the blueprints")
	}
	opt := lab.Options{Log: os.Stderr, Keep: true}
	if self, err := os.Executable(); err == nil {
		opt.Program = filepath.Join(filepath.Dir(self), "assay")
	}
	if len(args) == 2 {
		opt.Name = args[1]
	}
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		return err
	}
	start := time.Now()
	h, err := lab.Up(ctx, args[0], opt)
	if err != nil {
		return err
	}
	fmt.Printf("%s is up after %.1f s\n", h.Name, time.Since(start).Seconds())
	return nil
}

func build(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return errUsage("lab build takes nothing")
	}
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		return err
	}
	return lab.Build(ctx, os.Stderr)
}

func sh(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage("lab sh NAME [COMMAND...]; `lab list` lists the hosts")
	}
	h, err := lab.Open(args[0])
	if err != nil {
		return err
	}
	command := args[1:]
	if len(command) == 0 {
		command = []string{"bash", "-l"}
	}
	cmd, err := h.Command(ctx, command...)
	if err != nil {
		return err
	}
	return attach(cmd)
}

func visit(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errUsage("lab visit NAME COMMAND...; `lab list` lists the hosts")
	}
	h, err := lab.Open(args[0])
	if err != nil {
		return err
	}
	cmd, err := h.VisitorCommand(ctx, args[1:]...)
	if err != nil {
		return err
	}
	return attach(cmd)
}

func attach(cmd *exec.Cmd) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if term := os.Getenv("TERM"); term != "" {
		cmd.Env = append(cmd.Env, "TERM="+term)
	}
	return cmd.Run()
}

func reboot(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errUsage("lab reboot NAME; `lab list` lists the hosts")
	}
	h, err := lab.Open(args[0])
	if err != nil {
		return err
	}
	start := time.Now()
	if err := h.Reboot(ctx); err != nil {
		return err
	}
	fmt.Printf("%s is back after %.1f s\n", h.Name, time.Since(start).Seconds())
	return nil
}

func down(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errUsage("lab down NAME, or lab down --all")
	}
	if args[0] == "--all" {
		return lab.DownAll(ctx)
	}
	h, err := lab.Open(args[0])
	if err != nil {
		return err
	}
	return h.Down(ctx)
}

func list(_ context.Context, args []string) error {
	if len(args) > 0 {
		return errUsage("lab list takes nothing")
	}
	all, err := lab.List()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Println("no hosts; `lab up unix` boots one")
	}
	for _, i := range all {
		life := "off"
		if i.PID != 0 {
			life = fmt.Sprintf("PID %d", i.PID)
		}
		fmt.Printf("%-20s %-10s %-10s up since %s  %s\n", i.Name, i.Blueprint, life, i.Created.Format(time.DateTime), i.Root)
	}
	return nil
}
