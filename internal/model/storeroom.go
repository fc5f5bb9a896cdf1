package model

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Room is how many connections a server holds, and how many its files let it hold.
type Room struct{ Holds, May int }

// mysqlFiles are where Debian's packages read settings (MariaDB 10.11, 11.8; MySQL 8).
var mysqlFiles = []string{"/etc/my.cnf", "/etc/mysql/my.cnf", "/etc/mysql/conf.d/*.cnf", "/etc/mysql/mariadb.conf.d/*.cnf", "/etc/mysql/mysql.conf.d/*.cnf"}

// mysqlUsual is MySQL's and MariaDB's own max_connections.
const mysqlUsual = 151

// room compares a full MySQL with its files: a limit can also be set while it runs.
func (b *builder) room(st *Store) fact.Of[Room] {
	var n fact.Notes
	sql, _ := st.SQL.Look(&n)
	u, state := st.Unit.Look(&n)
	if state != fact.IsKnown || !u.Running() || u.MainPID == 0 || sql.Class != tape.StoreFull || st.Kind != "MySQL" && st.Kind != "MariaDB" {
		return fact.Absent[Room]()
	}
	may := mysqlUsual
	for _, pattern := range mysqlFiles {
		files, _ := b.f.Glob(pattern).Look(&n)
		for _, f := range files {
			text, _ := b.f.File(f).Look(&n)
			c := Conf{Path: f, Text: strings.ReplaceAll(text, "max-connections", "max_connections")}
			if v, set := c.Value("max_connections"); set {
				may, _ = strconv.Atoi(v)
			}
		}
	}
	if n.Blind() {
		return fact.Unknown[Room](n.Why())
	}
	return fact.Bind(b.f.Conns([]int{u.MainPID}), func(c tape.Conns) fact.Of[Room] {
		holds := 0
		for _, x := range c.List {
			if x.Proto == "unix" || strings.HasSuffix(x.Local, ":"+strconv.Itoa(st.Port)) {
				holds++
			}
		}
		src := fact.Source{Where: "connections of " + u.Name, Text: fmt.Sprintf("%d stand, and its files, in %s, allow %d", holds, path.Dir(mysqlFiles[1]), may)}
		return fact.Known(Room{Holds: holds, May: may}, src)
	})
}
