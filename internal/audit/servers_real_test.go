//go:build real

package audit_test

import (
	"strings"
	"testing"
)

// bindings is what the healthy host's gunicorn is told to do.
const bindings = "--workers 2 --umask 007 --bind unix:/run/shop/gunicorn.sock"

// exec restarts the shop with another way to start its gunicorn.
func (m *machine) exec(lines string) {
	m.t.Helper()
	m.put("/etc/systemd/system/shop.service.d/way.conf", "[Service]\nExecStart=\n"+lines+"\n")
	m.sh("systemctl daemon-reload; systemctl restart shop")
}

// However gunicorn is started, the same healthy way of a request is found.
func TestWaysToStartGunicorn(t *testing.T) {
	m := boot(t, "unix")
	silent := func(name string) {
		t.Helper()
		t.Log(name)
		m.silent(m.look(""), "shop")
	}
	m.exec("ExecStart=/srv/shop/venv/bin/python3 -m gunicorn " + bindings + " wsgi:app")
	silent("python -m gunicorn")

	m.put("/srv/shop/conf/gunicorn.py", "import multiprocessing\nbind = ['unix:/run/shop/gunicorn.sock']\nworkers = 2\numask = 0o007\nwsgi_app = 'wsgi:app'\n")
	m.exec("ExecStart=/srv/shop/venv/bin/gunicorn --config /srv/shop/conf/gunicorn.py")
	silent("--config")

	m.exec("Environment=\"GUNICORN_CMD_ARGS=" + bindings + "\"\nExecStart=/srv/shop/venv/bin/gunicorn wsgi:app")
	silent("GUNICORN_CMD_ARGS")

	// What the package setproctitle does: it writes over the memory of argv.
	m.put("/srv/shop/venv/lib/python3.11/site-packages/setproctitle.py", setproctitle)
	m.exec("ExecStart=/srv/shop/venv/bin/gunicorn " + bindings + " wsgi:app")
	if out := m.sh("cat /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n' || true"); !strings.Contains(out, "gunicorn: master [") {
		t.Fatalf("no title was set:\n%s", out)
	}
	silent("process titles")
	m.sh("rm /srv/shop/venv/lib/python3.11/site-packages/setproctitle.py")

	m.sh(`sed 's/RuntimeDirectory=.*/RuntimeDirectory=shop shop\/metrics/' /etc/systemd/system/shop.service >/etc/systemd/system/shop@.service
		systemctl disable --quiet --now shop; rm -r /etc/systemd/system/shop.service*
		systemctl daemon-reload; systemctl enable --quiet --now shop@1`)
	m.silent(m.look(""), "shop@1")
}

const setproctitle = `
import ctypes
def setproctitle(title):
    f = open('/proc/self/stat').read().rsplit(')', 1)[1].split()
    start, end = int(f[45]), int(f[46])
    ctypes.memmove(start, title.encode().ljust(end - start, b'\0')[:end - start], end - start)
`

// Socket activation: a service that waits for its first request is well.
func TestSocketActivation(t *testing.T) {
	m := boot(t, "unix")
	m.put("/etc/systemd/system/shop.socket", "[Socket]\nListenStream=/run/shop.sock\nSocketUser=www-data\nSocketMode=0600\n[Install]\nWantedBy=sockets.target\n")
	m.put("/etc/systemd/system/shop.service.d/way.conf", "[Unit]\nRequires=shop.socket\n[Service]\nExecStart=\nExecStart=/srv/shop/venv/bin/gunicorn --workers 2 wsgi:app\n")
	m.sh(`sed -i 's|/run/shop/gunicorn.sock|/run/shop.sock|' /etc/nginx/sites-available/shop
		systemctl disable --quiet --now shop; systemctl daemon-reload
		systemctl enable --quiet --now shop.socket; systemctl reload nginx; sleep 1`)
	m.silent(m.look(""), "shop") // idle; the visit itself may wake it up
	m.sh("curl -skSo /dev/null --resolve shop.example:443:127.0.0.1 https://shop.example/; systemctl is-active shop")
	m.silent(m.look(""), "shop")
	guest := m.look("daemon")
	m.only(guest)
}

