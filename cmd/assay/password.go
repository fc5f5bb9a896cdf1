package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/term"
)

// passwords asks on the terminal itself, wherever the streams lead; nil when
// there is no terminal.
func passwords() func(context.Context, string) (string, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	return func(ctx context.Context, prompt string) (string, error) {
		fd := int(tty.Fd())
		before, err := term.GetState(fd)
		if err != nil {
			return "", err
		}
		type line struct {
			text []byte
			err  error
		}
		got := make(chan line, 1)
		fmt.Fprint(tty, prompt)
		go func() {
			text, err := term.ReadPassword(fd)
			got <- line{text, err}
		}()
		defer fmt.Fprintln(tty)
		select {
		case l := <-got:
			return string(l.text), l.err
		case <-ctx.Done(): // the reader still waits: give the terminal its echo back
			_ = term.Restore(fd, before)
			return "", ctx.Err()
		}
	}
}
