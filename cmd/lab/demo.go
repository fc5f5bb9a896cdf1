package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"assay/internal/lab"
)

// demoHost is the one host of the demo; it stays up, so that a second demo takes
// seconds and the host can be looked at.
const demoHost = "demo"

// scene is one step of the demo: what is said, what is shown as typed, and a
// script where it is run without a word.
type scene struct{ say, typed, script string }

// scenes are the full circle. The fault is one letter in nginx's way to the app:
// each part looks healthy, and visitors get 502.
var scenes = []scene{
	{"A bare Debian 13, as a provider hands it over, and a Flask shop in a developer's home.",
		"assay setup /home/dev/shop --domain shop.example --domain www.shop.example --email ops@shop.example --yes", ""},
	{"What only its operator knows is written down.", "editor /etc/assay/assay.toml", lab.Declare},
	{"The whole way of a request, looked at.", "assay check", ""},
	{"Somebody edits a file, and calls it a day.", slip, slip},
	{"At 3 a.m. the site is down.", "assay diagnose https://shop.example/", ""},
	{"What can be mended is shown, done, and looked at again.", "assay fix --apply", ""},
	{"", "assay check", ""},
}

const slip = `sh -c "sed -i 's,/live\.sock,/life.sock,' /etc/nginx/sites-available/shop; systemctl reload nginx"`

// demo takes a bare host to a site, breaks it, finds out why, and mends it.
func demo(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errUsage("lab demo BINARY; `make demo` builds it and calls this")
	}
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		return err
	}
	h, err := demoUp(ctx)
	if err != nil {
		return err
	}
	if err := h.Put(ctx, args[0], "/usr/local/bin/assay", 0o755); err != nil {
		return err
	}
	for _, s := range scenes {
		if err := play(ctx, h, s); err != nil {
			return err
		}
	}
	fmt.Print(`
Look around in the host:
  sudo dist/lab sh demo                                     a root shell in it
  sudo dist/lab sh demo assay model                         what assay understood
  sudo dist/lab sh demo assay history                       what it changed
  sudo dist/lab sh demo assay undo 1                        all of it taken back but the packages
  sudo dist/lab visit demo curl -kI https://shop.example    what a visitor gets
  sudo dist/lab down demo                                   throw it away
`)
	return nil
}

func play(ctx context.Context, h *lab.Host, s scene) error {
	fmt.Println()
	if s.say != "" {
		fmt.Printf("# %s\n", s.say)
	}
	fmt.Printf("$ sudo %s\n", s.typed)
	if s.script != "" {
		_, err := h.Run(ctx, s.script)
		return err
	}
	fmt.Println()
	cmd, err := h.Command(ctx, "sh", "-c", s.typed)
	if err != nil {
		return err
	}
	err = attach(cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 { // it found something
		err = nil
	}
	return err
}

func demoUp(ctx context.Context) (*lab.Host, error) {
	if h, err := lab.Open(demoHost); err == nil {
		if h.PID() != 0 && h.Blueprint == demoBlueprint {
			return h, nil
		}
		if err := h.Down(ctx); err != nil {
			return nil, err
		}
	}
	return lab.Up(ctx, demoBlueprint, lab.Options{Name: demoHost, Log: os.Stderr, Keep: true})
}

const demoBlueprint = "fresh13"
