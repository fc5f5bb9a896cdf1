//go:build real

package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"assay/internal/lab"
)

// inTheWay are the states of a host in which a change cannot be made. Each script
// of in is taken back by out; do must end with exit 4 and say says.
var inTheWay = []struct {
	name, in, out, do, says string
	theirs                  string // what somebody else wrote meanwhile, and stays
}{
	{"a plan that was not shown", "", "", "assay fix --apply --plan 01234567", "stale", ""},
	{"a file changed meanwhile", "", "sed -i '/# theirs/d' /etc/nginx/proxy_app",
		"id=$(assay fix | sed -n 's/^Plan \\([0-9a-f]*\\) .*/\\1/p'); echo '# theirs' >>/etc/nginx/proxy_app; assay fix --apply --plan $id", "stale", "# theirs"},
	{"a folder that is read-only", "mount --bind /etc/nginx /etc/nginx; mount -o remount,bind,ro /etc/nginx", "umount /etc/nginx",
		"assay fix --apply", "read-only file system", ""},
	{"a full disk for the journal", "mkdir -p /var/lib/assay; mount -t tmpfs -o size=16k none /var/lib/assay; head -c 16k /dev/zero >/var/lib/assay/x || true", "umount /var/lib/assay",
		"assay fix --apply", "no space left", ""},
	{"a full disk for the file", "cp -a /etc/nginx /root/n; mount -t tmpfs -o size=256k none /etc/nginx; cp -a /root/n/. /etc/nginx/; head -c 1M /dev/zero >/etc/nginx/x || true",
		"umount /etc/nginx; rm -r /root/n", "assay fix --apply", "no space left", ""},
	{"a reload that fails", "mkdir -p /run/systemd/system/nginx.service.d; printf '[Service]\\nExecReload=\\nExecReload=/bin/false\\n' >/run/systemd/system/nginx.service.d/x.conf; systemctl daemon-reload",
		"rm -r /run/systemd/system/nginx.service.d; systemctl daemon-reload; systemctl restart nginx", "assay fix --apply", "reload-or-restart nginx.service: ", ""},
	{"a validator that refuses", "mv /usr/sbin/nginx /usr/sbin/nginx.real; printf '#!/bin/sh\\ncase \"$*\" in *-t*) grep -q Host /etc/nginx/sites-available/shop /etc/nginx/proxy_app && { echo \"[emerg] not today\" >&2; exit 1; };; esac\\nexec /usr/sbin/nginx.real \"$@\"\\n' >/usr/sbin/nginx; chmod 755 /usr/sbin/nginx",
		"mv /usr/sbin/nginx.real /usr/sbin/nginx", "assay fix nginx.proxy.host --apply", "not today", ""},
	{"a validator that hangs", "mv /usr/sbin/nginx /usr/sbin/nginx.real; printf '#!/bin/sh\\ncase \"$*\" in *-t*) exec sleep 1000;; esac\\nexec /usr/sbin/nginx.real \"$@\"\\n' >/usr/sbin/nginx; chmod 755 /usr/sbin/nginx",
		"mv /usr/sbin/nginx.real /usr/sbin/nginx", "assay fix nginx.proxy.host --apply", "did not end in time", ""},
	{"a validator that refuses, and no staging", "mkdir /etc/nginx/m; mount -t tmpfs none /etc/nginx/m; mv /usr/sbin/nginx /usr/sbin/nginx.real; printf '#!/bin/sh\\ncase \"$*\" in *-t*) grep -q Host /etc/nginx/proxy_app && { echo \"[emerg] not today\" >&2; exit 1; };; esac\\nexec /usr/sbin/nginx.real \"$@\"\\n' >/usr/sbin/nginx; chmod 755 /usr/sbin/nginx",
		"umount /etc/nginx/m; rmdir /etc/nginx/m; mv /usr/sbin/nginx.real /usr/sbin/nginx", "assay fix nginx.proxy.host --apply", "taken back: nginx -t: [emerg] not today", ""},
	{"another assay at work", "mkdir -p /var/lib/assay/journal; (flock /var/lib/assay/journal/lock sleep 40 >/dev/null 2>&1 &) ; sleep 1", "pkill -f 'sleep 40' || true",
		"assay fix --apply", "another assay is changing this host", ""},
	{"no root", "", "", "setpriv --reuid shop --regid shop --clear-groups assay fix --apply", "needs root", ""},
}

// Whatever stands in the way: nothing half-done remains, and it is said.
func TestInTheWay(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	h := inside(ctx, t)
	run := func(what, script string) string {
		t.Helper()
		out, err := h.Run(ctx, script)
		var failed *lab.ScriptError
		if err != nil && !errors.As(err, &failed) {
			t.Fatalf("%s: %v", what, err)
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", what, err, out)
		}
		return out
	}
	// something to mend: nginx asks the app for its own idea of a host
	run("break", "sed -i '/Host \\$host;/d' /etc/nginx/proxy_app; systemctl reload nginx; sleep 1")
	for _, c := range inTheWay {
		before := everything(ctx, t, h)
		run(c.name, c.in)
		out := run(c.name, c.do+" 2>&1 && echo EXIT 0 || echo EXIT $?")
		if !strings.Contains(out, "EXIT 4") || !strings.Contains(strings.ToLower(out), c.says) {
			t.Errorf("%s: it says:\n%s", c.name, out)
		}
		if got := everything(ctx, t, h); c.theirs != "" && !strings.Contains(lab.Differ(before, got), "proxy_app") {
			t.Errorf("%s: what somebody else wrote is gone", c.name)
		}
		run(c.name, c.out)
		if got := everything(ctx, t, h); got != before {
			t.Errorf("%s: it left\n%s", c.name, lab.Differ(before, got))
		}
		if left := run(c.name, "find /etc /srv -name '.assay*'; assay history | grep -i 'cut off\\|not wholly' || true"); left != "" {
			t.Errorf("%s: left %s", c.name, left)
		}
	}
	if out := run("nothing in the way", "assay fix --apply"); !strings.Contains(out, "Kept") {
		t.Errorf("with nothing in the way:\n%s", out)
	}
}

// A machine that was switched off in the middle comes up, and what was cut off is
// taken back then.
func TestRebootInTheMiddle(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	h := inside(ctx, t)
	before := everything(ctx, t, h)
	if out, err := h.Run(ctx, "cd /root; DO=run CUT=12 ./apply.test -test.run TestInside 2>&1 || true"); err != nil || strings.Contains(out, "STATE") {
		t.Fatalf("it was not cut off: %v\n%s", err, out)
	}
	if err := h.Reboot(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := h.Run(ctx, "assay undo 1")
	if got := everything(ctx, t, h); err != nil || got != before {
		t.Errorf("%v\n%s\n%s", err, out, lab.Differ(before, got))
	}
}
