//go:build real

package audit_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

var ourColours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Processes of another user that call themselves what they are not: the audit
// of the healthy host beside them stays as it is.
func TestProcessesThatLie(t *testing.T) {
	m := boot(t, "unix")
	m.put("/home/mallory/nginx.conf", "load_module /home/mallory/evil.so;\nhttp { server { listen 80; server_name shop.example; location / { proxy_pass http://127.0.0.1:1; } } }\n")
	m.sh(`useradd mallory; chown -R mallory /home/mallory
		cat >/usr/local/bin/lie <<'END'
#!/bin/bash
exec -a "$1" sleep 1000
END
		chmod 755 /usr/local/bin/lie
		n=0; lie() { n=$((n+1)); systemd-run --quiet --scope --unit=session-$n --slice=user-1001.slice --uid=mallory /usr/local/bin/lie "$1" >/dev/null 2>&1 & }
		lie "nginx: master process /usr/sbin/nginx -c /home/mallory/nginx.conf"
		lie "gunicorn: master [shop]"
		lie "gunicorn: master [` + "\x1b]0;evil\x07" + `]"
		sleep 1; pgrep -u mallory sleep`)
	p := m.look("", "--verbose")
	m.only(p)
	if !slices.Contains(p.names(), "shop") || len(p.unknown()) > 0 {
		t.Errorf("deployments %q, unknown:%s", p.names(), say(p.unknown()))
	}
	for _, a := range p.Asked {
		if strings.Contains(a.Ask, "mallory") && strings.Contains(a.Ask, "nginx") {
			t.Errorf("asked for what the liar says: %s", a.Ask)
		}
	}
	// nginx does not run: the liar does not stand in for it.
	m.sh("systemctl stop nginx")
	p = m.look("", "--verbose")
	if !slices.ContainsFunc(p.found(), func(f item) bool { return f.ID == "nginx.service.running" }) {
		t.Errorf("that nginx is stopped was not found:%s", say(p.Findings))
	}
	for _, a := range p.Asked {
		if strings.HasPrefix(a.Ask, "command nginx-test") && strings.Contains(a.Ask, "mallory") {
			t.Errorf("root ran nginx on a user's file: %s", a.Ask)
		}
	}
}

// A configuration file of the app that is not what it should be: what root
// alone may read does not come out, and nothing hangs.
func TestFilesThatLie(t *testing.T) {
	m := boot(t, "unix")
	m.sh("chown -R shop /srv/shop/app; echo 'root:$6$canaryhash$abc:1:0:::::' >/etc/shadow.canary; chmod 600 /etc/shadow.canary")
	for name, script := range map[string]string{
		"a link to what root may read": "ln -sfn /etc/shadow.canary /srv/shop/app/gunicorn.conf.py",
		"a pipe":                       "mkfifo /srv/shop/app/gunicorn.conf.py",
		"50 MB":                        "yes 'workers = 2 # canaryhash' | head -c 50000000 >/srv/shop/app/gunicorn.conf.py || true",
		"a device":                     "ln -sfn /dev/zero /srv/shop/app/gunicorn.conf.py",
		"a loop of links":              "ln -sfn gunicorn.conf.py /srv/shop/app/gunicorn.conf.py",
	} {
		m.sh("rm -f /srv/shop/app/gunicorn.conf.py; " + script)
		p := m.look("", "--verbose")
		if p.took > 40*time.Second || len(p.Deployments) != 1 { // the import of a pipe has twenty
			t.Errorf("%s: %v, deployments %q", name, p.took, p.names())
		}
		for _, f := range p.found() { // which the next start would not survive
			if f.ID != "gunicorn.import-ok" && f.ID != "python.code-vs-process" {
				t.Errorf("%s: found besides:%s", name, say([]item{f}))
			}
		}
		for _, args := range []string{"check --verbose", "collect"} {
			if r := m.assay("", strings.Fields(args)...); name != "50 MB" && strings.Contains(r.out+r.err, "canaryhash") {
				t.Errorf("%s: root's file came out in assay %s", name, args)
			}
		}
	}
}

