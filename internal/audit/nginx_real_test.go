//go:build real

package audit_test

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// However nginx is laid out, the same healthy way is found.
func TestLayoutsOfNginx(t *testing.T) {
	m := boot(t, "unix")
	silent := func(name, script string) {
		t.Helper()
		t.Log(name)
		m.sh(script)
		m.silent(m.look(""), "shop")
	}
	silent("conf.d alone", `cd /etc/nginx; mv sites-available/shop conf.d/shop.conf; mv sites-available/reject conf.d/reject.conf
		rm -r sites-available sites-enabled; sed -i '/sites-enabled/d' nginx.conf; systemctl reload nginx; sleep 1`)

	silent("workers of another user", `useradd --system --groups www-data web; sed -i 's/^user .*/user web www-data;/' /etc/nginx/nginx.conf
		nginx -t -q; systemctl restart nginx; sleep .5; pgrep -u web nginx`)

	silent("an upstream block", `cd /etc/nginx/conf.d; sed -i 's|proxy_pass http://unix:/run/shop/gunicorn.sock|proxy_pass http://shop|' shop.conf
		printf 'upstream shop {\n    server unix:/run/shop/gunicorn.sock max_fails=0;\n    server unix:/run/shop/other.sock backup;\n    keepalive 8;\n}\n' >>shop.conf
		sed 's|gunicorn.sock|other.sock|; /^RuntimeDirectory/d; s|^Description.*|Description=a second one|; /METRICS/d' /etc/systemd/system/shop.service >/etc/systemd/system/shop.service.tmp
		sed -i 's|--bind unix:/run/shop/gunicorn.sock|& --bind unix:/run/shop/other.sock|' /etc/systemd/system/shop.service; rm /etc/systemd/system/shop.service.tmp
		systemctl daemon-reload; systemctl restart shop; systemctl reload nginx; sleep 1`)

	silent("-c elsewhere", `mkdir -p /opt/web; mv /etc/nginx /opt/web/conf; sed -i 's|/etc/nginx/|/opt/web/conf/|g' /opt/web/conf/nginx.conf /opt/web/conf/conf.d/*
		mkdir -p /etc/systemd/system/nginx.service.d
		printf '[Service]\nExecStartPre=\nExecStart=\nExecStart=/usr/sbin/nginx -c /opt/web/conf/nginx.conf -g "daemon on; master_process on;"\n' >/etc/systemd/system/nginx.service.d/c.conf
		systemctl daemon-reload; systemctl restart nginx`)
}

// Nobody comes over IPv4.
func TestIPv6Only(t *testing.T) {
	m := boot(t, "unix")
	ctx := context.Background()
	if err := m.DNS(ctx, map[string][]string{"shop.example": {"2001:db8::10"}, "www.shop.example": {"2001:db8::10"}}); err != nil {
		t.Fatal(err)
	}
	m.sh(`ip addr add 2001:db8::10/64 dev eth0 nodad
		sed -i '/listen 80;/d; /listen 443/d; s/listen \[::\]:\(80\|443\)/& ipv6only=on/' /etc/nginx/sites-available/shop
		sed -i '/listen \[::\]/!{/listen/d}' /etc/nginx/sites-available/reject
		sed -i 's/listen \[::\]:\(80\|443\)/& ipv6only=on/' /etc/nginx/sites-available/reject
		sed -i 's/ipv6only=on\(.*\)/\1/' /etc/nginx/sites-available/shop
		nginx -t -q && systemctl restart nginx; ! curl -sko /dev/null https://127.0.0.1/`)
	m.silent(m.look(""), "shop")
}

// An app that no proxy serves: on the loopback address it is well, open to all
// it is not.
func TestWithoutNginx(t *testing.T) {
	m := boot(t, "unix")
	m.sh("systemctl disable --quiet --now nginx; rm -r /etc/nginx; rm /usr/sbin/nginx /lib/systemd/system/nginx.service; systemctl daemon-reload")
	m.exec("ExecStart=/srv/shop/venv/bin/gunicorn --workers 2 --bind 127.0.0.1:8000 wsgi:app")
	m.silent(m.look(""), "shop")
	m.sh("nft add rule inet filter input tcp dport 8000 accept")
	m.exec("ExecStart=/srv/shop/venv/bin/gunicorn --workers 2 --bind 0.0.0.0:8000 wsgi:app")
	m.only(m.look(""), "net.appserver-exposed")
}

