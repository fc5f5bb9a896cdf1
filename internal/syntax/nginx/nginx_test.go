package nginx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// disk is a Source of named texts; an empty text with a "!" name is dangling.
type disk map[string]string

func (d disk) Read(name string) ([]byte, error) {
	if text, ok := d[name]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (d disk) Glob(pattern string) ([]string, error) {
	var out []string
	for name := range d {
		name = strings.TrimPrefix(name, "!")
		if ok, err := path.Match(pattern, name); err != nil {
			return nil, err
		} else if ok {
			out = append(out, name)
		}
	}
	return out, nil
}

func show(d *Directive) string {
	var b strings.Builder
	var walk func(*Directive, string)
	walk = func(d *Directive, in string) {
		for _, c := range d.Block {
			fmt.Fprintf(&b, "%s%s:%d %s %q\n", in, path.Base(c.File), c.Line, c.Name, c.Args)
			walk(c, in+"  ")
		}
	}
	walk(d, "")
	return b.String()
}

func texts(c *Config) []string {
	var out []string
	for _, e := range c.Errors {
		out = append(out, e.Error())
	}
	return out
}

const certbot = `server {
    server_name example.com www.example.com;

    location / {
        include proxy_params;
        proxy_pass http://unix:/run/app.sock;
    }

    listen [::]:443 ssl ipv6only=on; # managed by Certbot
    listen 443 ssl; # managed by Certbot
    ssl_certificate /etc/letsencrypt/live/example.com/fullchain.pem; # managed by Certbot
}
server {
    if ($host = www.example.com) {
        return 301 https://$host$request_uri;
    } # managed by Certbot


    listen 80;
    server_name example.com www.example.com;
    return 404; # managed by Certbot
}
`

func debian(t *testing.T) disk {
	d := disk{}
	for _, f := range []string{"nginx.conf", "sites-available/default", "mime.types", "proxy_params", "fastcgi_params"} {
		b, err := os.ReadFile("testdata/debian/etc/nginx/" + f)
		if err != nil {
			t.Fatal(err)
		}
		d["/etc/nginx/"+f] = string(b)
	}
	d["/etc/nginx/sites-enabled/default"] = d["/etc/nginx/sites-available/default"]
	return d
}

func TestDebianAndCertbot(t *testing.T) {
	d := debian(t)
	d["/etc/nginx/sites-enabled/app"] = certbot
	d["/etc/nginx/sites-enabled/.hidden"] = "server { listen 1; }"
	d["!/etc/nginx/sites-enabled/zz-gone"] = "" // a dangling link
	c := Parse("/etc/nginx/nginx.conf", "", d)
	want := []string{"/etc/nginx/nginx.conf", "/etc/nginx/mime.types", "/etc/nginx/sites-enabled/app", "/etc/nginx/proxy_params", "/etc/nginx/sites-enabled/default"}
	if !slices.Equal(c.Files, want) {
		t.Errorf("files %v", c.Files)
	}
	if len(c.Errors) != 1 || !errors.Is(c.Errors[0], fs.ErrNotExist) || c.Errors[0].Path != "/etc/nginx/sites-enabled/zz-gone" || c.Errors[0].File != "/etc/nginx/nginx.conf" || c.Errors[0].Line == 0 {
		t.Errorf("errors %v", texts(c))
	}
	s := c.Servers()
	if len(s) != 3 || s[0].Line != 1 || s[1].Line != 13 || s[2].File != "/etc/nginx/sites-enabled/default" {
		t.Fatalf("servers\n%s", show(c.Root))
	}
	loc := s[0].Match("/x").Location
	if h := Effective(loc, "proxy_set_header"); len(h) != 4 || h[0].File != "/etc/nginx/proxy_params" || h[0].Line != 30 || h[0].Parent != loc {
		t.Errorf("headers %+v", h[0])
	}
	if i := s[1].Find("if")[0]; !slices.Equal(i.Args, []string{"$host", "=", "www.example.com"}) {
		t.Errorf("if %q", i.Args)
	}
	if v, at := Value(loc, "user"); v != "www-data" || at.Line != 1 {
		t.Errorf("user %q", v)
	}
	if got := SelectServer(s, "203.0.113.5", 443, "WWW.example.com:443", true); got.Server != s[0] || !got.TLS || got.Mismatch {
		t.Errorf("%+v", got)
	}
	if got := SelectServer(s, "203.0.113.5", 80, "other", false); got.Server != s[2] || got.By != "default_server" {
		t.Errorf("%+v", got)
	}
	if got := SelectServer(s, "203.0.113.5", 8080, "", false); got.Server != nil {
		t.Errorf("%+v", got)
	}
}

func TestTree(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"quotes": {`log_format x '{"a":"$b",' "c\"d" 'e;f{g}' h\ti; # it's { a comment`,
			"f:1 log_format [\"x\" \"{\\\"a\\\":\\\"$b\\\",\" \"c\\\"d\" \"e;f{g}\" \"h\\ti\"]\n"},
		"map": {"map $a $b {\n default 0;\n ~^/x\\.(a|b)$ 1;\n '' 2;\n server 3;\n}",
			"f:1 map [\"$a\" \"$b\"]\n  f:2 default [\"0\"]\n  f:3 ~^/x\\.(a|b)$ [\"1\"]\n  f:4  [\"2\"]\n  f:5 server [\"3\"]\n"},
		"variable braces": {"set $x ${host}y;", "f:1 set [\"$x\" \"${host}y\"]\n"},
		"lua": {"location / {\n content_by_lua_block {\n -- don't }\n local s = \"}\" --[[ } ' ]]\n local t = [[ } ]]\n f({1})\n }\n root /x;\n}",
			"f:1 location [\"/\"]\n  f:2 content_by_lua_block [\"\\n -- don't }\\n local s = \\\"}\\\" --[[ } ' ]]\\n local t = [[ } ]]\\n f({1})\\n \"]\n  f:8 root [\"/x\"]\n"},
		"lua glued":        {"content_by_lua_block{return 1}\nroot /x;", "f:1 content_by_lua_block [\"return 1\"]\nf:2 root [\"/x\"]\n"},
		"lua set":          {"set_by_lua_block $x { return {} }", "f:1 set_by_lua_block [\"$x\" \" return {} \"]\n"},
		"crlf":             {"root /x;\r\nindex a;\r\n", "f:1 root [\"/x\"]\nf:2 index [\"a\"]\n"},
		"many lines":       {"server_name\n a\n b;\nproxy_cache_valid\n  any\n  1m;", "f:1 server_name [\"a\" \"b\"]\nf:4 proxy_cache_valid [\"any\" \"1m\"]\n"},
		"comment in words": {"gzip_types a # b c;\n d;", "f:1 gzip_types [\"a\" \"d\"]\n"},
		"unknown module":   {"more_foo { bar 1; } baz;", "f:1 more_foo []\n  f:1 bar [\"1\"]\nf:1 baz []\n"},
	} {
		got := ParseText("f", c.in)
		if show(got.Root) != c.want || len(got.Errors) > 0 {
			t.Errorf("%s:\n%s%v\nwant\n%s", name, show(got.Root), texts(got), c.want)
		}
	}
}

