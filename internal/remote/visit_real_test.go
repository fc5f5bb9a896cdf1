//go:build real

package remote

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/lab"
)

const cached = ".cache/assay/*/assay"

// Who logs in, and what of root is seen.
func TestFromALaptop(t *testing.T) {
	s := serve(t, "unix", "visit")
	s.sh("systemctl stop redis-server") // something to be found
	want := s.local()
	before := s.left()

	t.Run("root", func(t *testing.T) {
		s.same(s.look("--host", "root@web-1", "--clean"), want)
	})
	t.Run("sudo without a password", func(t *testing.T) {
		s.same(s.look("--host", "ann@web-1"), want)
		first := s.sh("stat -c '%i %Z %A %U' /home/ann/" + cached)
		if !strings.Contains(first, "-rwx------ ann") {
			t.Errorf("the program there is %q", first)
		}
		s.same(s.look("--host", "ann@web-1"), want)
		if second := s.sh("stat -c '%i %Z %A %U' /home/ann/" + cached); second != first {
			t.Errorf("a second visit brought it anew: %q, then %q", first, second)
		}
	})
	t.Run("replaced on the server", func(t *testing.T) {
		s.sh(`bin=$(echo /home/ann/` + cached + `); printf '#!/bin/sh\ntouch /tmp/was-run\n' >"$bin"`)
		s.same(s.look("--host", "ann@web-1"), want)
		s.sh("! test -e /tmp/was-run; file=$(echo /home/ann/" + cached + "); test $(stat -c %s $file) -gt 1000000")
	})
	t.Run("sudo with a password", s.withPassword)
	t.Run("no sudo", func(t *testing.T) {
		s.says(s.assay("check", "--host", "eve@web-1"), 3, "visit eve@web-1: sudo wants a password of eve, and there is no terminal", "\nhint: --no-sudo ")
		p := s.look("--host", "eve@web-1", "--no-sudo")
		if p.Host.Root || p.Counts.Unknown == 0 || len(p.Deployments) != 1 {
			t.Errorf("%+v", p)
		}
		r := s.typed(passwords["eve"], "check --clean --host eve@web-1")
		if !strings.Contains(r.out, "note: eve may not use sudo on eve@web-1") || !strings.Contains(r.out, "seen without root") || r.code != 3 {
			t.Errorf("exit %d:\n%s", r.code, r.out)
		}
	})
	t.Run("sudoers allow assay collect alone", func(t *testing.T) {
		if err := s.Put(context.Background(), assay, "/usr/local/bin/assay", 0o755); err != nil {
			t.Fatal(err)
		}
		defer s.sh("rm /usr/local/bin/assay")
		r := s.assay("check", "--format", "json", "--host", "dan@web-1", "--clean")
		s.same(s.page(r), want)
		if !strings.Contains(r.err, "note: looked with /usr/local/bin/assay of dan@web-1") {
			t.Errorf("stderr: %s", r.err)
		}
		s.sh(`printf '#!/bin/sh\necho "{\\"tape\\":99}"\n' >/usr/local/bin/assay`)
		s.says(s.assay("check", "--host", "dan@web-1", "--clean"), 3, "which is another version: line 1: recording format 99")
	})
	t.Run("clean", func(t *testing.T) {
		s.same(s.look("--host", "ann@web-1", "--clean"), want)
		if after := s.left(); after != before {
			t.Errorf("left there:\n%s", differ(before, after))
		}
	})
}