// What systemd does not start is found too: by hand in a shell, and as the
// child of a supervisor, whose unit does not name it.
func TestStartedWithoutUnit(t *testing.T) {
	m := boot(t, "unix")
	m.sh("systemctl disable --quiet --now shop; rm /etc/systemd/system/shop.service; systemctl daemon-reload; echo 'd /run/shop 0750 shop www-data' >/etc/tmpfiles.d/shop.conf; install -d -o shop -g www-data -m 750 /run/shop /run/shop/metrics")
	m.put("/usr/local/bin/supervisord", "#!/usr/bin/python3\nimport subprocess\nsubprocess.run("+
		"['setpriv', '--reuid', 'shop', '--regid', 'www-data', '--init-groups', 'bash', '-c', "+
		"'set -a; . /etc/shop/shop.env; PROMETHEUS_MULTIPROC_DIR=/run/shop/metrics; cd /srv/shop/app; exec ../venv/bin/gunicorn "+bindings+" wsgi:app'], check=True)\n")
	m.put("/etc/systemd/system/supervisor.service", "[Service]\nExecStart=/usr/bin/python3 /usr/local/bin/supervisord\n[Install]\nWantedBy=multi-user.target\n")
	m.sh("systemctl enable --quiet --now supervisor; " + untilServed)
	p := m.look("")
	m.silent(p, "app")
	if p.Deployments[0].Unit != "" {
		t.Errorf("unit %q", p.Deployments[0].Unit)
	}

	m.sh("systemctl disable --quiet --now supervisor; systemd-run --quiet --slice=user.slice --unit=session-7 --scope python3 /usr/local/bin/supervisord >/dev/null 2>&1 & sleep 1;" + untilServed)
	p = m.look("")
	if len(p.Deployments) != 1 || p.Deployments[0].Server != "gunicorn" || len(p.Deployments[0].Names) == 0 {
		t.Errorf("deployments %+v", p.Deployments)
	}
	m.only(p, "host.reboot-survival")
}

const untilServed = "\nfor i in $(seq 50); do curl -skfo /dev/null --resolve shop.example:443:127.0.0.1 https://shop.example/health && break; sleep .2; done\n"

// Stopped and disabled, while nginx still leads to it: down, not gone.
func TestStoppedUnitThatNginxLeadsTo(t *testing.T) {
	m := boot(t, "unix")
	m.sh("systemctl disable --quiet --now shop")
	p := m.look("")
	if p.code != 1 || len(p.Deployments) != 1 || p.Deployments[0].Name != "shop" || p.Deployments[0].Unit != "shop.service" || len(p.Deployments[0].Names) != 2 {
		t.Errorf("exit %d, %+v", p.code, p.Deployments)
	}
	roots := 0
	for _, f := range p.found() {
		if f.Breaks && f.Cause == nil {
			roots++
		}
	}
	if roots != 1 {
		t.Errorf("%d root causes:%s", roots, say(p.found()))
	}
}

// Two apps, each with its own way; one of them is down.
func TestTwoApps(t *testing.T) {
	m := boot(t, "unix")
	m.sh(`sed 's/shop.example/blog.example/g; s/\(live\/\)blog.example/\1shop.example/; s|/run/shop/|/run/blog/|; s| http2||' /etc/nginx/sites-available/shop >/etc/nginx/sites-available/blog
		sed -i 's|/srv/shop/app/shop/static|/srv/blog/static|; /uploads/,/}/d' /etc/nginx/sites-available/blog
		ln -s ../sites-available/blog /etc/nginx/sites-enabled/
		mkdir -p /srv/blog/static; echo 'b {}' >/srv/blog/static/blog.css
		printf 'def app(e, s):\n    s("200 OK", [("Content-Type", "text/plain"), ("X-Content-Type-Options", "nosniff")])\n    return [b"blog"]\n' >/srv/blog/blog.py
		useradd --system blog
		echo 'requirepass 6f1d0c5be2a94c7388d1' >>/etc/redis/redis.conf
		sed -i 's|redis://|&:6f1d0c5be2a94c7388d1@|' /etc/shop/shop.env
		systemctl restart redis-server shop`)
	m.sh(`sed 's/User=shop/User=blog/; s|/srv/shop/app|/srv/blog|; /EnvironmentFile/d; /^Environment=/d; s|shop shop/metrics|blog|; s|/srv/shop/venv||; s|ExecStart=/bin|ExecStart=/usr/bin|; s|/run/shop|/run/blog|; s|wsgi:app|blog:app|; /ReadWritePaths/d' \
		/etc/systemd/system/shop.service >/etc/systemd/system/blog.service
		systemctl daemon-reload; systemctl enable --quiet --now blog; systemctl reload nginx; sleep 1`)
	p := m.look("")
	ways := map[string]string{}
	for _, d := range p.Deployments {
		ways[d.Name] = strings.Join(d.Names, " ") + " " + d.App
	}
	if len(ways) != 2 || ways["shop"] != "shop.example www.shop.example wsgi:app" || ways["blog"] != "blog.example www.blog.example blog:app" {
		t.Errorf("deployments %q", ways)
	}
	for _, f := range p.Findings { // the blog has no DNS and another's certificate, and that is its own affair
		if f.Deployment == "shop" || !strings.HasPrefix(f.ID, "dns.") && !strings.HasPrefix(f.ID, "tls.") {
			t.Errorf("found:%s", say([]item{f}))
		}
	}
	m.sh("systemctl stop blog")
	p = m.look("")
	down := false
	for _, f := range p.Findings {
		down = down || f.Deployment == "blog" && f.Breaks && f.Cause == nil
		if f.Deployment == "shop" {
			t.Errorf("the other app's fault:%s", say([]item{f}))
		}
	}
	if !down {
		t.Errorf("the blog is down:%s", say(p.Findings))
	}
}