func TestBroken(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
		has  string // a directive that must still be seen
	}{
		"missing brace":          {"http {\n server {\n  listen 80;\n", []string{`f:4: unexpected end of file, expecting "}"`}, "listen"},
		"brace too many":         {"http { server { } } }\nserver { listen 81; }\n", []string{`f:1: unexpected "}"`}, "listen"},
		"brace too many, nested": {"http {\n a {\n ;;\n }\n }\n}\nindex y;\n", []string{`f:3: unexpected ";"`, `f:6: unexpected "}"`}, "index"},
		"no semicolon":           {"server {\n listen 80\n server_name x;\n root /y;\n}", []string{`f:2: directive "listen" is not terminated by ";"`}, "server_name"},
		"no semicolon, counted":  {"proxy_set_header Host $host\nproxy_pass http://x;\n", []string{`f:1: directive "proxy_set_header" is not terminated by ";"`}, "proxy_pass"},
		"no semicolon, block":    {"server_name x\nlocation / {\n root /y;\n}", []string{`f:1: directive "server_name" is not terminated by ";"`}, "location"},
		"no semicolon, end":      {"server {\n root /y\n}\nuser x;", []string{`f:3: unexpected "}": directive "root" is not terminated by ";"`}, "user"},
		"no block":               {"server {\n location /;\n root /x;\n}", []string{`f:2: directive "location" has no opening "{"`}, "root"},
		"valid though odd":       {"server_name a\nroot /x;", nil, "server_name"},
		"open quote":             {"root \"/x;\nuser y;", []string{`f:1: unexpected end of file, expecting ";" or "}"`}, "root"},
		"end of file":            {"root /x", []string{`f:1: unexpected end of file, expecting ";" or "}"`}, "root"},
		"two at once":            {"server {\n root /x\n}\nserver {\n location /;\n}", []string{`f:3: unexpected "}": directive "root" is not terminated by ";"`, `f:5: directive "location" has no opening "{"`}, "root"},
	} {
		got := ParseText("f", c.in)
		if !slices.Equal(texts(got), c.want) {
			t.Errorf("%s: %q\nwant %q", name, texts(got), c.want)
		}
		if len(got.Root.All(c.has)) == 0 {
			t.Errorf("%s: lost %s\n%s", name, c.has, show(got.Root))
		}
	}
}

