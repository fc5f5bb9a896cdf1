package assaytoml

// Kind is what a key holds.
type Kind string

// The kinds of values.
const (
	Text   Kind = "a string"
	Texts  Kind = "a list of strings"
	Number Kind = "a number"
	Day    Kind = "a date, as 2027-01-31"
	Truth  Kind = "true or false"
)

// Key is one thing that can be declared.
type Key struct {
	Name    string
	Kind    Kind
	Host    bool // a fact about the host: in the operator's file alone
	Says    string
	Example string // as it stands in the file
}

// Keys are what no tool can see from the host itself.
var Keys = []Key{
	{"domains", Texts, true, "Names that visitors type, where the web server lists none or not all.", `["shop.example.org"]`},
	{"addresses", Texts, true, "Public addresses that lead to this host without being its own: a load balancer's, a CDN's, those in front of a NAT.", `["198.51.100.7"]`},
	{"proxies", Number, true, "Trusted proxies in front of the web server that add to X-Forwarded-For: a load balancer and a CDN are two.", "1"},
	{"health", Text, false, "The path that monitoring and load balancers ask for.", `"/health"`},
	{"firewall", Text, true, "What filters packets before they reach this host, such as the provider's firewall.", `"security group web: 22 from the office, 80, 443"`},
	{"uptime", Text, false, "Who asks for the site from outside, and tells whom.", `"Pingdom, every minute, mail to ops"`},
	{"agent", Text, true, "What watches CPU, memory and disk where no agent of its own runs here.", `"the provider's graphs, alarm at 90 % disk"`},
	{"errors", Text, false, "Where the app's errors are collected, where that is not in the app.", `"log shipping to Loki, alert on ERROR"`},
	{"metrics", Text, false, "Where request rates and durations are measured, where that is not in the app.", `"the load balancer's dashboard"`},
	{"backups", Text, false, "What takes backups of the database and the uploads, where nothing on this host does.", `"snapshots of the provider, daily, 14 kept"`},
	{"off-site", Text, false, "Where copies of the backups lie, away from this host.", `"s3://shop-backups, copied by the backup host"`},
	{"restored", Day, false, "When a backup was last restored to see that it can be.", "2026-10-01"},
	{"runbook", Text, false, "Where it is written how this is operated.", `"git.example.org/ops/shop.md"`},
	{"rollback", Text, false, "How the release before is brought back. It is shown to people, and never run.", `"ln -sfn releases/PREVIOUS current; systemctl restart shop"`},
	{"contact", Text, false, "Who is called.", `"ops@example.org"`},
}

// SetupKeys are answers to what assay setup asks. Those that are the operator's to
// give (Host) reach beyond the app: a name is that of accounts and of paths that
// root writes; domains decide what else the web server answers to and what is asked
// of the DNS; an address makes an account at the certificate's authority; a file of
// variables is read as root, wherever it lies. What is left to the app's own files
// says how it is started and what it stands on, as its code and its requirements do.
var SetupKeys = []Key{
	{"name", Text, true, "Of the app's account, its folders and its units. Another app takes nothing from this table.", `"shop"`},
	{"entry", Text, false, "What is the app: MODULE:VARIABLE or MODULE:FUNCTION().", `"wsgi:app"`},
	{"domains", Texts, true, "Names that visitors type, the site's own first.", `["shop.example.org", "www.shop.example.org"]`},
	{"email", Text, true, "Whom the certificate's authority writes to.", `"ops@example.org"`},
	{"database", Text, false, "postgresql, sqlite or none.", `"postgresql"`},
	{"redis", Truth, false, "Whether the app gets a Redis.", "true"},
	{"env-file", Text, true, "A file of KEY=value lines for the app's environment.", `"/root/shop.env"`},
}

var waiverKeys = []Key{
	{"id", Text, false, "The check.", `"hdr.csp"`},
	{"scope", Text, false, "A deployment's name, host, or * for all; a subject may follow: shop|/admin/.", `"shop"`},
	{"reason", Text, false, "Why it is accepted.", `"the page builder needs inline scripts; ticket 4711"`},
	{"until", Day, false, "The last day on which it counts.", "2027-03-31"},
}

func names(keys []Key) []string {
	var out []string
	for _, k := range keys {
		out = append(out, k.Name)
	}
	return out
}

func find(keys []Key, name string) (Key, bool) {
	for _, k := range keys {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}
