//go:build real

package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/lab"
)

// assay is the program as it ships, in a folder of its own on the laptop.
var assay string

func TestMain(m *testing.M) { os.Exit(tests(m)) }

func tests(m *testing.M) int {
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "booting hosts needs root: make real")
		return 1
	}
	dir, err := os.MkdirTemp("", "assay-remote-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	assay = filepath.Join(dir, "assay")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", assay, "assay/cmd/assay")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	err = lab.Ready(context.Background(), os.Stderr)
	if out, e := cmd.CombinedOutput(); err == nil && e != nil {
		err = fmt.Errorf("build: %w\n%s", e, out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// server is a host with a real sshd, and a laptop in its visitor's network.
type server struct {
	*lab.Host
	t      *testing.T
	laptop string // the folder that is ~/.ssh there
}

// passwords of the users who have one; sudo asks bob and eve, and eve may not.
var passwords = map[string]string{"bob": "bob's-pass phrase", "eve": "eve-4c1d"}

const people = `
for u in ann bob dan eve; do useradd -m -s /bin/bash $u; done
echo 'ann ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ann
echo 'bob ALL=(ALL) ALL' >/etc/sudoers.d/bob
echo 'dan ALL=(root) NOPASSWD: /usr/local/bin/assay collect' >/etc/sudoers.d/dan
chmod 440 /etc/sudoers.d/*
for u in root ann bob dan eve; do
  home=$(getent passwd $u | cut -d: -f6)
  install -d -m 700 -o $u -g $u $home/.ssh
  install -m 600 -o $u -g $u /tmp/key.pub $home/.ssh/authorized_keys
done
systemctl start ssh`

// serve boots a blueprint's host with users and sshd.
func serve(t *testing.T, blueprint, name string) *server {
	t.Helper()
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	h, err := lab.Up(ctx, blueprint, lab.Options{Name: fmt.Sprintf("r%d-%s", os.Getpid()%10000, name)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s := &server{h, t, t.TempDir()}
	key := filepath.Join(s.laptop, "id")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	if err := h.Put(ctx, key+".pub", "/tmp/key.pub", 0o644); err != nil {
		t.Fatal(err)
	}
	for u, p := range passwords {
		if err := h.PutFrom(ctx, strings.NewReader(u+":"+p+"\n"), "/tmp/"+u, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.sh(people + "\nfor u in bob eve; do chpasswd </tmp/$u; rm /tmp/$u; done\nrm /tmp/key.pub")
	s.known(s.hostKey())
	s.config("")
	return s
}

func (s *server) hostKey() string {
	return strings.TrimSpace(s.sh("cat /etc/ssh/ssh_host_ed25519_key.pub"))
}

// known writes the laptop's known_hosts.
func (s *server) known(keys ...string) {
	text := ""
	for _, k := range keys {
		text += lab.Address + " " + k + "\n"
	}
	s.write("known_hosts", text)
}

// config writes the laptop's configuration: ours, and what a test adds.
func (s *server) config(more string) {
	s.write("config", more+`
Host web-1
  HostName `+lab.Address+`
Host *
  IdentityFile ~/.ssh/id
`)
}

func (s *server) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.laptop, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// sh runs a script on the server as root; it must end well.
func (s *server) sh(script string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := s.Run(ctx, script)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// ran is how a run of the program on the laptop ended.
type ran struct {
	out, err string
	code     int
}

// home gives the laptop's root a home of its own. No process outside sees it.
const home = `mount -t tmpfs -o mode=700 tmpfs /root && cp -r "$0" /root/.ssh && chmod 700 /root/.ssh && cd /tmp && exec "$@"`

// run runs a program on the laptop.
func (s *server) run(stdin string, words ...string) ran {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd, err := s.VisitorCommand(ctx, append([]string{"bash", "-c", home, s.laptop}, words...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		s.t.Fatal(err)
	}
	return ran{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// assay runs the program on the laptop; there is no terminal.
func (s *server) assay(args ...string) ran {
	s.t.Helper()
	return s.run("", append([]string{"setsid", "-w", assay}, args...)...)
}

// typed runs the program on a terminal on which somebody types a line.
func (s *server) typed(line, args string) ran {
	s.t.Helper()
	return s.run(line+"\n", "setsid", "-w", "script", "-qec", assay+" "+args, "/dev/null")
}

// says demands an end without a report: this exit code, and one line that
// holds all these words, perhaps with a hint.
func (s *server) says(r ran, code int, words ...string) {
	s.t.Helper()
	text, _, _ := strings.Cut(r.err, "\nhint: ")
	if r.code != code || strings.Count(strings.TrimSpace(text), "\n") > 0 || r.out != "" {
		s.t.Errorf("exit %d, want %d and one line:\n%s%s", r.code, code, r.out, r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			s.t.Errorf("want %q in:\n%s", w, r.err)
		}
	}
}

// page is what two looks at one host must agree about.
type page struct {
	Host        struct{ Root bool }
	Deployments []struct{ Name string }
	Findings    []struct{ Key, Status, Summary string }
	Unknown     []struct{ ID, Key string }
	Counts      struct{ Passed, Unknown, Findings int }
}

func (s *server) page(r ran) page {
	s.t.Helper()
	var p page
	if err := json.Unmarshal([]byte(r.out), &p); err != nil {
		s.t.Fatalf("no report, exit %d: %v\n%s%s", r.code, err, r.out, r.err)
	}
	return p
}

// look audits the server from the laptop.
func (s *server) look(args ...string) page {
	s.t.Helper()
	return s.page(s.assay(append([]string{"check", "--format", "json"}, args...)...))
}

// local audits the server where it stands, as root.
func (s *server) local() page {
	s.t.Helper()
	ctx := context.Background()
	if err := s.Put(ctx, assay, "/usr/local/sbin/assay-local", 0o755); err != nil {
		s.t.Fatal(err)
	}
	out := s.sh("assay-local check --format json || [ $? -le 3 ]; rm /usr/local/sbin/assay-local")
	return s.page(ran{out: out})
}

// same demands that two reports agree.
func (s *server) same(got, want page) {
	s.t.Helper()
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if !slices.Equal(a, b) || len(want.Deployments) == 0 {
		s.t.Errorf("from the laptop:\n%s\non the host:\n%s", a, b)
	}
}

// left lists what a visit may leave: files anywhere but of the system's logs.
func (s *server) left() string {
	return s.sh(`find /root /home /run /tmp /var/tmp /var/lib /opt /srv -xdev \( -path /run/user -o -path '/run/systemd/*' -o -path /run/log -o -path '/run/sudo/ts*' \
  -o -path '/var/lib/postgresql/*' -o -path '/var/lib/redis/*' -o -path '/var/lib/systemd/*' -o -path '/var/lib/sudo/*' -o -name '*.pyc' -o -path '/run/udev/*' -o -name motd.dynamic \) -prune -o -print | sort`)
}
