// Package checks is the list of families.
package checks

import (
	"assay/internal/check"
	"assay/internal/checks/backup"
	"assay/internal/checks/cache"
	"assay/internal/checks/db"
	"assay/internal/checks/dns"
	"assay/internal/checks/flask"
	"assay/internal/checks/gunicorn"
	"assay/internal/checks/hdr"
	"assay/internal/checks/health"
	"assay/internal/checks/host"
	"assay/internal/checks/log"
	"assay/internal/checks/metrics"
	"assay/internal/checks/mon"
	"assay/internal/checks/net"
	"assay/internal/checks/nginx"
	"assay/internal/checks/ops"
	"assay/internal/checks/python"
	"assay/internal/checks/redis"
	"assay/internal/checks/secret"
	"assay/internal/checks/sentry"
	"assay/internal/checks/static"
	"assay/internal/checks/systemd"
	"assay/internal/checks/tls"
	"assay/internal/checks/upload"
)

// All families, in the order of the request's way.
func All() []*check.Family {
	return []*check.Family{
		dns.Family, net.Family, tls.Family, nginx.Family, hdr.Family, static.Family, upload.Family, gunicorn.Family, health.Family, metrics.Family, log.Family, systemd.Family, host.Family, flask.Family, cache.Family, db.Family, redis.Family, secret.Family, sentry.Family, python.Family, backup.Family, mon.Family, ops.Family,
	}
}

// Find is the check with this id, under its present or a former name.
func Find(id string) (check.Check, *check.Family, bool) {
	for _, f := range All() {
		for _, c := range f.Checks() {
			if c.ID == id {
				return c, f, true
			}
			for _, old := range c.Formerly {
				if old == id {
					return c, f, true
				}
			}
		}
	}
	return check.Check{}, nil, false
}
