//go:build real

package audit_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// The recording of a visit gives the same report every time, byte for byte,
// and what was judged from a recording that was piped is the same again.
func TestRecordingGivesTheSameReport(t *testing.T) {
	m := boot(t, "guide000")
	if r := m.assay("", "record", "/root/a.tape.gz"); r.code != 0 {
		t.Fatal(r.err)
	}
	for _, flags := range []string{"", "--verbose", "--format json", "--format json --verbose"} {
		args := append([]string{"check", "--tape", "/root/a.tape.gz"}, strings.Fields(flags)...)
		a, b := m.assay("", args...), m.assay("", args...)
		guest := m.sh("zcat /root/a.tape.gz | setpriv --reuid daemon --regid daemon --clear-groups " + onHost + " check --tape - " + flags + " || true")
		if a.out == "" || a.out != b.out || a.code != b.code || a.code != 1 {
			t.Errorf("%s: exit %d and %d, %d and %d bytes", flags, a.code, b.code, len(a.out), len(b.out))
		}
		if a.out != guest {
			t.Errorf("%s: another user reads another report", flags)
		}
	}
	// Live, but for the clock and what depends on it, it is the same too.
	live, again := m.look(""), m.look("", "--tape", "/root/a.tape.gz")
	if say(live.Findings) != say(again.Findings) {
		t.Errorf("live:%s\nfrom the recording:%s", say(live.Findings), say(again.Findings))
	}
}

// Two at once see the same; one that is killed in the midst leaves nothing.
func TestTwoAtOnceAndKilled(t *testing.T) {
	m := boot(t, "unix")
	var wg sync.WaitGroup
	pages := make([]page, 2)
	for i := range pages {
		wg.Go(func() { pages[i] = m.look("") })
	}
	wg.Wait()
	for _, p := range pages {
		m.silent(p, "shop")
	}
	left := func() string {
		return m.sh(`ps -eo comm,args | grep -v -e ps -e grep | grep -e assay -e nginx.-t -e systemctl -e journalctl || true
			find /run /tmp /var/tmp /dev/shm /root -xdev -newer /root/mark -not -path '/run/systemd*' -not -path '/run/log*' -type f | grep -v shop/metrics || true; find / -xdev -name '.assay*' 2>/dev/null || true; cat /proc/self/mountinfo | wc -l`)
	}
	m.sh("touch /root/mark")
	before := left()
	for _, end := range []string{"KILL", "INT", "TERM"} {
		out := m.sh("python3 - <<'END'\n" + `
import signal, subprocess, time
for after in (.02, .1, .2, .3, .5, .8):
    p = subprocess.Popen(["` + onHost + `", "check"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    p.send_signal(signal.SIG` + end + `)
    asked = time.monotonic()
    code = p.wait(20)
    print("ended" if code else "went on", "slowly" if time.monotonic() - asked > 3 else "soon")
` + "END\n")
		if !strings.Contains(out, "ended soon") || strings.Contains(out, "slowly") {
			t.Errorf("%s:\n%s", end, out)
		}
		deadline := time.Now().Add(3 * time.Second)
		for left() != before && time.Now().Before(deadline) {
			time.Sleep(100 * time.Millisecond)
		}
		if now := left(); now != before {
			t.Errorf("%s leaves\n%s\nbefore\n%s", end, now, before)
		}
	}
	m.silent(m.look(""), "shop")
}