func TestIncludes(t *testing.T) {
	denied := fmt.Errorf("open: %w", fs.ErrPermission)
	c := Parse("/n/nginx.conf", "", refusing{disk{
		"/n/nginx.conf":    "include conf.d/*.conf;\nhttp { map $a $b { include m; }\n include gone;\n include secret; include nothing/*.x;\n include a.inc; }",
		"/n/conf.d/b.conf": "load_module b;", "/n/conf.d/a.conf": "load_module a;", "/n/conf.d/10.conf": "load_module 10;",
		"/n/m": "x 1;\ny 2;", "/n/a.inc": "include b.inc;", "/n/b.inc": "root /x; include a.inc; index z; }",
	}, "/n/secret", denied})
	var order []string
	for _, d := range c.Root.Find("load_module") {
		order = append(order, d.Arg(0))
	}
	if !slices.Equal(order, []string{"10", "a", "b"}) {
		t.Errorf("order %v", order)
	}
	want := []string{"/n/nginx.conf:3: read /n/gone: open /n/gone: file does not exist", "/n/nginx.conf:4: read /n/secret: open: permission denied",
		"/n/b.inc:1: include of /n/a.inc goes round in a circle", `/n/b.inc:1: unexpected "}"`}
	if !slices.Equal(texts(c), want) {
		t.Errorf("errors %q", texts(c))
	}
	if !errors.Is(c.Errors[1], fs.ErrPermission) {
		t.Error("lost the error of the source")
	}
	m := c.Root.All("map")[0]
	if len(m.Block) != 3 || m.Block[1].Name != "x" || m.Block[1].File != "/n/m" {
		t.Errorf("map\n%s", show(c.Root))
	}
	if len(c.Root.All("index")) != 1 {
		t.Error("lost what follows the circle")
	}
	if none := Parse("/n/none", "", disk{}); len(none.Errors) != 1 || !errors.Is(none.Errors[0], fs.ErrNotExist) {
		t.Errorf("main: %v", texts(none))
	}
}

type refusing struct {
	disk
	path string
	err  error
}

func (r refusing) Read(name string) ([]byte, error) {
	if name == r.path {
		return nil, r.err
	}
	return r.disk.Read(name)
}

// A file that includes two that each include two ... must end.
func TestIncludeBomb(t *testing.T) {
	d := disk{}
	for i := range 25 {
		d[fmt.Sprintf("/n/%d", i)] = fmt.Sprintf("include %d; include %d;", i+1, i+1)
	}
	d["/n/25"] = "root /x;"
	if c := Parse("/n/0", "", d); len(c.Errors) == 0 {
		t.Error("read it all")
	}
}

func TestBigFile(t *testing.T) {
	one := "server { listen 80; server_name a.example.com; location / { proxy_pass http://127.0.0.1:8000; } }\n"
	n := 1 << 20 / len(one)
	c := ParseText("f", strings.Repeat(one, n))
	if len(c.Errors) > 0 || len(c.Servers()) != n {
		t.Errorf("%d servers, %v", len(c.Servers()), texts(c))
	}
	if deep := ParseText("f", strings.Repeat("a{", 300_000)); len(deep.Errors) == 0 {
		t.Error("no bound on depth")
	}
	if bad := ParseText("f", strings.Repeat("}\n", 300_000)); len(bad.Errors) == 0 {
		t.Error("no errors")
	}
}
