package dsn

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"postgresql+psycopg2://u:Pl4nted@DB.local:5433/app?sslmode=require": "postgresql+psycopg2 u true db.local:5433 app  map[sslmode:require]",
		"postgres://u:p@h/app":                              "postgresql+ u true h:5432 app  map[]",
		"postgresql://u:Pl4n@t#e/d?x@h:1/app":               "postgresql+ u true h:1 app  map[]",
		"postgresql://u:p%40q@h/a%20b":                      "postgresql+ u true h:5432 a b  map[]",
		"postgresql:///app":                                 "postgresql+ u? false :5432 app /var/run/postgresql/.s.PGSQL.5432 map[]",
		"postgresql://u@/app?host=/run/pg&port=5434":        "postgresql+ u false :5434 app /run/pg/.s.PGSQL.5434 map[host:/run/pg port:5434]",
		"postgresql://%2Frun%2Fpg/app":                      "postgresql+  false :5432 app /run/pg/.s.PGSQL.5432 map[]",
		"postgresql://h/app?user=u&password=Pl4nted":        "postgresql+ u true h:5432 app  map[]",
		"postgresql://u:p@[::1]:5432/app":                   "postgresql+ u true ::1:5432 app  map[]",
		"mysql+pymysql://u:p@h/app?charset=utf8mb4":         "mysql+pymysql u true h:3306 app  map[charset:utf8mb4]",
		"mysql://u:p@/app?unix_socket=/run/m.sock":          "mysql+ u true :0 app /run/m.sock map[unix_socket:/run/m.sock]",
		"mysql://u@/app":                                    "mysql+ u false localhost:3306 app  map[]",
		"sqlite:///app.db":                                  "sqlite+  false :0 app.db  map[]",
		"sqlite:////srv/app.db":                             "sqlite+  false :0 /srv/app.db  map[]",
		"sqlite://":                                         "sqlite+  false :0   map[] memory",
		"sqlite:///:memory:":                                "sqlite+  false :0   map[] memory",
		"redis://localhost":                                 "redis+  false localhost:6379 0  map[]",
		"redis://:Pl4nted@h:6380/2":                         "redis+  true h:6380 2  map[]",
		"rediss://u:p@h/1?ssl_cert_reqs=none":               "rediss+ u true h:6379 1  map[ssl_cert_reqs:none] tls",
		"redis+socket:///run/r.sock?virtual_host=3":         "redis+socket  false :0 3 /run/r.sock map[virtual_host:3]",
		"unix://:Pl4nted@/run/r.sock?db=1":                  "redis+socket  true :0 1 /run/r.sock map[db:1]",
		"amqps://u:p@h/vh":                                  "amqps+ u true h:5671 vh  map[] tls",
		"postgresql://h/app?application_name=a@b":           "postgresql+  false h:5432 app  map[application_name:a@b]",
		"postgresql://u:p@h/app?application_name=a@b":       "postgresql+ u true h:5432 app  map[application_name:a@b]",
		"postgresql://a:1,b:2/app?target_session_attrs=any": "postgresql+  false a:1 app  map[target_session_attrs:any]",
	} {
		d, err := Parse(in)
		got := fmt.Sprintf("%s+%s %s %v %s:%d %s %s %v", d.Scheme, d.Driver, d.User, d.HasPassword, d.Host, d.Port, d.Path, d.Socket, d.Query)
		if d.Memory {
			got += " memory"
		}
		if d.TLS {
			got += " tls"
		}
		if got != strings.Replace(want, " u? ", "  ", 1) || err != nil {
			t.Errorf("%s:\n %s\nwant %s %v", in, got, want, err)
		}
		if strings.Contains(fmt.Sprintf("%+v", d), "Pl4n") {
			t.Errorf("%s: kept the password", in)
		}
	}
	for _, in := range []string{"", "h:5432", "postgresql:/h", "postgresql://u:p@h:x/app", "://h"} {
		if d, err := Parse(in); err == nil || strings.Contains(err.Error(), "p@") {
			t.Errorf("%s: %+v %v", in, d, err)
		}
	}
	if GivenScheme("Postgres://x") != "postgres" || GivenScheme("x") != "" {
		t.Error("GivenScheme")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"postgresql://u:p@h/app", "a://@", "a://[", "a://[::1", "sqlite:///?", "unix://", "redis+socket://@/", "mysql://?unix_socket=/", "a+://:@:@/?@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if err == nil && d.Port > 65535 {
			t.Fatal(d)
		}
		d.Local()
	})
}

// Whatever stands between the first ":" and the last "@" never comes out.
func FuzzPassword(f *testing.F) {
	for _, s := range []string{"p", "a@b", "a/b", "a?b=c", "#", "a@b/c?d=e", "%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse("postgresql://user:Xq7" + s + "Zk9@db.local/app")
		if out := fmt.Sprintf("%+v %v", d, err); strings.Contains(out, "Xq7") || strings.Contains(out, "Zk9") {
			t.Errorf("%q: %s", s, out)
		}
	})
}
