//go:build real

package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"assay/internal/lab"
)

// apps lays so many small apps onto a host, each with a service, a socket and
// four server blocks of its own.
const apps = `
cat >/srv/one.py <<'END'
from flask import Flask
app = Flask(__name__)
@app.get("/")
def index():
    return "<!doctype html><p>hello"
END
systemctl disable -q --now shop
rm -f /etc/nginx/sites-enabled/shop
for i in $(seq $N); do
	install -d /srv/app$i
	cp /srv/one.py /srv/app$i/one.py
	id -u app$i >/dev/null 2>&1 || useradd --system app$i
	cat >/etc/systemd/system/app$i.service <<END
[Service]
User=app$i
Group=www-data
WorkingDirectory=/srv/app$i
RuntimeDirectory=app$i
ExecStart=/usr/bin/gunicorn --workers 1 --umask 007 --bind unix:/run/app$i/gunicorn.sock one:app
[Install]
WantedBy=multi-user.target
END
	for k in 1 2 3 4; do
		echo "server { listen 80; server_name n$k.app$i.example; location / { proxy_pass http://unix:/run/app$i/gunicorn.sock; proxy_set_header Host \$host; } }"
	done >/etc/nginx/sites-enabled/app$i
done
systemctl daemon-reload
systemctl enable -q --now $(seq -f 'app%g' $N)
nginx -t -q && systemctl reload nginx
for i in $(seq $N); do for k in $(seq 100); do [ -S /run/app$i/gunicorn.sock ] && break; sleep .1; done; done
sleep 2
`

// What an audit takes for one app where there are ten, twenty-five or fifty, with
// four server blocks each, beside what it takes for one of ten.
func BenchmarkOnHostApps(b *testing.B) {
	ctx := context.Background()
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		b.Fatal(err)
	}
	h, err := lab.Up(ctx, "unix", lab.Options{Name: "scale"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = h.Down(context.WithoutCancel(ctx)) })
	if err := h.Put(ctx, shipped(b, "assay/cmd/assay"), "/usr/local/bin/assay", 0o755); err != nil {
		b.Fatal(err)
	}
	each := map[int]float64{}
	for b.Loop() {
		for _, n := range []int{10, 25, 50} {
			if out, err := h.Run(ctx, fmt.Sprintf("N=%d\n%s", n, apps)); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			began := time.Now()
			cmd, err := h.Command(ctx, "assay", "check", "--fail-on", "never", "--timeout", "10m", "--format", "json")
			if err != nil {
				b.Fatal(err)
			}
			out, err := cmd.Output()
			if _, is := err.(*exec.ExitError); err != nil && !is {
				b.Fatal(err)
			}
			took := time.Since(began)
			var r page
			if err := json.Unmarshal(out, &r); err != nil || len(r.Deployments) != n {
				b.Fatalf("%d deployments of %d: %v", len(r.Deployments), n, err)
			}
			each[n] = took.Seconds() / float64(n)
			b.ReportMetric(took.Seconds(), fmt.Sprintf("s-%d-apps", n))
		}
		b.ReportMetric(each[25]/each[10], "x-each-of-25")
		b.ReportMetric(each[50]/each[10], "x-each-of-50")
	}
}
