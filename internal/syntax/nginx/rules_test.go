package nginx

import (
	"testing"
)

func TestEffective(t *testing.T) {
	c := ParseText("f", `user u;
http {
  client_max_body_size 1m; root /r; proxy_set_header A a; add_header X x; allow all;
  server {
    proxy_set_header B b; alias /bad;
    location /a { deny all; proxy_pass http://p; if ($x) { root /i; } location /a/n { } try_files $uri =404; }
    location /b { proxy_set_header C c; proxy_set_header D d; root /b; }
  }
}`)
	s := c.Servers()[0]
	a, b := s.Locations()[0].Directive, s.Locations()[1].Directive
	in, nested := a.Find("if")[0], a.Find("location")[0]
	for _, x := range []struct {
		d    *Directive
		name string
		want int
		val  string
	}{
		{a, "client_max_body_size", 1, "1m"}, {a, "user", 1, "u"},
		{a, "proxy_set_header", 1, "B"}, {b, "proxy_set_header", 2, "D"}, {nested, "proxy_set_header", 1, "B"},
		{a, "add_header", 1, "X"}, {a, "root", 0, ""}, {b, "root", 1, "/b"}, {b, "alias", 0, ""},
		{a, "allow", 0, ""}, {b, "allow", 1, "all"}, {a, "deny", 1, "all"},
		{in, "proxy_pass", 1, "http://p"}, {nested, "proxy_pass", 0, ""}, {in, "root", 1, "/i"},
		{nested, "try_files", 0, ""}, {a, "try_files", 1, "$uri"}, {a, "nothing", 0, ""}, {nil, "root", 0, ""},
	} {
		got := c.Effective(x.d, x.name)
		v, _ := Value(x.d, x.name)
		if len(got) != x.want || v != x.val {
			t.Errorf("%s: %d %q, want %d %q", x.name, len(got), v, x.want, x.val)
		}
	}
}

// Seen the same from nginx 1.22.1 itself, with a `return` in each location.
func TestMatch(t *testing.T) {
	c := ParseText("f", `server {
  location / { }
  location = / { }
  location /static/ { location ~ \.css$ { } location /static/deep { } }
  location ^~ /media { location ~ \.php$ { } }
  location ~* \.(png|CSS)$ { }
  location ~ ^/api/(?<v>v\d+)/ { location ~ in/ { } }
  location /app/ { proxy_pass http://x; }
  location /both { } location /both/ { proxy_pass http://x; }
  location =/exact { }
  location @named { }
}
server { location /x { } location ^~ /safe { } location ~ (?!a)b { } }
server { location = /only { } }`)
	s := c.Servers()
	for _, x := range []struct {
		server         int
		uri            string
		line, redirect int
	}{
		{0, "/", 3, 0}, {0, "/x?y=.png", 2, 0}, {0, "/static/a.css", 4, 0}, {0, "/static/a.PNG", 6, 0}, {0, "/static/deep/x.png", 6, 0},
		{0, "/media/a.png", 5, 0}, {0, "/media/a.php", 5, 0}, {0, "/api/v1/in/x", 7, 0}, {0, "/app", 8, 1}, {0, "/app/", 8, 0},
		{0, "/both", 9, 0}, {0, "/exact", 10, 0}, {0, "/exactly", 2, 0}, {1, "/x", 0, 2}, {1, "/safe", 13, 0}, {2, "/none", 0, 0},
	} {
		m := s[x.server].Match(x.uri)
		line := 0
		if m.Location != nil {
			line = m.Location.Line
		}
		if line != x.line || (m.Redirect != "") != (x.redirect == 1) || (m.CannotTell != "") != (x.redirect == 2) {
			t.Errorf("%s: line %d %+v, want %d", x.uri, line, m, x.line)
		}
	}
	if m := s[0].Match("/api/v1/in/x"); m.Location.Arg(1) != "in/" {
		t.Errorf("nested regex in a regex: %v", m.Location.Args)
	}
}

func TestFileFor(t *testing.T) {
	c := ParseText("f", `server { root /srv/www/;
  location /static { alias /x/static/; location ~ \.css$ { } }
  location /s/ { alias /x; }
  location /r/ { root /data; }
  location /v/ { root /data/$host; }
  location ~ ^/re/(.*)$ { alias /x/$1; }
  location ~ ^/re2/ { alias /x/; }
  location /plain/ { }
  location /rel/ { root html; }
}
server { location / { } }`)
	locs := c.Servers()[0].Locations()
	for i, x := range []struct {
		uri, want string
		ok        bool
	}{
		{"/static/a.css?v=1", "/x/static//a.css", true}, {"/s/a", "/xa", true}, {"/r/a", "/data/r/a", true}, {"/v/a", "", false},
		{"/re/a", "", false}, {"/re2/a", "", false}, {"/plain/a", "/srv/www/plain/a", true}, {"/rel/a", "", false},
	} {
		if got, ok := FileFor(locs[i].Directive, x.uri); got != x.want || ok != x.ok {
			t.Errorf("%s: %q %v", x.uri, got, ok)
		}
	}
	if got, ok := FileFor(locs[0].Directive.Find("location")[0], "/static/a.css"); got != "/x/static//a.css" || !ok {
		t.Errorf("nested in an alias: %q %v", got, ok)
	}
	if _, ok := FileFor(c.Servers()[1].Locations()[0].Directive, "/"); ok {
		t.Error("a root out of nothing")
	}
}