// A password goes to sudo and nowhere else.
func (s *server) withPassword(t *testing.T) {
	pw := passwords["bob"]
	s.sh(`nohup bash -c 'while [ ! -e /tmp/stop ]; do grep -lsaE "bob.s-pas[s]" /proc/[0-9]*/cmdline /proc/[0-9]*/environ; sleep 0.01; done >/tmp/seen; touch /tmp/stopped' >/dev/null 2>&1 &`)
	tape := filepath.Join(s.laptop, "bob.tape")
	r := s.typed(pw, "record --host bob@web-1 "+tape)
	s.sh("touch /tmp/stop")
	recorded, err := os.ReadFile(tape)
	if err != nil || r.code != 0 || !strings.Contains(r.out, "[sudo] password of bob on web-1: ") {
		t.Fatalf("exit %d, %v\n%s", r.code, err, r.out)
	}
	if !strings.Contains(string(recorded), `\"uid\":0`) {
		t.Error("it was not root who looked")
	}
	if strings.Contains(string(recorded), "bob's-pass") {
		t.Error("the password is on the tape")
	}
	if seen := s.sh("while [ ! -e /tmp/stopped ]; do sleep 0.02; done; journalctl -q --no-pager | grep -E 'bob.s-pas[s]' || true; cat /tmp/seen; rm /tmp/seen /tmp/stop*"); seen != "" {
		t.Errorf("the password was on a command line, in an environment or in the journal:\n%s", seen)
	}
	r = s.typed("wrong", "check --clean --host bob@web-1")
	if r.code != 3 || !strings.Contains(r.out, "assay: visit bob@web-1: sudo did not take this password for bob") {
		t.Errorf("exit %d:\n%s", r.code, r.out)
	}
	if n := strings.TrimSpace(s.sh("journalctl -q -t sudo | grep -c 'bob : 1 incorrect password attempt'")); n != "1" {
		t.Errorf("sudo counts %s wrong passwords, want 1", n)
	}
	s.sh("rm -f /home/bob/.sudo_as_admin_successful")
}

// Debian 13: another sudo (use_pty by default) and another sshd.
func TestFromALaptopToDebian13(t *testing.T) {
	s := serve(t, "tcp", "visit13")
	want := s.local()
	s.same(s.look("--host", "ann@web-1"), want)
	r := s.typed(passwords["bob"], "check --clean --host bob@web-1")
	if r.code != 0 || !strings.Contains(r.out, "seen as root") {
		t.Errorf("exit %d:\n%s", r.code, r.out)
	}
}

// Who may be trusted on the way there.
func TestHostKeys(t *testing.T) {
	s := serve(t, "bare12", "keys")
	key := s.hostKey()
	other, err := os.ReadFile(filepath.Join(s.laptop, "id.pub"))
	if err != nil {
		t.Fatal(err)
	}
	check := func(host string) ran { return s.assay("record", "--host", host, filepath.Join(t.TempDir(), "x")) }

	s.known()
	s.says(check("ann@web-1"), 3, "the host key of "+lab.Address+" is not known", "\nhint: ssh ann@web-1 once, and compare the fingerprint")
	s.config("StrictHostKeyChecking no\nUserKnownHostsFile /root/.ssh/new")
	s.says(check("ann@web-1"), 3, "the host key of "+lab.Address+" is not known")
	s.config("")
	s.known(string(other))
	s.says(check("ann@web-1"), 3, "its host key is not the one in /root/.ssh/known_hosts:1")

	// The server is its own jump host; behind it it is known by another name.
	const jump = "Host inner\n HostName 127.0.0.1\n HostKeyAlias inner\n ProxyJump ann@web-1\n"
	s.known(key)
	s.config(jump)
	s.says(check("ann@inner"), 3, "the host key of inner is not known")
	s.write("known_hosts", "inner "+key+"\n")
	s.config(jump + "Host web-1\n StrictHostKeyChecking accept-new\n")
	s.says(check("ann@inner"), 3, "the host key of "+lab.Address+" is not known") // the jump's
	s.write("known_hosts", "inner "+key+"\n"+lab.Address+" "+key+"\n")
	if r := check("ann@inner"); r.code != 0 {
		t.Errorf("through a jump host: exit %d\n%s", r.code, r.err)
	}
}

func differ(before, after string) string {
	var out []string
	for l := range strings.Lines(after) {
		if !strings.Contains(before, l) {
			out = append(out, "+ "+l)
		}
	}
	for l := range strings.Lines(before) {
		if !strings.Contains(after, l) {
			out = append(out, "- "+l)
		}
	}
	return strings.Join(out, "")
}
