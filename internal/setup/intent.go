// Package setup takes a bare host and a Flask app to a site over HTTPS: it reads
// the app and the machine, refuses what cannot come out well, and makes one plan,
// which package apply carries out.
package setup

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
)

// Store is what keeps the app's data.
type Store string

// The stores.
const (
	NoStore    Store = "none"
	SQLite     Store = "sqlite"
	PostgreSQL Store = "postgresql"
)

// Intent is what is wanted of a setup: read from the app, from flags and from
// answers.
type Intent struct {
	Name      string   // of the app on this host: its account, its folders, its units
	Source    string   // the folder that holds the app
	Entry     string   // "wsgi:app", "shop:create_app()"
	Domains   []string // the first one is the site's own
	Email     string   // who the certificate's authority writes to
	ACME      string   // an authority's directory; "" is Let's Encrypt
	Store     Store
	Redis     bool
	Env       map[string]string // variables that were given
	Health    string            // the path that says whether the app is well; "" where it has none
	Elsewhere bool              // the domains need not lead to this host yet
}

var (
	nameRule   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,24}$`)
	domainRule = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$`)
	entryRule  = regexp.MustCompile(`^[A-Za-z_][\w.]*:[A-Za-z_]\w*(\(\))?$`)
)

// taken are names that belong to somebody else on every host.
var taken = []string{"root", "daemon", "bin", "sys", "www-data", "nginx", "postgres", "redis", "mysql", "nobody", "backup", "ssh", "sshd", "systemd", "certbot", "ufw", "assay", "default", "reject"}

// Valid says what of an intent cannot be carried out.
func (i Intent) Valid() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !nameRule.MatchString(i.Name) || slices.Contains(taken, i.Name) {
		fault("--name %q: a name of small letters, digits and -, and not one of the system's own accounts", i.Name)
	}
	if len(i.Domains) == 0 {
		fault("--domain is missing: the name that visitors type")
	}
	for _, d := range i.Domains {
		if len(d) > 253 || !domainRule.MatchString(d) {
			fault("--domain %q: not the name of a site", d)
		}
	}
	if a, err := mail.ParseAddress(i.Email); err != nil || a.Address != i.Email || strings.HasPrefix(i.Email, "-") {
		fault("--email %q: the authority writes there when a certificate is about to end", i.Email)
	}
	if !entryRule.MatchString(i.Entry) {
		fault("--entry %q: MODULE:VARIABLE, or MODULE:FUNCTION()", i.Entry)
	}
	return Together(faults)
}

// Paths and names that follow from the app's own name.
func (i Intent) Lock(id string) string      { return i.conf() + "/requirements-" + id + ".txt" }
func (i Intent) sqlite() string             { return i.data() + "/" + i.Name + ".db" }
func (i Intent) config() string             { return i.conf() + "/gunicorn.conf.py" }
func (i Intent) Home() string               { return "/srv/" + i.Name }
func (i Intent) Releases() string           { return i.Home() + "/releases" }
func (i Intent) Release(id string) string   { return i.Releases() + "/" + id }
func (i Intent) Current() string            { return i.Home() + "/current" }
func (i Intent) Previous() string           { return i.Home() + "/previous" }
func (i Intent) Live() string               { return i.Home() + "/live.sock" }
func (i Intent) uploads() string            { return i.Home() + "/uploads" }
func (i Intent) data() string               { return i.Home() + "/data" }
func (i Intent) Run() string                { return "/run/" + i.Name }
func (i Intent) Socket(id string) string    { return i.Run() + "/" + id + ".sock" }
func (i Intent) conf() string               { return "/etc/" + i.Name }
func (i Intent) EnvFile() string            { return i.conf() + "/" + i.Name + ".env" }
func (i Intent) Template() string           { return i.Name + "@.service" }
func (i Intent) Unit(release string) string { return i.Name + "@" + release + ".service" }
