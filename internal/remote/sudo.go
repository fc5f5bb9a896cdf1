package remote

import (
	"errors"
	"fmt"
	"strings"

	"assay/internal/tape"
)

// denial is why sudo did not let root look.
type denial int

const (
	wantsPassword denial = iota + 1
	wrongPassword
	notAllowed
	noSudo
	otherwise
)

// denials are sudo's words (1.9, in the C locale) and those of sudo-rs (0.2).
// sudo asks for the password before it says that it would not help.
var denials = []struct {
	why  denial
	says []string
}{
	{noSudo, []string{"sudo: not found"}},
	{notAllowed, []string{"not in the sudoers file", "is not allowed to", "may not run sudo", "afraid I can't do that"}},
	{wrongPassword, []string{"incorrect password", "incorrect authentication", "no password was provided", "Authentication failed", "uthentication failure"}},
	{wantsPassword, []string{"a password is required", "interactive authentication is required", "terminal is required to read the password"}},
}

func denialOf(said []string) denial {
	all := strings.Join(said, "\n")
	for _, d := range denials {
		for _, s := range d.says {
			if strings.Contains(all, s) {
				return d.why
			}
		}
	}
	return otherwise
}

// collect looks as root where that can be had, else as the user who logged in.
func (h Host) collect(w *wire, who guest) (*tape.Tape, error) {
	switch {
	case who.uid == "0":
		t, _, err := h.as(w, "root", "")
		return t, err
	case h.NoSudo:
		t, _, err := h.as(w, "plain", "")
		return t, err
	}
	t, said, err := h.as(w, "sudo", "")
	if t != nil || err != nil {
		return t, err
	}
	why := denialOf(said)
	if why != noSudo {
		// sudoers may allow one program: the line that assay asks prints
		if t, _, err := h.as(w, "installed", ""); t != nil || err != nil {
			return t, err
		}
	}
	if why == wantsPassword {
		if t, said, err = h.withPassword(w, who); t != nil || err != nil {
			return t, err
		}
		why = denialOf(said)
	}
	switch why {
	case wrongPassword, wantsPassword:
		return nil, fmt.Errorf("sudo did not take this password for %s", who.user)
	case notAllowed:
		h.Note(fmt.Sprintf("%s may not use sudo on %s; this is what %[1]s can see", who.user, h.Name))
	case noSudo:
		h.Note(fmt.Sprintf("%s has no sudo; this is what %s can see", h.Name, who.user))
	default:
		return nil, fmt.Errorf("sudo: %s\nhint: --no-sudo looks as %s, without root", last(said), who.user)
	}
	t, _, err = h.as(w, "plain", "")
	return t, err
}

// withPassword asks the operator once.
func (h Host) withPassword(w *wire, who guest) (*tape.Tape, []string, error) {
	if h.Password == nil {
		return nil, nil, fmt.Errorf("sudo wants a password of %s, and there is no terminal to ask on\n"+
			"hint: --no-sudo looks without root; a line for sudoers needs no password: assay asks", who.user)
	}
	w.stop() // people take their time
	pw, err := h.Password(w.ctx, fmt.Sprintf("[sudo] password of %s on %s:", who.user, h.Name[strings.LastIndex(h.Name, "@")+1:]))
	if err != nil {
		return nil, nil, err
	}
	if pw == "" || strings.ContainsAny(pw, "\n\x00") {
		return nil, nil, errors.New("no password was given\nhint: --no-sudo looks without root")
	}
	return h.as(w, "password", pw+"\n")
}

// as sends a deed and reads what comes of it: a recording, or what sudo said
// when it refused.
func (h Host) as(w *wire, deed, more string) (*tape.Tape, []string, error) {
	w.within(h.Timeout + grace)
	w.send("%s %s\n%s", deed, strings.Join(h.Collect, " "), more)
	var said []string
	for {
		verb, rest, err := w.expect("tape", "said", "denied")
		if err != nil {
			return nil, nil, err
		}
		switch verb {
		case "said":
			if len(said) < 100 {
				said = append(said, rest)
			}
		case "denied":
			return nil, said, nil
		case "tape":
			t, err := w.recording()
			if deed == "installed" {
				err = h.installed(err)
			}
			return t, nil, err
		}
	}
}

// installed tells of the program that is there already: sudoers allow it alone.
func (h Host) installed(err error) error {
	if err == nil {
		h.Note("looked with /usr/local/bin/assay of " + h.Name + ", as its sudoers allow")
	}
	if u, is := errors.AsType[unread](err); is {
		return fmt.Errorf("its sudoers allow /usr/local/bin/assay alone, which is another version: %w\nhint: install this one there", u.error)
	}
	return err
}

func last(said []string) string {
	for i := len(said) - 1; i >= 0; i-- {
		if s := strings.TrimSpace(strings.TrimPrefix(said[i], "sudo: ")); s != "" {
			return s
		}
	}
	return "it did not say why"
}
