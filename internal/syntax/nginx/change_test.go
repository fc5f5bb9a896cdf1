package nginx

import (
	"strings"
	"testing"

	"assay/internal/syntax/edit"
)

const site = `# the shop
server {
    listen 80;  # plain
    server_name a.example
                b.example;

    location / { proxy_pass http://127.0.0.1:8000; }
	location /x {
		# kept
		proxy_pass "http://127.0.0.1:8000"; # why
	}
    location /y {
    }
}
`

// Each change touches its own lines, and what comes out is what nginx reads.
func TestChanges(t *testing.T) {
	c := ParseText("site", site)
	server := c.Root.Block[0]
	x := server.Block[3]
	for name, k := range map[string]struct {
		make func() (edit.Lines, bool)
		want string // the text with this in place of old
		old  string
	}{
		"replace":      {func() (edit.Lines, bool) { return server.Block[0].Replace("listen 80 default_server;") }, "listen 80 default_server;  # plain", "listen 80;  # plain"},
		"two lines":    {func() (edit.Lines, bool) { return server.Block[1].Replace("server_name c.example;") }, "server_name c.example;", "server_name a.example\n                b.example;"},
		"delete":       {func() (edit.Lines, bool) { return x.Block[0].Delete() }, "\t\t # why\n", "\t\tproxy_pass \"http://127.0.0.1:8000\"; # why\n"},
		"delete block": {func() (edit.Lines, bool) { return server.Block[4].Delete() }, "", "    location /y {\n    }\n"},
		"before":       {func() (edit.Lines, bool) { return x.Block[0].Before("proxy_set_header Host $host;") }, "\t\tproxy_set_header Host $host;\n\t\tproxy_pass", "\t\tproxy_pass"},
		"after":        {func() (edit.Lines, bool) { return x.Block[0].After("a b;", "c d;") }, "# why\n\t\ta b;\n\t\tc d;", "# why"},
		"inside":       {func() (edit.Lines, bool) { return server.Inside("gzip on;") }, "b.example;\n    gzip on;\n", "b.example;\n"},
		"inside empty": {func() (edit.Lines, bool) { return server.Block[4].Inside("gzip on;") }, "location /y {\n        gzip on;\n", "location /y {\n"},
	} {
		l, ok := k.make()
		if !ok {
			t.Errorf("%s: no place", name)
			continue
		}
		got, err := edit.Apply(site, []edit.Lines{l})
		if want := strings.Replace(site, k.old, k.want, 1); err != nil || got != want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
		if e := ParseText("site", got).Errors; len(e) > 0 {
			t.Errorf("%s: %v", name, e)
		}
	}
}

// What is not certain is left to a person.
func TestNoPlace(t *testing.T) {
	for name, text := range map[string]string{
		"two of one line":  "server { listen 80; listen 80; }",
		"Lua":              "server {\n listen 80;\n content_by_lua_block { x }\n}",
		"no closing brace": "server {\n listen 80;\n",
	} {
		d := ParseText("x", text).Root.All("listen")[0]
		if _, ok := d.Replace("listen 81;"); ok {
			t.Errorf("%s: changed", name)
		}
	}
	if _, ok := ParseText("x", site).Root.Block[0].Block[2].Inside("gzip on;"); ok {
		t.Error("a block of one line was changed")
	}
}
