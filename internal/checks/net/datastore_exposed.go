package net

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "net.datastore-exposed",
	Title:    "no database or cache is open to the world",
	Severity: check.Critical,
	Stage:    model.StageFirewall,
	Guide:    "000 step 21: internal services are not publicly reachable",
	Why:      "It is the fault that is exploited most: a Redis without a password is remote code execution, a PostgreSQL is tried with passwords all day.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Datastores, storeExposed),
})

// bindTo is where Debian's packages keep a datastore's settings, and how it is
// told to listen on this machine alone.
var bindTo = map[string][2]string{
	"PostgreSQL": {"", "listen_addresses = 'localhost'"},
	"Redis":      {"/etc/redis/redis.conf", "bind 127.0.0.1 -::1"},
	"Valkey":     {"/etc/valkey/valkey.conf", "bind 127.0.0.1 -::1"},
	"MySQL":      {"/etc/mysql/mysql.conf.d/mysqld.cnf", "bind-address = 127.0.0.1"},
	"MariaDB":    {"/etc/mysql/mariadb.conf.d/50-server.cnf", "bind-address = 127.0.0.1"},
	"Memcached":  {"/etc/memcached.conf", "-l 127.0.0.1\n-U 0"},
}

func storeExposed(h *check.Hearing, x *model.Exposure) check.Verdict {
	r := check.Remedy{
		Do:      "Let it listen on this machine alone; from elsewhere go through a tunnel or a private network.",
		Verify:  fmt.Sprintf("sudo ss -lntu 'sport = :%d'", x.Port),
		Minutes: 5,
	}
	at, ok := bindTo[x.Program]
	file, to := at[0], at[1]
	switch {
	case !ok:
		r.Commands = []string{fmt.Sprintf("# bind %s to 127.0.0.1 in its configuration", x.Program)}
	case x.Program == "PostgreSQL":
		// conf.d and ALTER SYSTEM win over postgresql.conf: the server knows the line.
		r.Commands = []string{fmt.Sprintf("sudo -u postgres psql -p %d -c \"SELECT sourcefile, sourceline, setting FROM pg_settings WHERE name = 'listen_addresses'\"", x.Port), "# in that line:", to}
	case file != "":
		r.Commands = []string{"# " + file, to}
	default:
		r.Commands = []string{"# in its configuration", to}
	}
	if u := x.Unit(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return exposed(h, x, x.Program, r)
}