func TestParseListen(t *testing.T) {
	for in, want := range map[string]Listen{
		"80":                         {Addr: "*", Port: 80, PortEnd: 80, V6Only: true},
		"*:81 default_server":        {Addr: "*", Port: 81, PortEnd: 81, V6Only: true, Default: true},
		"0.0.0.0:82":                 {Addr: "*", Port: 82, PortEnd: 82, V6Only: true},
		"127.0.0.1":                  {Addr: "127.0.0.1", Port: 80, PortEnd: 80, V6Only: true},
		"localhost:8000":             {Addr: "localhost", Port: 8000, PortEnd: 8000, V6Only: true},
		"example.com":                {Addr: "example.com", Port: 80, PortEnd: 80, V6Only: true},
		"[::]:443 ssl http2":         {Addr: "::", Port: 443, PortEnd: 443, V6Only: true, TLS: true, HTTP2: true},
		"[0:0::1] ipv6only=off":      {Addr: "::1", Port: 80, PortEnd: 80},
		"unix:/run/x.sock":           {Unix: "/run/x.sock", V6Only: true},
		"8000-8010 reuseport":        {Addr: "*", Port: 8000, PortEnd: 8010, V6Only: true},
		"443 quic":                   {Addr: "*", Port: 443, PortEnd: 443, V6Only: true, TLS: true, QUIC: true},
		"127.0.0.1:1 proxy_protocol": {Addr: "127.0.0.1", Port: 1, PortEnd: 1, V6Only: true, Proxy: true},
	} {
		c := ParseText("f", "server { listen "+in+"; }")
		got, ok := ParseListen(c.Root.All("listen")[0])
		got.Directive, got.Options = nil, nil
		if !ok || !equalListen(got, want) {
			t.Errorf("%s: %+v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "127.0.0.1:x", "[::1", "$port", "1:99999", "[::]x"} {
		if l, ok := ParseListen(&Directive{Name: "listen", Args: []string{in}}); ok && in != "" {
			t.Errorf("%q: %+v", in, l)
		}
	}
}

func equalListen(a, b Listen) bool {
	return a.Addr == b.Addr && a.Port == b.Port && a.PortEnd == b.PortEnd && a.Unix == b.Unix && a.Default == b.Default &&
		a.TLS == b.TLS && a.HTTP2 == b.HTTP2 && a.QUIC == b.QUIC && a.Proxy == b.Proxy && a.V6Only == b.V6Only
}

func TestSelectServer(t *testing.T) {
	c := ParseText("f", `http {
server { listen 80; server_name first; }
server { listen 80 default_server; server_name _; }
server { server_name .Example.com; }
server { listen 80; server_name *.deep.example.com www.*; }
server { listen 80; server_name ~^(?<n>\w+)\.re\.org$ "~^(?!x)y$"; }
server { listen 10.0.0.1:80; server_name other; }
server { listen [::]:81 ipv6only=off; listen [::]:82; listen unix:/run/n.sock; listen 443 ssl; server_name six; }
server { listen 443; server_name seven; listen backend.local:99; }
server { listen 80; server_name first ""; }
}
stream { server { listen 80; } }`)
	s := c.Servers()
	if len(s) != 9 {
		t.Fatal(len(s))
	}
	for _, x := range []struct {
		addr string
		port int
		host string
		want int
		by   string
	}{
		{"1.2.3.4", 80, "first", 0, "exact"}, {"", 80, "FIRST.:80", 0, "exact"}, {"1.2.3.4", 80, "nobody", -2, ""},
		{"1.2.3.4", 80, "example.com", 2, "exact"}, {"1.2.3.4", 80, "a.example.com", 2, "leading wildcard"},
		{"1.2.3.4", 80, "a.deep.example.com", 3, "leading wildcard"}, {"1.2.3.4", 80, "www.net", 3, "trailing wildcard"},
		{"1.2.3.4", 80, "www.example.com", 2, "leading wildcard"}, {"1.2.3.4", 80, "abc.re.org", 4, "regex"},
		{"10.0.0.1", 80, "first", 5, "first"}, {"1.2.3.4", 81, "x", 6, "first"}, {"1.2.3.4", 82, "x", -1, ""}, {"::1", 82, "x", 6, "first"},
		{"::1", 80, "first", -1, ""}, {"unix:/run/n.sock", 0, "x", 6, "first"}, {"1.2.3.4", 443, "seven", 7, "exact"},
		{"1.2.3.4", 80, "", 8, "exact"}, {"1.2.3.4", 99, "", -2, ""}, {"*", 80, "first", 0, "exact"},
	} {
		got := SelectServer(s, x.addr, x.port, x.host, false)
		at := -1
		for i := range s {
			if s[i] == got.Server {
				at = i
			}
		}
		if got.CannotTell != "" {
			at = -2
		}
		if at != x.want || got.By != x.by {
			t.Errorf("%s:%d %s: %d %+v", x.addr, x.port, x.host, at, got)
		}
	}
	if got := SelectServer(s, "1.2.3.4", 443, "seven", false); !got.TLS || !got.Mismatch {
		t.Errorf("%+v", got)
	}
	if got := SelectServer(s[:3], "1.2.3.4", 80, "zzz", false); got.Server != s[1] || got.By != "default_server" {
		t.Errorf("%+v", got)
	}
}

func TestUpstreams(t *testing.T) {
	c := ParseText("f", `http { upstream app { least_conn; server unix:/run/a.sock fail_timeout=0; server 127.0.0.1 weight=3 backup;
 server app.local:81 down max_fails=0; keepalive 8; } } stream { upstream s { server x; } }`)
	u := c.Upstreams()
	if len(u) != 1 || len(u[0].Servers) != 3 {
		t.Fatalf("%+v", u)
	}
	a, b, d := u[0].Servers[0], u[0].Servers[1], u[0].Servers[2]
	if a.Address != "unix:/run/a.sock" || a.FailTimeout != "0" || b.Address != "127.0.0.1:80" || b.Weight != 3 || !b.Backup ||
		d.Address != "app.local:81" || !d.Down || d.MaxFails != 0 || a.MaxFails != 1 {
		t.Errorf("%+v", u[0].Servers)
	}
	if _, ok := c.Upstream("APP"); !ok {
		t.Error("names have no case")
	}
}

func TestParseProxyPass(t *testing.T) {
	for in, want := range map[string][4]string{
		"http://unix:/run/x.sock":       {"http", "unix:/run/x.sock", "", ""},
		"http://unix:/run/x.sock:/app/": {"http", "unix:/run/x.sock", "/app/", ""},
		"http://unix:///run/x.sock":     {"http", "unix:/run/x.sock", "", ""},
		"unix:///run/u.sock":            {"", "unix:/run/u.sock", "", ""},
		"uwsgi://127.0.0.1:3031":        {"uwsgi", "127.0.0.1:3031", "", ""},
		"127.0.0.1:9000":                {"", "127.0.0.1:9000", "", ""},
		"http://127.0.0.1:8000/":        {"http", "127.0.0.1:8000", "/", ""},
		"HTTPS://app/x$y":               {"https", "app", "/x$y", "v"},
		"http://$up":                    {"http", "$up", "", "v"},
		"$scheme://app":                 {"", "$scheme:", "//app", "v"},
		"http://[::1]:8000/a":           {"http", "[::1]:8000", "/a", ""},
		"":                              {"", "", "", ""},
	} {
		s, a, u, v := ParseProxyPass(in)
		if s != want[0] || a != want[1] || u != want[2] || v != (want[3] != "") {
			t.Errorf("%q: %q %q %q %v", in, s, a, u, v)
		}
	}
	if WithPort("[::1]", "80") != "[::1]:80" || WithPort("[::1]:1", "80") != "[::1]:1" || WithPort("a:1", "80") != "a:1" {
		t.Error("WithPort")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{certbot, "a{b;}c 'd", "location ~ ^/(x{", "map a b { include x; ~* y; }", "content_by_lua_block { -- '", "set_by_lua_block", "}\x00{;;", "if ( $a = b) {", "if () {}",
		"server { listen [; server_name ~( .; location ~ ( { alias; } } upstream u { server; } include include/*;"} {
		f.Add(s, "/static/x.css")
	}
	f.Fuzz(func(t *testing.T, text, uri string) {
		c := Parse("/n/x", "", disk{"/n/x": text, "/n/include": text})
		servers := append(c.Servers(), c.Root)
		SelectServer(servers, "1.2.3.4", 80, uri, true)
		for _, s := range servers {
			m := s.Match(uri)
			FileFor(m.Location, uri)
			Effective(m.Location, uri)
		}
		c.Upstreams()
		ParseProxyPass(text)
	})
}
