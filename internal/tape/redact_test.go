package tape

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// The canary in every place where a secret is kept or may be printed again.
func TestRedactLeavesNoCanary(t *testing.T) {
	const canary = "Kan4rie'n\"Vogel&<x>\\y"
	body := func(s string) Answer { return Answer{Status: Seen, Body: s} }
	tp := &Tape{}
	tp.Put(Ask{Kind: KindEnviron, Name: "7"}, Encode([]string{"PATH=/usr/bin", "SECRET_KEY=" + canary}))
	tp.Put(Ask{Kind: KindCommand, Name: "journal", Arg: "x"}, Encode(map[string]string{"MESSAGE": "boot with " + canary}))
	tp.Put(Ask{Kind: KindFile, Name: "/var/log/x"}, body("raw "+canary+" and url "+"Kan4rie%27n%22Vogel%26%3Cx%3E%5Cy"))
	tp.Put(Ask{Kind: KindFile, Name: "/b64"}, body("S2FuNHJpZSduIlZvZ2VsJjx4Plx5"))
	tp.Redact([]byte("k"))
	for _, a := range tp.Asks() {
		v, _ := tp.Get(a)
		for _, part := range []string{"Kan4rie", "S2FuNHJp"} {
			if strings.Contains(v.Body, part) {
				t.Errorf("%s: %s", a, v.Body)
			}
		}
	}
}

func TestRedactByPlace(t *testing.T) {
	for _, c := range []struct{ name, body, gone, stays string }{
		{"env file", "SECRET_KEY=hunter2\nFLASK_DEBUG=0\n", "hunter2", "FLASK_DEBUG=0"},
		{"env file with blanks", "DB_PASSWORD = \"two words\"\n", "two words", "DB_PASSWORD"},
		{"unit", "[Service]\nEnvironment=\"SECRET_KEY=abc def\" \"PORT=80\"\n", "abc def", "PORT=80"},
		{"python", "SECRET_KEY = 'dev'\nDEBUG = False\n", "'dev'", "DEBUG = False"},
		{"dsn", "DATABASE_URL=postgresql://shop:s3cr@t@127.0.0.1:5432/shop\n", "s3cr", "@127.0.0.1:5432/shop"},
		{"short dsn", "redis://:pw@localhost:6379/0", ":pw@", "localhost:6379/0"},
		{"option", "gunicorn --db-password hunter22 --workers 2", "hunter22", "--workers 2"},
		{"argv", `["gunicorn","--token","tok-12345","wsgi:app"]`, "tok-12345", "wsgi:app"},
		{"cookie", `{"header":[["Set-Cookie","session=eyJhbGciOi.abc; Path=/"]]}`, "eyJhbGciOi", "Path=/"},
		{"short cookie", `{"header":[["Set-Cookie","sid=a1b2; HttpOnly; SameSite=Lax"]]}`, "a1b2", "; HttpOnly; SameSite=Lax"},
		{"quoted cookie", `{"header":[["Set-Cookie","sid=\"a1b2\\054c3d4e5\"; Secure"]]}`, "c3d4e5", `\"; Secure`},
		{"a cookie that is called a token", `{"header":[["Set-Cookie","remember_token=1|8f3a9c; Secure; Path=/"]]}`, "8f3a9c", "remember_token=[masked"},
		{"its attributes", `{"header":[["Set-Cookie","remember_token=1|8f3a9c; Secure; Path=/"]]}`, "8f3a9c", "; Secure; Path=/"},
		{"a cookie that is taken back", `{"header":[["Set-Cookie","remember_token=; Max-Age=0; Path=/"]]}`, "[masked", "remember_token=; Max-Age=0"},
		{"a cookie's word elsewhere", `{"header":[["Set-Cookie","consent=disabled; Path=/"],["X-State","disabled"]]}`, "consent=disabled", `"X-State","disabled"`},
		{"key", "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n", "MIIEvQ", ""},
		{"unit, unquoted", "Environment=MAIL_PASSWORD=hunter22 PORT=80\n", "hunter22", "PORT=80"},
		{"config of Flask", "app.config[\"SECRET_KEY\"] = \"abc12\"\n", "abc12", "app.config"},
		{"fallback", "os.environ.get('SECRET_KEY', 'abc12')\n", "abc12", "os.environ"},
		{"annotated", "SECRET_KEY: str = b'abc12'\n", "abc12", "SECRET_KEY"},
		{"short, in a line of the journal", `{"MESSAGE":"settings: PIN_TOKEN=abc12 argv"}` + "\n", "abc12", " argv"},
		{"short, in a page of JSON", `{"body":"{\"pin_token\": \"abc12\", \"n\": 1}"}` + "\n", "abc12", `\"n\": 1`},
		{"short, before an escaped end of line", `{"body":"PIN_TOKEN=abc12\nA=1"}` + "\n", "abc12", `\nA=1`},
		{"quotes in quotes", "SMTP_PASSWORD=\"it's \\\"so\\\" long\"\nlog: KeyError: 'it\\'s \"so\" long'\n", "so", "KeyError"},
		{"Python's quote", "SECRET_KEY=a/b c:d@e\nlog a/b%20c%3Ad%40e and a%2fb%20c%3ad%40e\n", "b%20c", " and "},
		{"pass", "DB_PASS=hunter22\nMYSQL_PWD=hunter22\nPWD=/srv/shop\n", "hunter22", "PWD=/srv/shop"},
		{"key of something", "FERNET_KEY=hunter22\nCACHE_KEY=front\n", "hunter22", "CACHE_KEY=front"},
		{"nginx's pass is none", "proxy_pass=http://127.0.0.1:8000\n", "[masked", "proxy_pass=http://127.0.0.1:8000"},
		{"a hyphen in a word is no option", `["SECRET_KEY=replace-with-real-secret","DATABASE_URL=postgresql://u:pw@localhost/db"]`, "real-secret", "@localhost/db"},
		{"a path is none", "SECRET_KEY_FILE=/run/secrets/key\n", "[masked", "/run/secrets/key"},
	} {
		tp := &Tape{}
		a := Ask{Kind: KindFile, Name: "/f"}
		tp.Put(a, Answer{Status: Seen, Body: c.body})
		tp.Redact([]byte("k"))
		v, _ := tp.Get(a)
		if strings.Contains(v.Body, c.gone) || !strings.Contains(v.Body, c.stays) {
			t.Errorf("%s: %q", c.name, v.Body)
		}
		once := v.Body
		tp.Redact([]byte("other"))
		if v, _ := tp.Get(a); v.Body != once {
			t.Errorf("%s: a second pass changed it: %q", c.name, v.Body)
		}
	}
}

