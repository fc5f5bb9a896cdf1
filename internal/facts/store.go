package facts

import (
	"cmp"
	"fmt"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// SQL is how a database answers a login by the app's own URL. table is Alembic's.
func (f *Facts) SQL(ref, table string, id tape.Identity) fact.Of[tape.SQLReply] {
	if table == tape.VersionTable {
		table = "" // one spelling, one ask
	}
	a := tape.Ask{Kind: tape.KindSQL, Name: ref, Arg: table, As: id.String()}
	return read(f, a, "login by the app's own URL", func(r tape.SQLReply) string {
		at := cmp.Or(r.Addr, r.Host)
		if r.Class != "" {
			return strings.TrimPrefix(at+": "+strings.TrimSpace(r.Code+" "+r.Error), ": ")
		}
		if r.Engine == "sqlite" {
			return cmp.Or(at, "in memory") + ": read"
		}
		return fmt.Sprintf("%s: connected in %s, SELECT 1 in %s", at, Micros(r.Connect), Micros(r.Select))
	})
}

// Redis is how a Redis answers a login by the app's own URL.
func (f *Facts) Redis(ref string, id tape.Identity) fact.Of[tape.RedisReply] {
	a := tape.Ask{Kind: tape.KindRedis, Name: ref, As: id.String()}
	return read(f, a, "login by the app's own URL", func(r tape.RedisReply) string {
		if r.Class != "" {
			return r.Addr + ": " + r.Error
		}
		return fmt.Sprintf("%s: connected in %s", r.Addr, Micros(r.Connect))
	})
}

// Micros says a time in milliseconds, or in tenths of one where it is short.
func Micros(us int64) string {
	if us < 10_000 {
		return fmt.Sprintf("%.1f ms", float64(us)/1000)
	}
	return fmt.Sprintf("%d ms", us/1000)
}