// An app in a container is shown as such; what is not looked into is unknown,
// and nothing false is said of it. The lab has no container engine inside, so
// this makes what one leaves: namespaces, a control group by its name, a
// process that holds the published port.
func TestContainer(t *testing.T) {
	m := boot(t, "unix")
	const id = "3f2a9c1d7b60"
	m.put("/usr/local/bin/docker-proxy.py", `
import socket, threading
s = socket.create_server(("127.0.0.1", 8000))
def pump(a, b):
    while d := a.recv(65536): b.sendall(d)
    b.shutdown(socket.SHUT_WR)
while True:
    c, _ = s.accept()
    try: u = socket.create_connection(("172.17.0.2", 8000))
    except OSError: c.close(); continue
    threading.Thread(target=pump, args=(c, u)).start()
    threading.Thread(target=pump, args=(u, c)).start()
`)
	m.put("/usr/local/bin/in-container", `#!/bin/bash
mount --make-rprivate /; mount -t proc proc /proc; ip link set lo up
for i in $(seq 300); do ip link show eth0 >/dev/null 2>&1 && break; sleep .1; done
ip addr add 172.17.0.2/16 dev eth0; ip link set eth0 up
set -a; . /etc/shop/shop.env; PROMETHEUS_MULTIPROC_DIR=/tmp; cd /srv/shop/app; exec ../venv/bin/gunicorn --bind 0.0.0.0:8000 wsgi:app
`)
	m.sh(`systemctl disable --quiet --now shop; rm /etc/systemd/system/shop.service; systemctl daemon-reload
		sed -i 's|http://unix:/run/shop/gunicorn.sock|http://127.0.0.1:8000|' /etc/nginx/sites-available/shop; systemctl reload nginx
		systemd-run --quiet --scope --unit=docker-` + id + strings.Repeat("0", 52) + ` unshare --pid --fork --mount --net --uts --ipc bash /usr/local/bin/in-container >/tmp/container.log 2>&1 &
		for i in $(seq 100); do pid=$(pgrep -f '^bash /usr/local/bin/in-container' | tail -1) && net=$(readlink /proc/$pid/ns/net) && [ "$net" != "$(readlink /proc/1/ns/net)" ] && break; sleep .1; done
		ip link add docker0 type veth peer name eth0 netns $pid; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
		nft insert rule inet filter input iifname docker0 accept
		cp /usr/bin/python3.11 /usr/local/bin/docker-proxy
		systemd-run --quiet --unit=docker-proxy /usr/local/bin/docker-proxy /usr/local/bin/docker-proxy.py
		for i in $(seq 50); do curl -sf http://127.0.0.1:8000/static/app.css >/dev/null && break; sleep .2; done`)
	if out := m.sh("curl -s http://127.0.0.1:8000/static/app.css | head -c 20 || true"); out == "" {
		t.Fatal("the container does not answer:\n" + m.sh("cat /tmp/container.log; journalctl --no-pager -n 20 -u docker-proxy"))
	}
	p := m.look("")
	if p.code != 3 || len(p.Deployments) != 1 || p.Deployments[0].Container != "docker "+id || !slices.Contains(p.Deployments[0].Names, "shop.example") {
		t.Errorf("exit %d, %+v", p.code, p.Deployments)
	}
	m.only(p)
	for _, u := range p.unknown() {
		if !strings.Contains(strings.Join(u.Unseen, " "), "container") {
			t.Errorf("not for the container:%s", say([]item{u}))
		}
	}
	if text := m.assay("", "check"); !strings.Contains(text.out, "docker "+id) {
		t.Errorf("the report does not show the container:\n%s", text.out)
	}
}
