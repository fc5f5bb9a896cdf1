package host

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"assay/internal/tape"
)

func TestEveryRowHasItsArgument(t *testing.T) {
	for _, row := range tape.Commands() {
		if _, why := fill(row, ""); why == "" && strings.Contains(strings.Join(row.Argv, " "), "{}") {
			t.Errorf("%s takes an empty argument", row.Name)
		}
		needs := strings.Contains(strings.Join(row.Argv, " "), "{}")
		if _, has := arguments[row.Name]; has != needs {
			t.Errorf("%s: needs an argument %v, has a pattern %v", row.Name, needs, has)
		}
		if row.Seconds <= 0 || row.Seconds > 30 {
			t.Errorf("%s: %d seconds", row.Name, row.Seconds)
		}
	}
	for arg, ok := range map[string]bool{
		"nginx.service": true, "app@1.service": true, `a\x2db.service`: true, "-x": false, "--user": false,
		"a b": false, "a;b": false, "a\n": false, "": false, "a/b": false,
	} {
		row, _ := tape.CommandRow("unit")
		if argv, why := fill(row, arg); (why == "") != ok {
			t.Errorf("%q: %v %q", arg, argv, why)
		}
	}
	row, _ := tape.CommandRow("nginx-test")
	for arg, ok := range map[string]bool{"/etc/nginx/nginx.conf": true, "nginx.conf": false, "/a b": false, "-g": false, "/x\n": false} {
		if _, why := fill(row, arg); (why == "") != ok {
			t.Errorf("%q: %q", arg, why)
		}
	}
}

func TestCommandOutsideOfTheTable(t *testing.T) {
	r := Local(Options{})
	want(t, see(t, r, tape.Ask{Kind: tape.KindCommand, Name: "rm"}), tape.Unseen, "run rm: not one of the commands that an audit may run")
	want(t, see(t, r, tape.Ask{Kind: tape.KindCommand, Name: "nft", Arg: "x"}), tape.Unseen, "run nft -j list ruleset: it takes no argument")
}

// The program must be root's own, links resolved, up to the top.
func TestProgramMustBeRoots(t *testing.T) {
	dir := rootDir(t)
	put(t, dir+"/ok/p", "#!/bin/sh\n", 0, 0o755)
	put(t, dir+"/mine/p", "#!/bin/sh\n", 0, 0o755)
	must(t, os.Chown(dir+"/mine", wwwData, wwwData))
	put(t, dir+"/wide/p", "#!/bin/sh\n", 0, 0o755)
	must(t, os.Chmod(dir+"/wide", 0o777))
	put(t, dir+"/ok/his", "#!/bin/sh\n", wwwData, 0o755)
	put(t, dir+"/ok/open", "#!/bin/sh\n", 0, 0o775)
	put(t, dir+"/ok/plain", "", 0, 0o644)
	must(t, os.Symlink(dir+"/mine/p", dir+"/ok/link"))
	must(t, os.Symlink("p", dir+"/ok/good"))
	l := Local(Options{}).(*local)
	for name, real := range map[string]string{
		"/ok/p": "/ok/p", "/ok/good": "/ok/p",
		"/mine/p": "", "/wide/p": "", "/ok/his": "", "/ok/open": "", "/ok/link": "", "/ok/plain": "", "/none": "",
	} {
		got, v := l.program(t.Context(), "run p", []string{dir + name})
		if real != "" {
			real = dir + real
		}
		if got != real || got == "" && v.Status == tape.Seen {
			t.Errorf("%s: %q %+v", name, got, v)
		}
	}
	// One that is not to be trusted ends the search: what the path would have run is it.
	if got, _ := l.program(t.Context(), "run p", []string{dir + "/mine/p", dir + "/ok/p"}); got != "" {
		t.Errorf("went on to %s", got)
	}
	if got, v := l.program(t.Context(), "run p", []string{dir + "/none", dir + "/ok/p"}); got != dir+"/ok/p" {
		t.Errorf("%q %+v", got, v)
	}
}

func TestRun(t *testing.T) {
	sh := func(script string) tape.Answer {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		return run(ctx, "run it", exec.CommandContext(ctx, "/bin/sh", "-c", script))
	}
	if v := sh("echo out; echo err >&2; exit 3"); v.Body != "out\n" || v.Stderr != "err\n" || v.Exit != 3 {
		t.Errorf("%+v", v)
	}
	if v := sh("head -c 10000000 /dev/zero; head -c 1000000 /dev/zero >&2"); len(v.Body) != maxOutput || !v.Truncated || len(v.Stderr) != maxStderr {
		t.Errorf("%d and %d bytes", len(v.Body), len(v.Stderr))
	}
	if v := sh("env; pwd; cat"); !strings.Contains(v.Body, "LC_ALL=C") || strings.Contains(v.Body, "HOME=") || !strings.HasSuffix(v.Body, "/\n") {
		t.Errorf("%+v", v)
	}
	want(t, sh("sleep 60 & sleep 60"), tape.Unseen, "run it: it did not end in time")
	// A grandchild that keeps the pipes open does not keep us.
	began := time.Now()
	sh("setsid sleep 12 & exit 0")
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("waited %v", d)
	}
}

func TestSpoken(t *testing.T) {
	for says, why := range map[string]string{
		"System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down": "run x: this host was not booted with systemd",
		"Failed to connect to bus: No such file or directory":                                                                    "run x: systemd does not answer",
		"Hint: You are currently not seeing messages from other users and the system.":                                           "run x: the journal shows us only our own messages",
		"No journal files were found.": "run x: there is no journal",
	} {
		want(t, spoken("run x", tape.Answer{Status: tape.Seen, Exit: 1, Stderr: says}), tape.Unseen, why)
	}
	want(t, spoken("run x", tape.Answer{Status: tape.Seen, Exit: 1, Stderr: "Unit x.service could not be found."}), tape.Seen, "")
}

// Only where the host was booted with systemd does systemctl answer.
func TestUnit(t *testing.T) {
	v := see(t, Local(Options{}), tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: "none.service"})
	_, err := os.Stat("/run/systemd/system")
	switch {
	case v.Status == tape.Absent:
		t.Skip("there is no systemctl here")
	case err != nil && v.Status != tape.Unseen:
		t.Errorf("without systemd: %+v", v)
	case err == nil && !strings.Contains(v.Body, "LoadState=not-found"):
		t.Errorf("with systemd: %+v", v)
	}
}
