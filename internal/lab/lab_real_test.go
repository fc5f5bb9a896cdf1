//go:build real

package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// start boots a host for a test and takes it down after it.
func start(t *testing.T, blueprint string) (context.Context, *Host) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("booting a host needs root")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	t.Cleanup(cancel)
	if err := Ready(ctx, t.Output()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	h, err := Up(ctx, blueprint, Options{Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: up in %.1f s", h.Name, time.Since(began).Seconds())
	t.Cleanup(func() {
		if err := h.Down(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	return ctx, h
}

// must runs a script that has to end well, on the host or as its visitor.
func must(t *testing.T, run func(context.Context, string) (string, error), script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := run(ctx, script)
	if err != nil {
		t.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return strings.TrimSpace(out)
}

func contains(t *testing.T, text, want string) {
	t.Helper()
	if !strings.Contains(text, want) {
		t.Errorf("want %q in:\n%s", want, text)
	}
}

// visit goes through the shop as a person would: the log-in form with its
// token, a thing with a picture, the picture as others see it.
const visit = `
site=https://%s
jar=$(mktemp -d)
trap 'rm -r $jar' EXIT
get() { curl -sS --fail-with-body -b $jar/c -c $jar/c "$@"; }
token() { get $site$1 | grep -o 'name="csrf" value="[^"]*"' | tail -1 | cut -d'"' -f4; }
[ "$(curl -sS -o /dev/null -w '%%{http_code}' -d name=keeper -d password=wrong $site/login)" = 400 ]
t=$(token /login)
[ "$(curl -sS -b $jar/c -c $jar/c -o /dev/null -w '%%{http_code}' -d csrf=$t -d name=keeper -d password=wrong $site/login)" = 401 ]
get -o /dev/null -d csrf=$t -d name=keeper -d password=%s $site/login
get $site/ | grep -q 'Log out keeper'
printf 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' | base64 -d >$jar/p.png
t=$(token /sell)
get -L -F csrf=$t -F 'name=Tin whistle' -F price=12.50 -F text=shrill -F image=@$jar/p.png $site/sell >$jar/page
grep -q 'Tin whistle' $jar/page
grep -q '12.50' $jar/page
picture=$(grep -o '/uploads/[0-9a-f]*\.png' $jar/page | head -1)
get $site$picture | cmp - $jar/p.png
get $site/ | grep -q 'Tin whistle'
t=$(token /basket)
get -L -d csrf=$t $site/basket/1 | grep -q 'Total'
echo picture=$picture
`

func TestHealthyHosts(t *testing.T) {
	for _, c := range []struct{ blueprint, name, bind string }{
		{"unix", "shop.example", "unix:/run/shop/gunicorn.sock"},
		{"tcp", "myapp.example", "127.0.0.1:8000"},
	} {
		t.Run(c.blueprint, func(t *testing.T) {
			ctx, h := start(t, c.blueprint)
			out := must(t, h.Visitor, "curl -sSi https://"+c.name+"/")
			contains(t, out, "Enamel mug")
			contains(t, out, "strict-transport-security:")
			out = must(t, h.Visitor, "curl -sS https://www."+c.name+"/health")
			contains(t, out, `"database":"ok"`)
			contains(t, out, `"cache":"ok"`)

			out = must(t, h.Visitor, "curl -sSI http://"+c.name+"/a?b")
			contains(t, out, "301")
			contains(t, out, "Location: https://"+c.name+"/a?b")

			out = must(t, h.Visitor, "curl -sSi https://"+c.name+"/static/app.css")
			contains(t, out, "etag:") // nginx's own: Flask never saw it
			contains(t, out, "--leaf")
			must(t, h.Run, "tail -1 /var/log/nginx/access.log | grep -q 'GET /static/app.css'")

			login := must(t, h.Run, "cat /root/shop-login")
			out = must(t, h.Visitor, fmt.Sprintf(visit, c.name, login))
			contains(t, out, "picture=/uploads/")

			contains(t, must(t, h.Visitor, "curl -sS -o /dev/null -w '%{http_code}' https://"+c.name+"/metrics"), "403")
			contains(t, must(t, h.Run, "curl -sS --resolve "+c.name+":443:127.0.0.1 https://"+c.name+"/metrics"), "shop_requests_total")

			// What another name gets: nothing, on both ports.
			must(t, h.Visitor, "! curl -sS -H 'Host: other.example' http://"+Address+"/")
			must(t, h.Visitor, "! curl -sSk https://"+Address+"/")

			listening(t, h)
			settled(t, h)
			if err := h.Reboot(ctx); err != nil {
				t.Fatal(err)
			}
			settled(t, h)
			contains(t, must(t, h.Visitor, "curl -sS https://"+c.name+"/"), "Tin whistle")
		})
	}
}

// listening fails for a public listener other than nginx.
func listening(t *testing.T, h *Host) {
	t.Helper()
	for line := range strings.SplitSeq(must(t, h.Run, "ss -Hltnp"), "\n") {
		f := strings.Fields(line)
		local := f[3]
		if strings.HasPrefix(local, "127.0.0.1:") || strings.HasPrefix(local, "[::1]:") {
			continue
		}
		if !strings.Contains(line, `"nginx"`) {
			t.Errorf("listens publicly: %s", line)
		}
	}
}

func settled(t *testing.T, h *Host) {
	t.Helper()
	if s := must(t, h.Run, "systemctl is-system-running || true"); s != "running" {
		t.Errorf("system is %s\n%s", s, must(t, h.Run, "systemctl --failed --no-pager; journalctl -p warning -b --no-pager"))
	}
}

func TestHealthTellsTheTruth(t *testing.T) {
	_, h := start(t, "unix")
	must(t, h.Run, "systemctl stop redis-server")
	out := must(t, h.Visitor, "curl -sS -w '%{http_code}' https://shop.example/health")
	contains(t, out, `"cache":"failed"`)
	contains(t, out, "503")
	contains(t, must(t, h.Visitor, "curl -sS --fail https://shop.example/"), "Enamel mug")
	must(t, h.Run, "systemctl start redis-server; systemctl stop 'postgresql@*'")
	out = must(t, h.Visitor, "curl -sS -w '%{http_code}' https://shop.example/health")
	contains(t, out, `"database":"failed"`)
	contains(t, out, "503")
}

func TestTheGuideToTheLetterIsDown(t *testing.T) {
	_, h := start(t, "guide000")
	contains(t, must(t, h.Visitor, "curl -sSI https://your-domain.com/"), "502 Bad Gateway")
	contains(t, must(t, h.Visitor, "curl -sSI http://www.your-domain.com/x"), "Location: https://www.your-domain.com/x")
	contains(t, must(t, h.Visitor, "curl -sSI https://your-domain.com/static/app.css"), "200 OK")
	contains(t, must(t, h.Run, "cd /var/www/yourapp; set -a; . /etc/yourapp.env; venv/bin/flask db current"), "8b2d64c7e9f0 (head)")
}

func TestTwoAtOnceAndNothingLeft(t *testing.T) {
	ctx, a := start(t, "bare12")
	var b *Host
	t.Run("at once", func(t *testing.T) {
		var wg sync.WaitGroup
		wg.Go(func() { _, b = start(t, "bare13") })
		wg.Wait()
		contains(t, must(t, a.Run, "cat /etc/os-release"), "bookworm")
		contains(t, must(t, b.Run, "cat /etc/os-release"), "trixie")
	})
	if err := a.Down(ctx); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*Host{a, b} {
		for _, left := range append(h.cgroups(), h.dir(), h.VisitorNetns(), "/run/netns/"+h.netns(inside), "/etc/netns/"+h.netns(visitor)) {
			if present(left) {
				t.Errorf("%s is left", left)
			}
		}
		if h.PID() != 0 || h.Nspawn.alive() || h.Resolver.alive() {
			t.Errorf("processes of %s are left", h.Name)
		}
		mounts, _ := os.ReadFile("/proc/self/mounts")
		if strings.Contains(string(mounts), h.dir()) {
			t.Errorf("mounts of %s are left", h.Name)
		}
	}
	if _, err := Open(a.Name); err == nil {
		t.Errorf("%s can still be opened", a.Name)
	}
}

func TestScriptsAndFiles(t *testing.T) {
	ctx, h := start(t, "bare12")
	out, err := h.Run(ctx, "echo before; cat; echo after; false; echo never")
	exit, ok := err.(*ScriptError)
	if out != "before\nafter\n" || !ok || exit.Code != 1 {
		t.Errorf("out %q, err %v", out, err)
	}
	out, err = h.RunAs(ctx, "www-data", "id -un; id -gn; echo $HOME")
	if out != "www-data\nwww-data\n/var/www\n" || err != nil {
		t.Errorf("out %q, err %v", out, err)
	}
	file := filepath.Join(t.TempDir(), "f")
	os.WriteFile(file, []byte("hello"), 0o600)
	if err := h.Put(ctx, file, "/opt/new/f", 0o751); err != nil {
		t.Fatal(err)
	}
	if got := must(t, h.Run, "stat -c %a /opt/new/f; cat /opt/new/f"); got != "751\nhello" {
		t.Errorf("got %q", got)
	}
	if b, _ := os.ReadFile(filepath.Join(h.Upper(), "opt/new/f")); string(b) != "hello" {
		t.Errorf("upper holds %q", b)
	}
}

func TestDNS(t *testing.T) {
	ctx, h := start(t, "bare12")
	if err := h.DNS(ctx, map[string][]string{"a.example": {"192.0.2.1", "2001:db8::1"}, "gone.example": nil}); err != nil {
		t.Fatal(err)
	}
	for _, run := range []func(context.Context, string) (string, error){h.Run, h.Visitor} {
		contains(t, must(t, run, "dig a.example"), "192.0.2.1")
		contains(t, must(t, run, "dig AAAA a.example"), "2001:db8::1")
		contains(t, must(t, run, "dig gone.example"), "NXDOMAIN")
		contains(t, must(t, run, "dig other.example"), "NXDOMAIN")
	}
	if err := h.DNSMode(ctx, "servfail"); err != nil {
		t.Fatal(err)
	}
	contains(t, must(t, h.Run, "dig a.example"), "SERVFAIL")
	contains(t, must(t, h.Run, "dig +tcp a.example"), "SERVFAIL")
	if err := h.DNSMode(ctx, "silent"); err != nil {
		t.Fatal(err)
	}
	contains(t, must(t, h.Run, "dig +tries=1 +time=1 a.example || true"), "timed out")
	if err := h.DNSMode(ctx, "normal"); err != nil {
		t.Fatal(err)
	}
	contains(t, must(t, h.Run, "dig a.example"), "192.0.2.1")
}

func TestCertificates(t *testing.T) {
	ctx, h := start(t, "unix")
	const look = "openssl s_client -connect shop.example:443 -servername shop.example -verify_return_error </dev/null 2>&1 || true"
	contains(t, must(t, h.Visitor, look), "Verify return code: 0 (ok)")
	contains(t, must(t, h.Run, look), "Verify return code: 0 (ok)")
	names := []string{"shop.example"}
	for _, c := range []struct {
		opt  CertOptions
		want string
	}{
		{CertOptions{Names: names, NotBefore: time.Now().AddDate(0, 0, -91)}, "certificate has expired"},
		{CertOptions{Names: names, SelfSigned: true}, "self-signed certificate"},
	} {
		if err := h.IssueCert(ctx, c.opt); err != nil {
			t.Fatal(err)
		}
		must(t, h.Run, "nginx -t -q; systemctl restart nginx")
		contains(t, must(t, h.Visitor, look), c.want)
	}
	must(t, h.Run, "ln -sf cert.pem /etc/letsencrypt/live/shop.example/fullchain.pem")
	if err := h.IssueCert(ctx, CertOptions{Names: names, Folder: "/etc/ssl/own"}); err != nil {
		t.Fatal(err)
	}
	must(t, h.Run, "sed -i 's#/etc/letsencrypt/live/shop.example/fullchain.pem#/etc/ssl/own/cert.pem#; s#/etc/letsencrypt/live/shop.example/privkey.pem#/etc/ssl/own/privkey.pem#' /etc/nginx/sites-available/shop; systemctl restart nginx")
	contains(t, must(t, h.Visitor, look), "unable to get local issuer certificate")
}

// The lab's program is killed while its host runs: another process finds the
// host and takes it down.
func TestSurvivesItsMaker(t *testing.T) {
	if name := os.Getenv("LAB_TEST_MAKER"); name != "" {
		if _, err := Up(context.Background(), "bare12", Options{Name: name}); err != nil {
			t.Fatal(err)
		}
		p, _ := os.FindProcess(os.Getpid())
		p.Kill()
		select {}
	}
	ctx, probe := start(t, "bare12")
	name := probe.Name + "-orphan"
	cmd := exec.Command(os.Args[0], "-test.run=^TestSurvivesItsMaker$")
	cmd.Env = append(os.Environ(), "LAB_TEST_MAKER="+name)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the maker: %v\n%s", err, out)
	}
	h, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if s := must(t, h.Run, "systemctl is-system-running"); s != "running" {
		t.Errorf("system is %s", s)
	}
	os.Remove(filepath.Join(h.dir(), "host.json")) // as if it had been killed earlier
	if err := (&Host{state{Name: name}}).Down(ctx); err != nil {
		t.Fatal(err)
	}
	if present(h.dir()) || present(h.VisitorNetns()) || h.PID() != 0 || len(h.members()) > 0 {
		t.Error("something is left of the orphan")
	}
}
