//go:build real

package remote

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/internal/lab"
)

// Whatever stands in the way is said in one line, and nothing half-done is used.
func TestInTheWay(t *testing.T) {
	s := serve(t, "bare12", "way")
	out := filepath.Join(t.TempDir(), "tape")
	visit := func(args ...string) ran { return s.assay(append([]string{"record", out}, args...)...) }

	s.says(visit("--host", "nobody@web-1"), 3, "nobody@"+lab.Address+": Permission denied (publickey", "ssh-add")
	s.says(visit("--host", "web-9.invalid"), 3, "no address is known for web-9.invalid")
	s.says(visit("--host", "ssh://ann@web-1:2"), 3, "port 2: Connection refused")
	s.says(visit("--host", "-oProxyCommand=touch /tmp/x"), 2, "want what ssh takes")
	s.says(visit("--clean"), 2, "it needs --host")
	s.says(visit("--host", "ann@web-1", "--binary", "/nowhere"), 2, "read /nowhere: no such file")

	t.Run("no shell", func(t *testing.T) {
		s.sh("usermod -s /usr/sbin/nologin eve")
		s.says(visit("--host", "eve@web-1"), 3, "its login shell does not run commands: This account is currently not available.")
		s.sh("usermod -s /bin/bash eve")
	})
	t.Run("a shell that talks", func(t *testing.T) {
		s.sh(`sed -i '1i echo "Welcome, $USER"; printf "%s" "no newline"; head -c 20000 /dev/zero | tr "\\\\0" x; echo oops >&2' /home/ann/.bashrc`)
		if r := visit("--host", "ann@web-1"); r.code != 0 {
			t.Errorf("exit %d\n%s", r.code, r.err)
		}
	})
	t.Run("another machine", func(t *testing.T) {
		s.sh(`printf '#!/bin/sh\ncase $1 in -m) echo aarch64;; *) echo Linux;; esac\n' >/tmp/uname; chmod 755 /tmp/uname; mount --bind /tmp/uname /usr/bin/uname`)
		defer s.sh("umount /usr/bin/uname; rm /tmp/uname")
		s.says(visit("--host", "ann@web-1"), 3, "it is aarch64, and there is no "+filepath.Dir(assay)+"/assay-linux-arm64", "--binary FILE")
		s.says(visit("--host", "ann@web-1", "--binary", assay), 3, "it is not built for aarch64")
	})
	t.Run("no space, no exec", func(t *testing.T) {
		s.sh("rm -rf /home/ann/.cache; mkdir /home/ann/.cache; mount -t tmpfs -o size=1m,mode=777 tmpfs /home/ann/.cache")
		s.says(visit("--host", "ann@web-1"), 3, "write /home/ann/.cache/assay/", "No space left on device")
		s.sh("test $(find /home/ann/.cache -type f -size +0 | wc -l) = 0; umount /home/ann/.cache; mount -t tmpfs -o noexec,mode=777 tmpfs /home/ann/.cache")
		s.says(visit("--host", "ann@web-1", "--no-sudo"), 3, "its disk is mounted noexec")
		if r := visit("--host", "ann@web-1"); r.code != 0 { // root runs its own copy
			t.Errorf("exit %d\n%s", r.code, r.err)
		}
		s.sh("umount /home/ann/.cache; chmod 555 /home/ann; rm -rf /home/ann/.cache")
		s.says(visit("--host", "ann@web-1"), 3, "write /home/ann/.cache/assay/", "Permission denied")
		s.sh("chmod 755 /home/ann")
	})
	t.Run("a line that breaks", func(t *testing.T) {
		s.config("Host broken\n ProxyCommand sh -c '{ dd bs=64k count=40 status=none; kill $$; } | ssh -W " + lab.Address + ":22 root@web-1'\n HostKeyAlias " + lab.Address + "\n")
		r := visit("--host", "ann@broken")
		s.says(r, 3, "visit ann@broken: ")
		s.config("")
		s.sh("for i in $(seq 50); do pgrep -u ann sshd >/dev/null || break; sleep 0.1; done; test $(find /home/ann/.cache -type f -size +0 | wc -l) = 0")
		if r := visit("--host", "ann@web-1"); r.code != 0 {
			t.Errorf("exit %d\n%s", r.code, r.err)
		}
	})
	t.Run("an interrupt", s.interrupted)
}

// interrupted: ctrl-C while root looks. Nothing of ours stays on either side
// but the program that was brought whole.
func (s *server) interrupted(t *testing.T) {
	s.sh(`printf '#!/bin/sh\nsleep 3\n' >/tmp/slow; chmod 755 /tmp/slow; mount --bind /tmp/slow /usr/bin/systemctl`)
	defer s.sh("umount /usr/bin/systemctl")
	tmp := t.TempDir()
	cmd, err := s.VisitorCommand(context.Background(), "bash", "-c", home, s.laptop, "env", "TMPDIR="+tmp, assay, "record", "--host", "ann@web-1", filepath.Join(tmp, "tape"))
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.sh("for i in $(seq 100); do pgrep -x assay >/dev/null && exit; sleep 0.05; done; exit 1")
	_ = cmd.Process.Signal(os.Interrupt)
	began := time.Now()
	_ = cmd.Wait()
	if said.String() != "assay: visit ann@web-1: interrupted\n" || cmd.ProcessState.ExitCode() != 3 || time.Since(began) > 3*time.Second {
		t.Errorf("exit %d after %v: %q", cmd.ProcessState.ExitCode(), time.Since(began), said.String())
	}
	if here, _ := os.ReadDir(tmp); len(here) != 0 {
		t.Errorf("left on the laptop: %v", here)
	}
	s.sh("for i in $(seq 200); do pgrep -f '^[^ ]*/assay collect' >/dev/null || break; sleep 0.05; done; sleep 0.2; ls -d /run/assay.* 2>/dev/null && exit 1 || true")
}

// root runs nothing but what its own copy hashes to, however the user's file
// changes behind the first look.
func TestRootRunsItsOwnCopy(t *testing.T) {
	s := serve(t, "bare12", "copy")
	for name, make := range map[string]string{
		"another program": `printf '#!/bin/sh\ntouch /tmp/was-run\n' >$f; chmod 755 $f`,
		"a link":          `ln -s /etc/shadow $f`,
		"endless":         `ln -s /dev/zero $f`,
		"nothing":         `true`,
	} {
		out := s.sh(`f=/home/ann/fake; rm -f $f; ` + make + "\nsh -c " + quoted(rootScript) +
			` x WORD $(id -u ann) $(id -g ann) $f ` + strings.Repeat("0", 64) + ` 1000000 ''; ! test -e /tmp/was-run; ls -d /run/assay.* /root/assay.* /var/lib/assay.* 2>/dev/null || true`)
		if out != "WORD started\nWORD error a copy of /home/ann/fake for root came out different\n" {
			t.Errorf("%s: %q", name, out)
		}
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
