package setup

import (
	"fmt"
	"slices"
	"strings"
)

const acmeFolder = "/var/www/acme"

// plainSite is what serves until there is a certificate, and forwards to HTTPS
// after that.
func (i Intent) plainSite() string {
	return fmt.Sprintf(`server {
    listen 80;
    listen [::]:80;
    server_name %s;

    # The certificate's authority asks here.
    location /.well-known/acme-challenge/ {
        root %s;
    }

    location / {
        return 301 https://$host$request_uri;
    }
}
`, strings.Join(i.Domains, " "), acmeFolder)
}

func (i Intent) tlsSite(a App, m Machine) string {
	listen := "    listen 443 ssl http2;\n    listen [::]:443 ssl http2;\n"
	if m.modern() {
		listen = "    listen 443 ssl;\n    listen [::]:443 ssl;\n    http2 on;\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `
server {
%[1]s    server_name %[2]s;

    ssl_certificate /etc/letsencrypt/live/%[3]s/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/%[3]s/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:%[4]s:10m;
    ssl_session_tickets off;

    server_tokens off;
%[5]s    gzip on;
    gzip_vary on;
    gzip_types text/css application/javascript text/javascript image/svg+xml application/json;
`, listen, strings.Join(i.Domains, " "), i.Domains[0], i.Name, headers("    ", a.Sets))
	fmt.Fprintf(&b, "\n    # %s\n    client_max_body_size %s;\n", i.bodyWhy(a), size(i.maxBody(a)))
	if a.Static != "" {
		fmt.Fprintf(&b, `
    location /static/ {
        alias %s/%s/;
        # The names stay when the files change: an hour.
        expires 1h;
%s    }
`, i.Current(), a.Static, ownFiles(a))
	}
	if i.hasUploads(a) {
		fmt.Fprintf(&b, `
    # What visitors brought is shown, and never run as a page of this site.
    location /uploads/ {
        alias %s/;
        expires 7d;
%s        add_header Content-Security-Policy "sandbox; default-src 'none'" always;
    }
`, i.uploads(), headers("        ", nil))
	}
	if a.Metrics != "" {
		fmt.Fprintf(&b, `
    # For a collector on this host.
    location = %s {
        allow 127.0.0.1;
        allow ::1;
        deny all;
        include snippets/%s-proxy.conf;
        proxy_pass http://unix:%s;
    }
`, a.Metrics, i.Name, i.Live())
	}
	fmt.Fprintf(&b, `
    location / {
        include snippets/%s-proxy.conf;
        proxy_pass http://unix:%s;
    }
}
`, i.Name, i.Live())
	return b.String()
}

// headers are those that every answer has, but for what the app sets.
func headers(indent string, sets []string) string {
	out := ""
	for n, line := range []string{`add_header Strict-Transport-Security "max-age=31536000" always;`, "add_header X-Content-Type-Options nosniff always;"} {
		if !slices.Contains(sets, ownHeaders[n]) {
			out += indent + line + "\n"
		}
	}
	return out
}

// ownFiles are the headers of files that nginx serves by itself, where the app's
// answers have theirs from the app. A location with one add_header inherits none.
func ownFiles(a App) string {
	if len(a.Sets) == 0 {
		return ""
	}
	return headers("        ", nil)
}

func (i Intent) maxBody(a App) int64 {
	if a.MaxBody > 0 {
		return a.MaxBody
	}
	return 10 << 20
}

func (i Intent) bodyWhy(a App) string {
	if a.MaxBody > 0 {
		return "The app's own limit (MAX_CONTENT_LENGTH)."
	}
	return "The app sets no limit of its own."
}

// size in nginx's units, rounded up to the next.
func size(n int64) string {
	switch {
	case n%(1<<20) == 0:
		return fmt.Sprintf("%dm", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%dk", n>>10)
	}
	return fmt.Sprint(n)
}

// proxy tells the app what the visitor asked for, and gives up a little later than
// gunicorn's own timeout does.
const proxy = `proxy_set_header Host $host;
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Host $host;
proxy_connect_timeout 5s;
# gunicorn ends a request after 30 s.
proxy_read_timeout 35s;
`