// Text that a terminal acts on, wherever a user or a visitor may write it.
func TestHostileText(t *testing.T) {
	m := boot(t, "unix")
	const evil = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u202e\u009b31m"
	m.put("/etc/systemd/system/shop.service.d/evil.conf", "[Unit]\nDescription=shop "+evil+"\n[Service]\nEnvironment=\"EVIL="+evil+"\"\n")
	m.put("/etc/nginx/conf.d/evil.conf", "server { listen 8081; server_name \"evil"+evil+".example\"; location /static/ { alias /srv/shop/app/shop/static/; } location / { proxy_pass http://unix:/run/shop/gunicorn.sock; } }\n")
	m.sh("systemctl daemon-reload; nginx -s reload || true; cd /srv/shop/app/shop/static; touch \"$(printf 'a\\033[31mb\\nc\\xff.css')\" '<script>alert(1)<img src=x>.js'")
	m.put("/srv/shop/app/wsgi.py", "import sys\nprint('"+strings.ReplaceAll(evil, "\x1b", "\\x1b")+" <script> \\xff ' + 'x' * 100000, file=sys.stderr)\nraise RuntimeError('"+strings.ReplaceAll(evil, "\x1b", "\\x1b")+"')\n")
	m.sh("systemctl restart shop || true; sleep 2")
	for _, args := range []string{"check", "check --verbose", "check --color always", "check --format json --verbose", "model", "model --format json"} {
		r := m.assay("", strings.Fields(args)...)
		if r.code == 2 || len(r.out) < 100 {
			t.Errorf("%s: exit %d: %s", args, r.code, r.err)
		}
		text := r.out + r.err
		if strings.HasSuffix(args, "always") { // our own colours
			text = ourColours.ReplaceAllString(text, "")
		}
		for _, c := range text {
			if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
				t.Errorf("%s: %U came out", args, c)
				break
			}
		}
	}
	if p := m.look(""); p.code != 1 || len(p.found()) == 0 {
		t.Errorf("exit %d: the app is down:%s", p.code, say(p.Findings))
	}
}

// A user's file in nginx's configuration: root does not run nginx on it, and
// says so; the rest is judged.
func TestUsersNginxInclude(t *testing.T) {
	m := boot(t, "unix")
	m.sh("mkdir /srv/shop/nginx; echo 'client_max_body_size 8m;' >/srv/shop/nginx/limits.conf; chown -R shop /srv/shop/nginx; sed -i 's|client_max_body_size.*|include /srv/shop/nginx/*.conf;|' /etc/nginx/sites-available/shop; systemctl reload nginx")
	p := m.look("", "--verbose")
	m.only(p, "nginx.worker.user")
	u := slices.DeleteFunc(p.unknown(), func(i item) bool { return i.ID == "nginx.config.stale" }) // for the same reason
	if len(u) != 1 || u[0].ID != "nginx.config.valid" || !strings.Contains(strings.Join(u[0].Unseen, " "), "/srv/shop/nginx belongs to shop") {
		t.Errorf("unknown:%s", say(u))
	}
	for _, a := range p.Asked {
		if strings.HasPrefix(a.Ask, "command nginx-test") {
			t.Errorf("root ran %s", a.Ask)
		}
	}
}

// Many sites with many names: bounded time, bounded asks, and the app is found.
func TestManySites(t *testing.T) {
	m := boot(t, "unix")
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "server { listen 80; server_name")
		for k := range 7 {
			fmt.Fprintf(&b, " n%d-%d.shop.example", i, k)
		}
		fmt.Fprintf(&b, "; location / { proxy_pass http://unix:/run/shop/gunicorn.sock; } location /s%d/ { alias /srv/shop/app/shop/static/; } }\n", i)
	}
	m.put("/etc/nginx/conf.d/many.conf", "server_names_hash_max_size 8192; server_names_hash_bucket_size 128;\n"+b.String())
	m.sh("nginx -t -q && systemctl reload nginx")
	p := m.look("", "--verbose")
	t.Logf("%.1f s, %d asks, %d findings, %d bytes", p.took.Seconds(), len(p.Asked), p.Counts.Findings, len(p.out))
	if p.took > 30*time.Second || len(p.Asked) > 6000 || !slices.Contains(p.names(), "shop") {
		t.Errorf("%v, %d asks, deployments %q", p.took, len(p.Asked), p.names())
	}
	if text := m.assay("", "check"); strings.Count(text.out, "\n") > 400 {
		t.Errorf("a report of %d lines", strings.Count(text.out, "\n"))
	}
}
