//go:build real

package audit_test

import (
	"strings"
	"testing"
)

// What people declare: who may accept what, until when, and what is said of
// mistakes.
func TestDeclared(t *testing.T) {
	m := boot(t, "unix")
	const own = "contact = \"ops\"\n"
	m.sh("systemctl stop redis-server; sed -i 's/^Restart=.*//' /etc/systemd/system/shop.service; systemctl daemon-reload")
	waive := func(id, until string) string {
		return "\n[[waive]]\nid = \"" + id + "\"\nscope = \"shop\"\nreason = \"it is being moved\"\nuntil = " + until + "\n"
	}
	for _, c := range []struct {
		name, operator, app string
		exit                int
		says                string
	}{
		{"nothing", own, "", 1, "Redis does not run"},
		{"by the operator", own + waive("redis.reachable", "2099-01-31"), "", 0, "until 2099-01-31: it is being moved (/etc/assay/assay.toml:3)"},
		{"by the app", own, waive("redis.reachable", "2099-01-31"), 0, "(/srv/shop/app/assay.toml:2)"},
		{"ended", own + waive("redis.reachable", "2020-01-31"), "", 1, "the waiver of redis.reachable ended on 31 Jan 2020"},
		{"of nothing", own + waive("nginx.config.valid", "2099-01-31"), "", 1, "the waiver of nginx.config.valid for shop matches no finding"},
		{"a slip", "contakt = \"x\"\n" + own, "", 2, "/etc/assay/assay.toml:1:1: there is no key contakt; did you mean contact?"},
		{"no TOML", own + "\nuptime\n", "", 2, "/etc/assay/assay.toml:3:"},
		{"of the host, by the app", own, "proxies = 2\n", 2, "/srv/shop/app/assay.toml:1:1: proxies is a fact about the host"},
		{"a link to a secret", own, "@/etc/shadow", 1, "Redis does not run"},
	} {
		m.put("/etc/assay/assay.toml", c.operator)
		m.sh("rm -f /srv/shop/app/assay.toml; chown shop /srv/shop/app")
		if link, is := strings.CutPrefix(c.app, "@"); is {
			m.sh("ln -s " + link + " /srv/shop/app/assay.toml")
		} else if c.app != "" {
			m.put("/srv/shop/app/assay.toml", c.app)
		}
		r := m.assay("", "check", "--only", "redis,nginx")
		if strings.Contains(c.says, "matches") {
			r = m.assay("", "check")
		}
		if r.code != c.exit || !strings.Contains(strings.Join(strings.Fields(r.out), " "), c.says) {
			t.Errorf("%s: exit %d, want %d and %q\n%s", c.name, r.code, c.exit, c.says, r.out)
		}
		if strings.Contains(r.out, "root:") {
			t.Errorf("%s: what only root may read came out\n%s", c.name, r.out)
		}
	}
	if r := m.assay("", "config", "show"); r.code != 0 || !strings.Contains(r.out, "contact") {
		t.Errorf("config show: exit %d\n%s%s", r.code, r.out, r.err)
	}
}