func TestRedactSaysEqualAndDefault(t *testing.T) {
	tp := &Tape{}
	tp.Put(Ask{Kind: KindFile, Name: "/a"}, Answer{Status: Seen, Body: "SECRET_KEY=changeme\n"})
	tp.Put(Ask{Kind: KindFile, Name: "/b"}, Answer{Status: Seen, Body: "JWT_SECRET=changeme\n"})
	tp.Redact([]byte("k"))
	a, _ := tp.Get(Ask{Kind: KindFile, Name: "/a"})
	b, _ := tp.Get(Ask{Kind: KindFile, Name: "/b"})
	if !strings.Contains(a.Body, "[masked:8:default:") || strings.TrimPrefix(a.Body, "SECRET_KEY=") != strings.TrimPrefix(b.Body, "JWT_SECRET=") {
		t.Errorf("%q %q", a.Body, b.Body)
	}
}

// A secret within a longer text in base64 begins at any of three places.
func TestRedactInsideBase64(t *testing.T) {
	for before := range 4 {
		tp := &Tape{}
		tp.Put(Ask{Kind: KindFile, Name: "/a"}, Answer{Status: Seen, Body: "SECRET_KEY=hunter2hunter2\n"})
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("u", before) + "hunter2hunter2:more"))
		tp.Put(Ask{Kind: KindFile, Name: "/b"}, Answer{Status: Seen, Body: "header " + text + "\n"})
		tp.Redact([]byte("k"))
		if b, _ := tp.Get(Ask{Kind: KindFile, Name: "/b"}); !strings.Contains(b.Body, "[masked:14:") {
			t.Errorf("%d before it: %q", before, b.Body)
		}
	}
}

// BenchmarkRedactLongLines: a line of twice the length must cost twice as much,
// not four times (x-twice-as-long is the worst of the lines).
func BenchmarkRedactLongLines(b *testing.B) {
	redact := func(piece string, size int) time.Duration {
		tp := &Tape{}
		tp.Put(Ask{Kind: KindFile, Name: "/a"}, Answer{Status: Seen, Body: "key " + strings.Repeat(piece, size/len(piece))})
		began := time.Now()
		tp.Redact([]byte("k"))
		return time.Since(began)
	}
	worst := 0.0
	for b.Loop() {
		for _, piece := range []string{"a=", "token=", `token="`, `a="b`, `\`, "token: x = "} {
			once, twice := redact(piece, MaxFile/4), redact(piece, MaxFile/2)
			worst = max(worst, float64(twice)/float64(once))
		}
	}
	b.ReportMetric(worst, "x-twice-as-long")
}

func TestRedactKnowsNamesFromHeaders(t *testing.T) {
	tp := &Tape{}
	tp.Put(Ask{Kind: KindLeaks, Name: "/srv/shop"}, Encode(LeakReport{Secrets: []string{"SECRET_KEY", "JWT_SECRET_KEY"}}))
	tp.Put(Ask{Kind: KindApp, Name: "pid 7"}, Encode(App{Config: []AppSetting{{Key: "JWT_SECRET_KEY"}}}))
	tp.Redact([]byte("k"))
	for _, a := range tp.Asks() {
		if v, _ := tp.Get(a); !strings.Contains(v.Body, "JWT_SECRET_KEY") {
			t.Errorf("%s: %s", a, v.Body)
		}
	}
}
