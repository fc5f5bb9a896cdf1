package host

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"assay/internal/tape"
)

func get(endpoint, host, path string) tape.Ask {
	return tape.Ask{Kind: tape.KindHTTP, Name: endpoint, Arg: "GET " + host + " " + path}
}

// says serves a fixed reply to whoever has sent his request.
func says(t *testing.T, reply string) string {
	t.Helper()
	return "tcp:" + serve(t, func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, reply)
	})
}

func TestHTTP(t *testing.T) {
	var raw string
	at := "tcp:" + serve(t, func(c net.Conn) {
		b := make([]byte, 4096)
		n, _ := c.Read(b)
		raw = string(b[:n])
		io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nX-B: 2\r\nx-a: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"+
			"Content-Type: text/html\r\nContent-Length: 5\r\n\r\nhello")
	})
	r := Local(Options{Version: "9.9"})
	got := seen[tape.HTTPReply](t, r, get(at, "shop.example", "/a%2fb/../c?q=1"))
	sum := sha256.Sum256([]byte("hello"))
	if got.Status != 302 || got.Body != "hello" || got.Size != 5 || got.SHA != hex.EncodeToString(sum[:]) || got.Proto != "HTTP/1.1" || got.Get("location") != "http://127.0.0.1:1/" {
		t.Errorf("%+v", got)
	}
	if s := fmt.Sprint(got.Header); s != "[[Content-Length 5] [Content-Type text/html] [Location http://127.0.0.1:1/] [Set-Cookie a=1] [Set-Cookie b=2] [X-A 1] [X-B 2]]" {
		t.Error(s)
	}
	if raw != "GET /a%2fb/../c?q=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: assay/9.9\r\nAccept: */*\r\nConnection: close\r\n\r\n" {
		t.Errorf("sent %q", raw)
	}
}

func TestHTTPHeaders(t *testing.T) {
	var raw string
	at := "tcp:" + serve(t, func(c net.Conn) {
		b := make([]byte, 4096)
		n, _ := c.Read(b)
		raw = string(b[:n])
		io.WriteString(c, "HTTP/1.1 200 OK\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n")
	})
	q := tape.Request{Method: "OPTIONS", Host: "shop.example", Path: "/api", Header: []string{"Origin: null", "accept: text/html", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 7.7.7.7"}}
	got := seen[tape.HTTPReply](t, Local(Options{Version: "9.9"}), tape.Ask{Kind: tape.KindHTTP, Name: at, Arg: q.String()})
	if got.Status != 200 || got.Get("allow") != "GET" {
		t.Errorf("%+v", got)
	}
	if raw != "OPTIONS /api HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: assay/9.9\r\nAccept: text/html\r\nOrigin: null\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\nConnection: close\r\n\r\n" {
		t.Errorf("sent %q", raw)
	}
}

func TestHTTPBodies(t *testing.T) {
	t.Parallel()
	r := Local(Options{})
	long := strings.Repeat("x", maxText-1) + "é and more"
	for name, c := range map[string]struct {
		kind, body, kept string
	}{
		"binary":        {"image/png", "\x89PNG", ""},
		"cut":           {"text/plain; charset=utf-8", long, long[:maxText-1]},
		"invalid UTF-8": {"text/html", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
		"json":          {"application/problem+json", "{}", "{}"},
		"no type":       {"", "<html>x</html>", "<html>x</html>"},
	} {
		head := ""
		if c.kind != "" {
			head = "Content-Type: " + c.kind + "\r\n"
		}
		at := says(t, "HTTP/1.1 200 OK\r\n"+head+"\r\n"+c.body)
		got := seen[tape.HTTPReply](t, r, get(at, "x", "/"))
		if got.Body != c.kept || got.Size != int64(len(c.body)) || got.SHA == "" || !utf8.ValidString(got.Body) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	at := "tcp:" + serve(t, func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
		for chunk := make([]byte, 64<<10); ; {
			if _, err := c.Write(chunk); err != nil {
				return
			}
		}
	})
	v := see(t, r, get(at, "x", "/"))
	if got, _ := tape.Decode[tape.HTTPReply](v); !v.Truncated || got.Status != 200 || got.SHA != "" || len(got.Body) != maxText || got.Size < tape.MaxFile {
		t.Errorf("endless: truncated %v, %d, %d bytes", v.Truncated, got.Status, got.Size)
	}
}

func TestHTTPTrouble(t *testing.T) {
	t.Parallel()
	r := Local(Options{})
	for name, c := range map[string]struct {
		at, class string
		status    int
	}{
		"closed":      {"tcp:" + closedPort(t), "refused", 0},
		"garbage":     {says(t, "SSH-2.0-OpenSSH_9\r\n"), "garbled", 0},
		"empty":       {says(t, ""), "reset", 0},
		"huge header": {says(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 10<<20)), "garbled", 0},
		"endless headers": {"tcp:" + serve(t, func(c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(c, "X: y\r\n"); err != nil {
					return
				}
			}
		}), "garbled", 0},
		"silent": {"tcp:" + serve(t, func(c net.Conn) { io.Copy(io.Discard, c) }), "timeout", 0},
		"stuck body": {"tcp:" + serve(t, func(c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
			io.Copy(io.Discard, c)
		}), "timeout", 200},
		"cut body":     {says(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), "reset", 200},
		"no tls":       {"tls" + strings.TrimPrefix(says(t, "HTTP/1.1 400 no\r\n\r\n"), "tcp"), "tls", 0},
		"no socket":    {"unix:/nonexistent/app.sock", "absent", 0},
		"not a socket": {"unix:/etc/passwd", "refused", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := seen[tape.HTTPReply](t, r, get(c.at, "x", "/"))
			if got.Class != c.class || got.Error == "" || got.Status != c.status {
				got.Header = nil
				t.Errorf("want %s: %+v", c.class, got)
			}
		})
	}
}

