package assaytoml

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const good = `
domains = ["shop.example.org",
  "www.example.org"] # both
proxies = 1
off-site = "the other house"
restored = 2026-10-01

[deployment.shop]
health = "/health"
"uptime" = 'every minute'

[[waive]]
id = "hdr.csp"
scope = "shop"
reason = "inline scripts"
until = 2027-03-31

[[waive]]
id = "tls.ciphers"
scope = "*"
reason = "an old till"
until = 2027-01-01
`

func TestWhatIsDeclared(t *testing.T) {
	f := Parse(good, Operator)
	if len(f.Troubles) > 0 {
		t.Fatal(f.Troubles)
	}
	if v := f.Values["domains"]; v.Line != 2 || strings.Join(v.Texts, " ") != "shop.example.org www.example.org" {
		t.Errorf("domains: %+v", v)
	}
	if v := f.Values["proxies"]; v.Number != 1 || v.Line != 4 || v.Raw != "1" {
		t.Errorf("proxies: %+v", v)
	}
	if v := f.Values["restored"]; !v.Day.Equal(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("restored: %+v", v)
	}
	if v := f.Of["shop"]["uptime"]; v.Text != "every minute" || v.Line != 10 {
		t.Errorf("uptime: %+v", v)
	}
	if len(f.Waivers) != 2 || f.Waivers[1].ID != "tls.ciphers" || f.Waivers[1].Line != 18 || f.Waivers[0].Scope != "shop" {
		t.Errorf("waivers: %+v", f.Waivers)
	}
}

