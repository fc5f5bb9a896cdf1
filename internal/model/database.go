package model

import (
	"net"
	"strconv"

	"assay/internal/fact"
	"assay/internal/syntax/dsn"
)

// Store is the database that the app is told to use.
type Store struct {
	Kind   string // PostgreSQL, MySQL, SQLite ...
	Addr   string // 127.0.0.1:5432, a socket's path, a file
	Local  bool
	Listen fact.Of[*Listener]
	Dial   bool // it answered a connect
}

var storeKinds = map[string]string{"postgresql": "PostgreSQL", "postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}

// databaseVariables are where an app's database is told by custom; the value
// decides, so a wrong guess costs nothing.
var databaseVariables = []string{"DATABASE_URL", "SQLALCHEMY_DATABASE_URI", "FLASK_SQLALCHEMY_DATABASE_URI", "DATABASE_URI", "DB_URL", "POSTGRES_URL"}

func storeAddr(u dsn.DSN) string {
	switch {
	case u.Socket != "":
		return "unix:" + u.Socket
	case u.Host == "":
		return u.Path
	}
	return net.JoinHostPort(u.Host, strconv.Itoa(u.Port))
}

// database reads the app's database out of its environment.
func (b *builder) database(s *AppServer) fact.Of[*Store] {
	return fact.Bind(b.environment(s), func(env map[string]EnvValue) fact.Of[*Store] {
		for _, name := range databaseVariables {
			v, ok := env[name]
			if !ok {
				continue
			}
			u, err := dsn.Parse(v.Value)
			if err != nil {
				continue
			}
			st := &Store{Kind: storeKinds[u.Scheme], Addr: storeAddr(u), Local: u.Local()}
			if st.Kind == "" {
				st.Kind = u.Scheme
			}
			src := fact.Source{Where: v.File, Line: v.Line, Text: name + "=" + u.Scheme + " at " + st.Addr}
			if st.Local && u.Port != 0 && u.Socket == "" {
				st.Listen = b.either("127.0.0.1:"+strconv.Itoa(u.Port), "[::1]:"+strconv.Itoa(u.Port))
			}
			return fact.Known(st, src)
		}
		return fact.Absent[*Store]()
	})
}
