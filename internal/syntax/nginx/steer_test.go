package nginx

import "testing"

func TestChoices(t *testing.T) {
	other := "server { listen 80 default_server; server_name _; return 444; }\n"
	for _, c := range []struct{ name, http, server, want string }{
		{"argument", "", "location /f { proxy_pass $arg_url; }", "$arg_url host"},
		{"argument as host", "", "location /f { proxy_pass http://$arg_h/x; }", "$arg_h host"},
		{"header by set", "", "location /f { set $a $http_x_to; set $b $a; proxy_pass http://$b; }", "$http_x_to host"},
		{"set over", "", "location /f { set $a $http_x_to; set $a 127.0.0.1; proxy_pass http://$a; }", ""},
		{"set in if", "", "location /f { set $a 127.0.0.1; if ($arg_h) { set $a $arg_h; } proxy_pass http://$a; }", "$arg_h host"},
		{"set of server", "", "set $up http://127.0.0.1:8000; location / { proxy_pass $up; }", ""},
		{"capture", "", "location ~ ^/p/(.+)$ { proxy_pass http://$1; }", "$1 host"},
		{"capture of two", "", "location ~ ^/p/(eu|us)/ { proxy_pass http://$1.example.com; }", ""},
		{"label of the operator's", "", "location ~ ^/t/([a-z0-9-]+)/ { proxy_pass http://$1.internal:8000; }", ""},
		{"capture with a dot", "", "location ~ ^/t/([a-z0-9.-]+) { proxy_pass http://$1:8000; }", "$1 host"},
		{"suffix behind any", "", "location ~ ^/t/(.*)$ { proxy_pass http://$1.internal; }", "$1 host"},
		{"glued", "", "location ~ ^/t/(.*)$ { proxy_pass http://shop.example$1; }", "$1 host"},
		{"path", "", "location ~ ^/t/(.*)$ { proxy_pass http://shop.example/$1; }", ""},
		{"request_uri", "", "location /a { proxy_pass http://127.0.0.1:8000$request_uri; }", ""},
		{"uri as host", "", "location /a { proxy_pass http:/$uri; }", ""},
		{"port", "", "location /a { proxy_pass http://127.0.0.1:$arg_p; }", "$arg_p port"},
		{"two ports", "", "location ~ ^/p(8001|8002)/ { proxy_pass http://127.0.0.1:$1; }", ""},
		{"socket", "", "location ~ ^/s/(.+)$ { proxy_pass http://unix:/run/$1.sock; }", "$1 socket"},
		{"socket by word", "", `location ~ ^/s/(\w+)$ { proxy_pass http://unix:/run/$1.sock; }`, ""},
		{"host, named block", "", "location / { proxy_pass http://$host:81; }", ""},
		{"http_host, named block", "", "location / { proxy_pass http://$http_host; }", "$http_host host"},
		{"map with a list", "map $arg_t $up { default 127.0.0.1:8000; b 127.0.0.1:8001; }", "location / { proxy_pass http://$up; }", ""},
		{"map that repeats", "map $arg_t $up { default $arg_t; '' 127.0.0.1; }", "location / { proxy_pass http://$up; }", "$arg_t host"},
		{"map that tests", `map $arg_t $up { default 127.0.0.1; ~^[a-z]+\.shop\.example$ $arg_t; }`, "location / { proxy_pass http://$up; }", ""},
		{"map with a capture", "map $arg_t $up { default 127.0.0.1; ~^to-(?<h>.+)$ $h; }", "location / { proxy_pass http://$up; }", "$h host"},
		{"map with an open key", "map $arg_t $up { default 127.0.0.1; ~shop $arg_t; }", "location / { proxy_pass http://$up; }", "$arg_t host"},
		{"test that ends", "", `location / { if ($arg_t !~ "^(a|b)\.shop\.example$") { return 403; } proxy_pass http://$arg_t; }`, ""},
		{"test on the copy", "", `location / { set $t $arg_t; if ($t !~ "^(a|b)\.shop\.example$") { return 403; } proxy_pass http://$t; }`, ""},
		{"test of the end alone", "", `location / { if ($arg_t !~ "\.shop\.example$") { return 403; } proxy_pass http://$arg_t; }`, "$arg_t host"},
		{"test that lets pass", "", `location / { if ($arg_t ~ "^[0-9.]+$") { proxy_pass http://$arg_t; } }`, "$arg_t host"},
		{"named group", "", "location ~ ^/x/(?<h>[^/]+) { proxy_pass http://$h; }", "$h host"},
		{"rewrite", "", "location /x { rewrite ^/x/(.*)$ /y break; proxy_pass http://$1; }", "$1 host"},
		{"split", "split_clients $remote_addr $up { 50% 127.0.0.1:1; * 127.0.0.1:2; }", "location / { proxy_pass http://$up; }", ""},
		{"unknown", "", "location / { proxy_pass http://$by_lua; }", "?"},
		{"unknown path", "", "location / { proxy_pass http://a.example/$by_lua; }", ""},
	} {
		cfg := ParseText("x", "http {\n"+c.http+other+"server { listen 80; server_name shop.example; "+c.server+" } }")
		pass := cfg.Root.All("proxy_pass")[0]
		got, doubt := cfg.Choices(pass)
		say := ""
		if len(got) > 0 {
			say = got[0].From + " " + got[0].What
		} else if doubt != "" {
			say = "?"
		}
		if say != c.want {
			t.Errorf("%s: %q, want %q", c.name, say, c.want)
		}
	}
}
