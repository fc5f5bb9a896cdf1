package remote

import (
	"os/exec"
	"strings"
	"testing"
)

// What ssh says, as OpenSSH 9.2 said it, and what we make of it.
func TestExplain(t *testing.T) {
	for said, want := range map[string]string{
		"ssh: connect to host 203.0.113.10 port 22: Connection refused":                                                                                                              "port 22: Connection refused",
		"ssh: connect to host 203.0.113.10 port 2222: Connection timed out":                                                                                                          "port 2222: timed out",
		"ssh: connect to host 203.0.113.10 port 22: No route to host":                                                                                                                "port 22: No route to host",
		"ssh: Could not resolve hostname web-9: Name or service not known":                                                                                                           "no address is known for web-9",
		"ann@203.0.113.10: Permission denied (publickey,password).":                                                                                                                  "ann@203.0.113.10: Permission denied (publickey,password)",
		"Received disconnect from 203.0.113.10 port 22:2: Too many authentication failures":                                                                                          "it was offered too many keys",
		"No ED25519 host key is known for jump and you have requested strict checking.\nHost key verification failed.\nConnection closed by UNKNOWN port 65535":                      "the host key of jump is not known",
		"@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nSomeone could be eavesdropping\nOffending ED25519 key in /home/ann/.ssh/known_hosts:7\nHost key verification failed.": "its host key is not the one in /home/ann/.ssh/known_hosts:7",
		"/home/ann/.ssh/config: line 3: Bad configuration option: foo\n/home/ann/.ssh/config: terminating, 1 bad configuration options":                                              "/home/ann/.ssh/config: line 3: Bad configuration option: foo",
		"Bad owner or permissions on /home/ann/.ssh/config":                                                                                                                          "Bad owner or permissions on /home/ann/.ssh/config",
		"Timeout, server 203.0.113.10 not responding.":                                                                                                                               "the connection was lost",
		"Unable to negotiate with 203.0.113.10 port 22: no matching host key type found. Their offer: ssh-rsa":                                                                       "Unable to negotiate with 203.0.113.10 port 22: no matching host key type found. Their offer: ssh-rsa",
	} {
		got, _, _ := strings.Cut(complaint(said, "web-1").Error(), "\nhint: ")
		if got != want {
			t.Errorf("%q\n gives %q\n want  %q", said, got, want)
		}
	}
	if err := complaint("something else", "web-1"); err != nil {
		t.Errorf("something else: %v", err)
	}
}

func TestDenials(t *testing.T) {
	for said, want := range map[string]denial{
		"sudo: a password is required":                                                          wantsPassword,
		"sudo: interactive authentication is required":                                          wantsPassword,
		"Sorry, try again.\nsudo: no password was provided\nsudo: 1 incorrect password attempt": wrongPassword,
		"eve is not in the sudoers file.":                                                       notAllowed,
		"eve is not in the sudoers file.  This incident will be reported.":                      notAllowed,
		"Sorry, user dan is not allowed to execute '/bin/sh' as root on web-1.":                 notAllowed,
		"sudo: I'm sorry eve. I'm afraid I can't do that":                                       notAllowed,
		"sudo: not found": noSudo,
		"sudo: sorry, you must have a tty to run sudo": otherwise,
		"": otherwise,
	} {
		if got := denialOf(strings.Split(said, "\n")); got != want {
			t.Errorf("%q is %d, want %d", said, got, want)
		}
	}
}

// Scripts are sent without their comments; what is left must still be scripts.
func TestScripts(t *testing.T) {
	for name, text := range map[string]string{"visit.sh": visitScript, "root.sh": rootScript} {
		b := bare(text)
		if strings.Contains(b, "\n#") || len(b) < 500 {
			t.Errorf("%s: %s", name, b)
		}
		cmd := exec.Command("sh", "-n")
		cmd.Stdin = strings.NewReader(b)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

func TestNames(t *testing.T) {
	for name, good := range map[string]bool{"web-1": true, "ann@web-1": true, "ssh://ann@web-1:2222": true, "ann@[2001:db8::1]": true,
		"-oProxyCommand=x": false, "": false, "a b": false, "a;b": false, "$(x)": false, "a\nb": false} {
		if nameShape.MatchString(name) != good {
			t.Errorf("%q: want %t", name, good)
		}
	}
}
