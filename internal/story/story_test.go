package story

import (
	"flag"
	"os"
	"strings"
	"testing"

	"assay/internal/check"
	"assay/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

const told = `nginx passes requests to an address; when nobody listens there, each of them
is answered with 502 Bad Gateway.

The address stands in two files that nothing keeps equal: the proxy_pass of
the site, and the --bind of the service.

- a socket that was renamed in one of them
- a service that does not run

    proxy_pass http://unix:/run/shop/gunicorn.sock;

-- bad/break.sh --
#!/bin/sh
set -eu
# the site points at yesterday's socket
sed -i 's,/run/shop/gunicorn.sock,/run/shop.sock,' /etc/nginx/sites-enabled/shop
systemctl reload nginx
-- bad/want --
fail critical shop nginx passes / to /run/shop.sock, where nobody listens
-- bad-host/break.sh --
systemctl stop shop
-- bad-host/on --
tcp
-- bad-host/want --
warn high host nobody listens on 127.0.0.1:8000
-- good/break.sh --
ln -s gunicorn.sock /run/shop/other.sock
-- good-as-is/on --
tcp
`

func TestParse(t *testing.T) {
	s, err := Parse("nginx.proxy.upstream", []byte(told))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Cases) != 4 || !strings.HasPrefix(s.Prose, "nginx passes") {
		t.Fatalf("got %+v", s)
	}
	w := s.Cases[1].Want[0]
	if w.Deployment != "" || w.Severity != check.High || w.Status != check.Warn || w.Summary != "nobody listens on 127.0.0.1:8000" {
		t.Errorf("got %+v", w)
	}
	if got := w.String(); got != "warn high host nobody listens on 127.0.0.1:8000" {
		t.Errorf("String() = %q", got)
	}
	if s.Cases[0].On != Unix || s.Cases[1].On != "tcp" || s.Cases[3].Break != "" {
		t.Errorf("got %+v", s.Cases)
	}
}

func TestStrict(t *testing.T) {
	bad, good := "-- bad/break.sh --\nrm x\n-- bad/want --\nfail high shop gone\n", "-- good/break.sh --\ntrue\n"
	for want, text := range map[string]string{
		"no prose":                         bad + good,
		"no good case":                     "why\n" + bad,
		"no bad case":                      "why\n" + good,
		"bad/want is missing":              "why\n-- bad/break.sh --\nrm x\n" + good,
		"bad/break.sh is missing":          "why\n-- bad/want --\nfail high shop gone\n" + good,
		"unknown file":                     "why\n" + bad + good + "-- good/brake.sh --\nx\n",
		"a case is called":                 "why\n" + bad + good + "-- fine/on --\ntcp\n",
		"stands in it twice":               "why\n" + bad + good + good,
		"stays silent":                     "why\n" + bad + good + "-- good/want --\nfail high shop x\n",
		`line 1: status "broken"`:          "why\n-- bad/break.sh --\nx\n-- bad/want --\nbroken high shop gone\n" + good,
		`line 2: severity "grave"`:         "why\n-- bad/break.sh --\nx\n-- bad/want --\n\nfail grave shop gone\n" + good,
		"want: status severity":            "why\n-- bad/break.sh --\nx\n-- bad/want --\nfail high shop\n" + good,
		"otherwise are deep, and page URL": "why\n" + bad + good + "-- good/visit --\nslow\n",
		"want the name of one host":        "why\n" + bad + good + "-- good/on --\na b\n",
		"empty; without":                   "why\n" + bad + "-- good/break.sh --\n\n",
	} {
		_, err := Parse("x.y", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestPage(t *testing.T) {
	s, err := Parse("nginx.proxy.upstream", []byte(told))
	if err != nil {
		t.Fatal(err)
	}
	c := check.Check{ID: "nginx.proxy.upstream", Title: "nginx passes requests to a socket on which the app listens",
		Severity: check.Critical, Breaks: true, Cure: check.OnHost, Guide: "000 step 7", Formerly: []string{"nginx.upstream"}}
	got := Page(c, s, report.TextOptions{Width: 80})
	if *update {
		if err := os.WriteFile("testdata/page.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/page.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("testdata/page.txt differs:\n%s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(told))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("x.y", data)
		if err == nil {
			Page(check.Check{ID: "x.y"}, s, report.TextOptions{})
		}
	})
}
