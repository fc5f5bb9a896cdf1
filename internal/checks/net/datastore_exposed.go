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

// bindTo is how each datastore is told to listen on this machine alone.
var bindTo = map[string][]string{
	"PostgreSQL": {"# postgresql.conf", "listen_addresses = 'localhost'", "sudo systemctl restart postgresql"},
	"Redis":      {"# /etc/redis/redis.conf", "bind 127.0.0.1 -::1", "sudo systemctl restart redis-server"},
	"Valkey":     {"# /etc/valkey/valkey.conf", "bind 127.0.0.1 -::1", "sudo systemctl restart valkey-server"},
	"MySQL":      {"# mysqld.cnf", "bind-address = 127.0.0.1", "sudo systemctl restart mysql"},
	"MariaDB":    {"# 50-server.cnf", "bind-address = 127.0.0.1", "sudo systemctl restart mariadb"},
	"Memcached":  {"# /etc/memcached.conf", "-l 127.0.0.1", "-U 0", "sudo systemctl restart memcached"},
}

func storeExposed(h *check.Hearing, l *model.Listener) check.Verdict {
	cmds, ok := bindTo[l.Program]
	if !ok {
		cmds = []string{fmt.Sprintf("# bind %s to 127.0.0.1 in its configuration, and restart it", l.Program)}
	}
	return exposed(h, l, l.Program, check.Remedy{
		Do:       "Let it listen on this machine alone; from elsewhere go through a tunnel or a private network.",
		Commands: cmds,
		Verify:   fmt.Sprintf("sudo ss -lntu | grep :%d", l.Port),
		Minutes:  5,
	})
}
