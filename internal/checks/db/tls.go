package db

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "db.tls",
	Title:    "what goes to a database on another machine is encrypted",
	Severity: check.High,
	Stage:    model.StageData,
	Guide:    "000 step 10: the database connection",
	Why:      "Whoever is on the way reads every query and every answer, and may change them.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Databases, databaseTLS),
})

func databaseTLS(h *check.Hearing, s *model.Store) check.Verdict {
	if s.Kind == "SQLite" || s.Local || strings.HasPrefix(s.Addr, "unix:") {
		return check.DoesNotApply("it is on this host")
	}
	r, ok := s.SQL.Open(h)
	if !ok || r.Class != "" {
		return check.DoesNotApply("the server does not take the app's login: see db.connects")
	}
	far, _ := s.Far.Open(h)
	if s.Engine == nil || s.Engine.Connect == nil {
		if far == model.Here {
			return check.DoesNotApply("it is on this host")
		}
		return check.CannotTell("how the app's driver is told to encrypt", "let assay load the app: sudo assay check")
	}
	plain, verified, told := encryption(s.Engine.Driver, s.Engine.Connect, r.TLS)
	if told == "" {
		return check.CannotTell("whether the driver "+s.Engine.Driver+" encrypts", "")
	}
	h.Saw(s.Told, fact.Source{Where: s.Told.Where, Text: told, Ask: s.Told.Ask})
	rem := check.Remedy{
		Do:       "Demand TLS and check whose certificate it is, with the authority's certificate that the database's provider gives out.",
		Commands: []string{"# at the end of DATABASE_URL", "?sslmode=verify-full&sslrootcert=/etc/ssl/certs/db-ca.pem"},
		Minutes:  30, Verify: "sudo assay check --only db.tls",
	}
	if s.Kind != "PostgreSQL" {
		rem.Commands = []string{`SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"ssl": {"ca": "/etc/ssl/certs/db-ca.pem"}}}`}
	}
	if u := s.Server.UnitName(); u != "" {
		rem.Commands = append(rem.Commands, "sudo systemctl restart "+u)
	}
	switch {
	case far == model.Here, far == model.Tunnel:
		return check.DoesNotApply("the way does not leave this host, or is a tunnel")
	case plain && far == model.Away:
		return check.Failed(fmt.Sprintf("the app speaks to %s in plain text, over public addresses (%s)", s.At(), told), rem)
	case plain:
		return check.Warned(fmt.Sprintf("the app speaks to %s in plain text (%s)", s.At(), told), rem).
			Because("Whoever is on that network reads every query and every answer. Where the network itself encrypts (WireGuard, IPsec) it does not matter.")
	case far == model.Away && !verified:
		return check.Warned(fmt.Sprintf("the connection to %s is encrypted, and nobody checks with whom (%s)", s.At(), told), rem)
	}
	return check.Passed()
}

// encryption is what a driver makes of its options (libpq 9.1 to 17, PyMySQL
// 1.0): libpq takes TLS where it is offered unless it is told otherwise, PyMySQL
// only when it is told to. tls: our own login, with the options of the URL, got it.
func encryption(driver string, c map[string]string, tls bool) (plain, verified bool, told string) {
	switch {
	case strings.HasPrefix(driver, "psycopg"):
		mode := c["sslmode"]
		told = "sslmode is not set"
		if mode != "" {
			told = "sslmode=" + mode
		}
		demanded := mode == "require" || strings.HasPrefix(mode, "verify-")
		if !demanded && mode != "disable" && !tls {
			told += ", and the server does not offer TLS or is not asked for it"
		}
		return mode == "disable" || !demanded && !tls, strings.HasPrefix(mode, "verify-") || mode == "require" && c["sslrootcert"] != "", told
	case driver == "pymysql":
		asked := c["ssl"] != "" && c["ssl"] != "False" || c["ssl_ca"] != "" || c["ssl_verify_cert"] != ""
		if !asked || c["ssl_disabled"] == "True" {
			return true, false, "PyMySQL is given no ssl option"
		}
		return false, c["ssl_ca"] != "" || strings.Contains(c["ssl"], "ca") || c["ssl"] == "SSLContext", "PyMySQL is given ssl options"
	}
	return false, false, ""
}
