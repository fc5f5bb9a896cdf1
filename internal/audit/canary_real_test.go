//go:build real

package audit_test

import (
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The canaries: recognisable secrets, each for one place. One holds what URLs
// and quotes spell differently, one is short.
var canaries = map[string]string{
	"env file":    "canary-env-4f1d9b",
	"Environment": "canary-unit-77aa01",
	"DSN":         "canary/dsn:p@ss-93c2",
	"argv":        "canary-argv-e5b8",
	"config file": "canary-conf-0d3c6a",
	"quoted":      "canary it's \"quoted\"",
	"nginx":       "canary-nginx-5512ee",
	"short":       "Zq7x!w",
}

// A secret planted where secrets are kept never comes out: not in a report of
// any form, not in a recording, not in the model.
func TestSecretsNeverComeOut(t *testing.T) {
	m := boot(t, "unix")
	c := canaries
	dsn := "postgresql://shop:" + url.QueryEscape(c["DSN"]) + "@127.0.0.1:5432/shop"
	m.put("/etc/shop/shop.env", "SECRET_KEY="+c["env file"]+"\nDATABASE_URL="+dsn+"\nSMTP_PASS=\"canary it's \\\"quoted\\\"\"\nADMIN_PIN_TOKEN="+c["short"]+"\nREDIS_URL=redis://127.0.0.1:6379/0\nUPLOAD_FOLDER=/srv/shop/uploads\n")
	m.put("/srv/shop/app/gunicorn.conf.py", "API_TOKEN = '"+c["config file"]+"'\nraw_env = ['STRIPE_SECRET="+c["config file"]+"']\nworkers = 2\n")
	m.put("/etc/nginx/conf.d/secret.conf", "map $http_x_api_key $known { default 0; }\n# proxy token="+c["nginx"]+"\n")
	// The app prints every one of them while it starts, as a traceback does, and fails.
	m.put("/srv/shop/app/leak.py", `
import os, sys, base64, urllib.parse
secrets = [os.environ["SECRET_KEY"], os.environ["SMTP_PASS"], os.environ["MAIL_PASSWORD"], urllib.parse.unquote_plus(os.environ["DATABASE_URL"].split(":", 2)[2].split("@127")[0])]
for s in secrets:
    for form in (s, repr(s), urllib.parse.quote(s), urllib.parse.quote_plus(s), base64.b64encode(s.encode()).decode(), base64.urlsafe_b64encode(s.encode()).decode()):
        print("KeyError:", form, file=sys.stderr, flush=True)
print(f"settings: ADMIN_PIN_TOKEN={os.environ['ADMIN_PIN_TOKEN']} argv={sys.argv}", file=sys.stderr, flush=True)
raise RuntimeError("cannot connect to " + os.environ["DATABASE_URL"])
app = None
`)
	m.put("/etc/systemd/system/shop.service.d/way.conf", "[Service]\nEnvironment=MAIL_PASSWORD="+c["Environment"]+"\nExecStart=\n"+
		"ExecStart=/srv/shop/venv/bin/gunicorn --env API_SECRET="+c["argv"]+" "+bindings+" leak:app\n")
	m.sh("systemctl daemon-reload; systemctl restart shop || true; nginx -s reload; sleep 2")
	m.silentOf("a failing app")

	// Alive: environment and argv as they are in the process.
	m.put("/srv/shop/app/leak.py", `
import os, sys
def app(environ, start):
    start("500 INTERNAL SERVER ERROR", [("Content-Type", "text/plain"), ("Set-Cookie", "session=" + os.environ["SECRET_KEY"])])
    print("Traceback: DATABASE_URL=" + os.environ["DATABASE_URL"], file=sys.stderr, flush=True)
    return [("debug: " + repr(dict(os.environ))).encode()]
`)
	m.sh("systemctl reset-failed shop; systemctl restart shop;" + untilServed)
	p := m.silentOf("a live app")
	if len(p.found()) == 0 && !strings.Contains(p.out, "500") {
		t.Error("the app that says all its secrets was not seen")
	}
}

// silentOf demands that no canary is in anything that comes out.
func (m *machine) silentOf(state string) page {
	m.t.Helper()
	out := map[string]string{}
	for _, args := range []string{"check", "check --verbose", "check --format json --verbose", "model", "model --format json", "record /root/canary.tape", "collect", "check --tape /root/canary.tape --verbose", "model --tape /root/canary.tape"} {
		r := m.assay("", strings.Fields(args)...)
		if r.code == 2 {
			m.t.Fatalf("assay %s: %s", args, r.err)
		}
		out["assay "+args] = r.out + r.err
	}
	raw, err := os.ReadFile(filepath.Join(m.Root(), "root/canary.tape"))
	if err != nil {
		m.t.Fatal(err)
	}
	out["the recording"] = string(raw)
	if !strings.Contains(string(raw), "[masked:") || !strings.Contains(string(raw), "SMTP_PASS") {
		m.t.Error("the places with the secrets were not read, so this proves nothing")
	}
	for where, text := range out {
		for place, secret := range canaries {
			python := strings.ReplaceAll(url.QueryEscape(secret), "%2F", "/")
			for _, form := range []string{secret, strings.ReplaceAll(secret, `"`, `\"`), strings.ReplaceAll(secret, `"`, `\\\"`), strings.ReplaceAll(secret, `'`, `\'`), url.QueryEscape(secret), url.PathEscape(secret),
				python, strings.ReplaceAll(python, "+", "%20"), base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)), strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "=")} {
				if i := strings.Index(text, form); i >= 0 {
					m.t.Errorf("%s: %s says the secret of the %s: …%s…", state, where, place, text[max(0, i-80):min(len(text), i+60)])
					break
				}
			}
		}
	}
	return m.look("")
}