// One server that stays silent costs only its own ask.
func TestSilentServerHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	silent := "tcp:" + serve(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	quick := says(t, "HTTP/1.1 204 No Content\r\n\r\n")
	began := time.Now()
	got := Local(Options{}).See(t.Context(), get(silent, "x", "/"), get(silent, "y", "/"), get(quick, "x", "/"))
	if d := time.Since(began); d > 2*httpWait {
		t.Errorf("took %v", d)
	}
	if !strings.Contains(got[2].Body, `"status":204`) || got[2].Millis > 3000 {
		t.Errorf("%+v", got[2])
	}
}

func TestHTTPOverTLS(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.sign(leaf(time.Now().AddDate(0, -2, 0), time.Now().AddDate(0, -1, 0)), a.mid, a.midKey)
	var sni string
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		sni = h.ServerName
		c := pair(key, cert)
		return &c, nil
	}})
	must(t, err)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, r.URL.Path) })}
	go s.Serve(l)
	defer s.Close()
	got := seen[tape.HTTPReply](t, Local(Options{}), get("tls:"+l.Addr().String(), "shop.example:8443", "/x"))
	if got.Status != 200 || got.Body != "shop.example:8443/x" || sni != "shop.example" {
		t.Errorf("%+v, sni %q", got, sni)
	}
}

func TestHTTPOverUnix(t *testing.T) {
	dir := rootDir(t)
	app := dir + "/" + strings.Repeat("long", 30)
	must(t, os.Mkdir(app, 0o755))
	at := listenHTTP(t, app+"/app.sock")
	must(t, os.Chown(app, wwwData, wwwData))
	r := Local(Options{})
	must(t, os.Chown(at, wwwData, wwwData))
	must(t, os.Chmod(at, 0o600))
	if got := seen[tape.HTTPReply](t, r, get("unix:"+at, "x", "/p")); got.Status != 200 || got.Body != "/p" {
		t.Errorf("%+v", got)
	}
	// A link in a user's folder leads root to no socket of root's.
	docker := listenHTTP(t, dir+"/docker.sock")
	must(t, os.Chmod(docker, 0o600))
	must(t, os.Symlink(docker, app+"/evil.sock"))
	v := see(t, r, get("unix:"+app+"/evil.sock", "x", "/"))
	if v.Status != tape.Unseen || !strings.HasSuffix(v.Why, ": permission denied") {
		t.Errorf("%+v", v)
	}
	if got := seen[tape.HTTPReply](t, r, get("unix:"+docker, "x", "/")); got.Status != 200 {
		t.Errorf("root's own: %+v", got)
	}
}

func listenHTTP(t *testing.T, path string) string {
	t.Helper()
	l := listenAt(t, path)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return path
}

func TestHTTPWantsSense(t *testing.T) {
	r := Local(Options{})
	for _, a := range []tape.Ask{
		{Name: "tcp:127.0.0.1:1", Arg: "POST x /"}, {Name: "tcp:127.0.0.1:1", Arg: "GET x / HTTP/1.1"}, {Name: "tcp:127.0.0.1:1", Arg: "GET x\r\nA:b /"},
		{Name: "tcp:127.0.0.1:1", Arg: "GET x /\nHost: evil"}, {Name: "tcp:127.0.0.1:1", Arg: "GET x //evil/"}, {Name: "tcp:127.0.0.1:1", Arg: "GET x http://evil/"}, {Name: "tcp:localhost:1", Arg: "GET x /"},
		{Name: "127.0.0.1:1", Arg: "GET x /"}, {Name: "unix:app.sock", Arg: "GET x /"}, {Name: "tcp:127.0.0.1:1", Arg: "GET  /"},
	} {
		a.Kind = tape.KindHTTP
		if v := see(t, r, a); v.Status != tape.Unseen {
			t.Errorf("%s: %+v", a, v)
		}
	}
}
