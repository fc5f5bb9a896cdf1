//go:build real

package lab

import (
	"context"
	"os"
	"testing"
)

// A fresh host can get all that a deployment needs: Debian's packages, Python's,
// and a certificate that its visitor trusts.
func TestFreshHost(t *testing.T) {
	if os.Getenv("FRESH") == "" {
		t.Skip("a bare host and its packages take minutes to make: make real")
	}
	_, h := start(t, "fresh12")
	settled(t, h)
	must(t, h.Run, "! command -v nginx gunicorn psql certbot; ! python3 -m venv /tmp/none")
	must(t, h.Run, `apt-get -q update
DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install nginx certbot python3-venv libpq5`)

	out := must(t, func(ctx context.Context, script string) (string, error) { return h.RunAs(ctx, "dev", script) }, `
cd ~/shop
python3 -m venv .venv
.venv/bin/pip install -q --no-compile -r requirements.txt
.venv/bin/pip check
SECRET_KEY=x DATABASE_URL=postgresql:///x REDIS_URL=redis:///0 UPLOAD_FOLDER=/tmp .venv/bin/gunicorn --check-config wsgi:app
.venv/bin/gunicorn --version`)
	contains(t, out, "No broken requirements")
	contains(t, out, "gunicorn (version 20")

	must(t, h.Run, `echo hello >/var/www/html/index.html
certbot certonly -q --webroot -w /var/www/html -d shop.example -m ops@shop.example --agree-tos -n
! certbot certonly -q --webroot -w /var/www/html -d other.example -n
cat >/etc/nginx/conf.d/shop.conf <<'END'
server {
	listen 443 ssl;
	server_name shop.example;
	root /var/www/html;
	ssl_certificate /etc/letsencrypt/live/shop.example/fullchain.pem;
	ssl_certificate_key /etc/letsencrypt/live/shop.example/privkey.pem;
}
END
systemctl restart nginx`)
	for _, run := range []func(context.Context, string) (string, error){h.Run, h.Visitor} {
		contains(t, must(t, run, "curl -sS --fail https://shop.example/"), "hello")
	}
	settled(t, h)
}
