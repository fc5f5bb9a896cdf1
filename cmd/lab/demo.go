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

// lived waits until the host's app server has died often enough for systemd's
// own count to show it: a server that people call about has been ill for a while.
const lived = `for _ in $(seq 60); do
  [ "$(systemctl show -p NRestarts --value gunicorn)" -ge 3 ] && exit 0
  sleep 1
done`

// demo boots a host on which a guide was followed to the letter, puts the binary
// there and shows what it says.
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
	fmt.Printf("\n$ sudo assay check        # in %s: Debian 12, booted, a Flask shop deployed as a guide says\n\n", h.Name)
	cmd, err := h.Command(ctx, "assay", "check")
	if err != nil {
		return err
	}
	err = attach(cmd)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	fmt.Print(`
Look around in the host:
  sudo dist/lab sh demo                                     a root shell in it
  sudo dist/lab sh demo assay model                         what assay understood
  sudo dist/lab sh demo assay explain systemd.unit.active-enabled
  sudo dist/lab visit demo curl -I https://your-domain.com   what a visitor gets
  sudo dist/lab down demo                                   throw it away
`)
	return nil
}

func demoUp(ctx context.Context) (*lab.Host, error) {
	if h, err := lab.Open(demoHost); err == nil {
		if h.PID() != 0 {
			return h, nil
		}
		if err := h.Down(ctx); err != nil {
			return nil, err
		}
	}
	h, err := lab.Up(ctx, "guide000", lab.Options{Name: demoHost, Log: os.Stderr, Keep: true})
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "demo: booted; letting it live for half a minute, as a server would")
	_, err = h.Run(ctx, lived)
	return h, err
}