func TestTheSameInOtherForms(t *testing.T) {
	for name, text := range map[string]string{
		"inline":  `deployment.shop = {health = "/health"}` + "\n" + `waive = [{id = "hdr.csp", scope = "shop", reason = "x", until = 2027-03-31}]`,
		"dotted":  "deployment.shop.health = '/health'\n[[waive]]\nid = 'hdr.csp'\nscope = 'shop'\nreason = 'x'\nuntil = 2027-03-31",
		"crlf":    "[deployment.shop]\r\nhealth = '/health'\r\n[[waive]]\r\nid = 'hdr.csp'\r\nscope = 'shop'\r\nreason = 'x'\r\nuntil = 2027-03-31\r\n",
		"escaped": "[deployment.\"sh\\u006fp\"]\nhealth = \"/\\u0068ealth\"\n[[waive]]\nid = 'hdr.csp'\nscope = 'shop'\nreason = 'x'\nuntil = 2027-03-31",
	} {
		f := Parse(text, Operator)
		if len(f.Troubles) > 0 || f.Of["shop"]["health"].Text != "/health" || len(f.Waivers) != 1 || f.Waivers[0].ID != "hdr.csp" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestTheAppsOwnFiles(t *testing.T) {
	f := Parse("[project]\nname = 'shop'\n[tool.ruff]\nwhatever = 1\n[tool.assay]\nhealth = '/health'\n[[tool.assay.waive]]\nid = 'hdr.csp'\nreason = 'x'\nuntil = 2027-03-31\n", Project)
	if len(f.Troubles) > 0 || f.Values["health"].Line != 6 || len(f.Waivers) != 1 {
		t.Errorf("%+v", f)
	}
}

func TestAnswersToSetup(t *testing.T) {
	f := Parse("[setup]\nname = 'shop'\ndomains = ['shop.example']\nredis = false\n[deployment.club.setup]\ndomains = ['club.example']\n", Operator)
	if v, ok := f.Setup["redis"]; len(f.Troubles) > 0 || f.Setup["name"].Text != "shop" || !ok || v.Truth || v.Line != 4 || f.SetupOf["club"]["domains"].Texts[0] != "club.example" {
		t.Errorf("%+v", f)
	}
	if len(f.Values)+len(f.Of) > 0 { // a deployment that is not there yet is no stranger
		t.Errorf("%+v", f)
	}
	f = Parse("[tool.assay.setup]\nentry = 'a:app'\ndatabase = 'none'\nredis = true\n", Project)
	if len(f.Troubles) > 0 || f.Setup["entry"].Text != "a:app" || !f.Setup["redis"].Truth {
		t.Errorf("%+v", f)
	}
}

// Each fault is one line: where it is, what is wrong, what is right.
func TestWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		place      Place
		text, want string
	}{
		{Operator, "\nproxis = 1\n", "2:1 there is no key proxis; did you mean proxies?"},
		{Operator, "zebra = 1\n", "1:1 there is no key zebra; the keys are domains, addresses, proxies, health, firewall, uptime, agent, errors, metrics, backups, off-site, restored, runbook, rollback, contact, deployment, setup, waive"},
		{App, "proxies = 1\n", "1:1 proxies is a fact about the host; only /etc/assay/assay.toml may say it"},
		{App, "[deployment.other]\nhealth = '/'\n", "1:2 there is no key deployment; the keys are domains, addresses, proxies, health, firewall, uptime, agent, errors, metrics, backups, off-site, restored, runbook, rollback, contact, setup, waive"},
		{Operator, "proxies = '1'\n", "1:1 proxies is a string; want a number; as: proxies = 1"},
		{Operator, "proxies = 12\n", "1:1 proxies is 12; want 0 to 9; as: proxies = 1"},
		{Operator, "health = true\n", "1:1 health is true or false; want a string; as: health = \"/health\""},
		{Operator, "health = 'health'\n", "1:1 health is \"health\"; want a path, which begins with /; as: health = \"/health\""},
		{Operator, "domains = ['https://shop.example.org']\n", "1:1 domains holds \"https://shop.example.org\", which is no host name (no scheme, port or path; xn-- for other letters); as: domains = [\"shop.example.org\"]"},
		{Operator, "domains = []\n", "1:1 domains holds 0; want 1 to 100; as: domains = [\"shop.example.org\"]"},
		{Operator, "addresses = ['1.2.3']\n", "1:1 addresses holds \"1.2.3\", which is no IP address; as: addresses = [\"198.51.100.7\"]"},
		{Operator, "uptime = \"\"\n", "1:1 uptime is empty; as: uptime = \"Pingdom, every minute, mail to ops\""},
		{Operator, "restored = 2026-02-31\n", "1:20 impossible date; nothing of the file counts until it is TOML"},
		{Operator, "[uptime]\nby = 'x'\n", "1:2 uptime is a table; want a string; as: uptime = \"Pingdom, every minute, mail to ops\""},
		{Operator, "[waive]\nid = 'x'\n", "2:1 waive is one table; each waiver is a table of its own, with double brackets: [[waive]]"},
		{Operator, "[[waive]]\nid = 'hdr.csp'\nscope = 'shop'\n", "1:1 a waiver without reason, until counts for nothing; add: reason = \"the page builder needs inline scripts; ticket 4711\""},
		{Operator, "[[waive]]\nid = 'hdr.csp'\nscope = 'shop'\nreason = 'x'\nuntill = 2027-01-01\n", "5:1 there is no key untill; did you mean until?"},
		{Operator, "[[waive]]\nid = 'hdr.csp'\nscope = 'shop'\nreason = 'x'\nuntil = '2027-01-01'\n", "5:1 until is a string; want a date, as 2027-01-31; as: until = 2027-03-31"},
		{Operator, "[setup]\ndomain = ['shop.example']\n", "2:1 there is no key domain; did you mean domains?"},
		{Operator, "setup = 1\n", "1:1 setup is a number; want a table; as: [setup]"},
		{Operator, "[setup]\nredis = 'no'\n", "2:1 redis is a string; want true or false; as: redis = true"},
		{Operator, "[setup]\ndatabase = 'mysql'\n", "2:1 database is \"mysql\"; want postgresql, sqlite or none; as: database = \"postgresql\""},
		{Operator, "[setup]\nenv-file = 'shop.env'\n", "2:1 env-file is \"shop.env\"; want a path, which begins with /; as: env-file = \"/root/shop.env\""},
		{Operator, "[deployment.club.setup]\nname = 'x'\n", "2:1 there is no key name; the keys are entry, domains, email, database, redis, env-file"},
		{App, "[setup]\nentry = 'a:app'\nname = 'cron'\n", "3:1 name reaches beyond the app; only /etc/assay/assay.toml may say it"},
		{Project, "[tool.assay.setup]\nenv-file = '/etc/shadow'\n", "2:1 env-file reaches beyond the app; only /etc/assay/assay.toml may say it"},
		{App, "[setup]\ndomains = ['a.example']\nemail = 'a@b'\n", "2:1 domains reaches beyond the app; only /etc/assay/assay.toml may say it | 3:1 email reaches beyond the app; only /etc/assay/assay.toml may say it"},
		{Operator, "health = '/a'\nhealth = '/b'\n", "2:1 key health is already defined; nothing of the file counts until it is TOML"},
		{Operator, "health = \n", "1:10 unexpected character U+000A at start of value; nothing of the file counts until it is TOML"},
	} {
		var got []string
		for _, x := range Parse(c.text, c.place).Troubles {
			got = append(got, fmt.Sprintf("%d:%d %s; %s", x.Line, x.Col, x.Text, x.Hint))
		}
		if all := strings.Join(got, " | "); all != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.text, all, c.want)
		}
	}
}

// One line that is wrong keeps no other from counting.
func TestTheRestCounts(t *testing.T) {
	f := Parse("proxis = 2\nhealth = '/health'\n[[waive]]\nid = 'a'\n[[waive]]\nid = 'b'\nscope = '*'\nreason = 'x'\nuntil = 2027-01-01\n", Operator)
	if f.Values["health"].Text != "/health" || len(f.Waivers) != 1 || f.Waivers[0].ID != "b" || len(f.Troubles) != 2 {
		t.Errorf("%+v", f)
	}
}

// Whatever somebody writes is read or complained about.
func TestAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`(\[{0,2}(waive|deployment|setup|tool)(\.[a-z"]{1,4})?\]{0,2}\n?|(id|waive|health|domains|deployment\.x) = ("a"|1|\{id = 1\}|\[\{\}\]|\[1, "b"\]|2027-01-01)\n){0,5}`)).Draw(t, "text")
		for p := Operator; p <= Project; p++ {
			for _, x := range Parse(text, p).Troubles {
				if x.Text == "" || x.Line < 1 {
					t.Fatalf("%q: %+v", text, x)
				}
			}
		}
	})
}
