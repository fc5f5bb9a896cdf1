package host

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"assay/internal/host/hosttest"
	"assay/internal/tape"
)

const asUser = "ASSAY_TEST_AS_USER"

// TestWithoutRoot runs TestAsUser once more as a user who is nobody special.
func TestWithoutRoot(t *testing.T) {
	needRoot(t)
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestAsUser$", "-test.v")
	cmd.Env = []string{asUser + "=1"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: wwwData, Gid: wwwData}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestAsUser") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAsUser(t *testing.T) {
	if os.Getenv(asUser) == "" {
		t.Skip("TestWithoutRoot starts it")
	}
	r := Local(Options{})
	denied := func(a tape.Ask, why string) {
		t.Helper()
		v := see(t, r, a)
		want(t, v, tape.Unseen, why)
		if v.Hint != sudo {
			t.Errorf("%s: hint %q", a, v.Hint)
		}
	}
	denied(file("/etc/shadow"), "read /etc/shadow: permission denied")
	denied(tape.Ask{Kind: tape.KindEnviron, Name: "1"}, "read the environment of process 1: permission denied")
	denied(tape.Ask{Kind: tape.KindCommand, Name: "nft"}, "run nft -j list ruleset: it says something only to root")
	denied(as("/etc/shadow", "r", daemonUser, 0), "judge access to /etc/shadow as 1:1:: only root can look as another user")
	denied(as("/etc/shadow", "r", wwwData, 0, 42), "judge access to /etc/shadow as 33:33:42: only root can look with other groups")
	denied(as("/etc/shadow", "r", wwwData, 1), "judge access to /etc/shadow as 33:33:@1: only root can look with another process's view of the disk")
	if got := seen[tape.AccessReport](t, r, as("/etc/shadow", "r", wwwData, os.Getpid())); got.OK || got.Error != "permission denied" {
		t.Errorf("%+v", got)
	}
	if v := see(t, r, file("/etc/passwd")); v.Status != tape.Seen {
		t.Errorf("%+v", v)
	}
	if p := procByPID(t, r, 1); fmt.Sprint(p.Hidden) != "[exe cwd ns]" || len(p.Args) == 0 {
		t.Errorf("%+v", p)
	}
	for _, s := range seen[[]tape.Socket](t, r, tape.Ask{Kind: tape.KindSockets}) {
		if len(s.PIDs) == 0 && !s.Hidden {
			t.Errorf("%+v", s)
		}
	}
	if v := see(t, r, tape.Ask{Kind: tape.KindCommand, Name: "journal", Arg: "x.service"}); v.Status == tape.Seen {
		t.Errorf("the journal: %+v", v)
	}
	hosttest.Contract(t, r)
}
