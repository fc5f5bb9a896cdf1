package host

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/syntax/dsn"
	"assay/internal/tape"

	"github.com/jackc/pgx/v5/pgconn"
)

// libpqKeys are the options of a URL that decide where and how to log in. The
// others (keepalives, pools) do not, and pgx would send them to the server as
// settings of the session.
var libpqKeys = []string{"host", "port", "dbname", "user", "password", "passfile", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslpassword",
	"sslsni", "sslnegotiation", "target_session_attrs", "service", "channel_binding", "require_auth", "options"}

// postgresConfig gives pgx what the URL says, in libpq's own form.
func postgresConfig(l dsn.Login) (*pgconn.Config, error) {
	set := map[string][]string{}
	put := func(k, v string) {
		if v != "" {
			set[k] = []string{v}
		}
	}
	for _, p := range l.Query {
		k := p[0]
		if k == "ssl" && l.Driver == "asyncpg" {
			k = "sslmode"
		}
		if !slices.Contains(libpqKeys, k) {
			continue
		}
		if k == "host" { // SQLAlchemy: host=a:1&host=b:2
			host, port, has := strings.Cut(p[1], ":")
			if has && !strings.HasPrefix(p[1], "/") {
				set["port"] = append(set["port"], port)
			}
			set[k] = append(set[k], host)
			continue
		}
		set[k] = []string{p[1]}
	}
	put("host", unescapedSocket(l.Host))
	put("port", l.Port)
	put("user", l.User)
	put("password", l.Password)
	put("dbname", l.Database)
	var b strings.Builder
	for k, v := range set {
		b.WriteString(k + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(strings.Join(v, ",")) + "' ")
	}
	c, err := pgconn.ParseConfig(b.String())
	if err != nil {
		return nil, err
	}
	c.RuntimeParams["application_name"] = "assay"
	c.MaxProtocolMessageBodyLen = 1 << 20
	return c, nil
}

// rootless: libpq takes the system's authorities only when it is told to
// (sslrootcert=system, PostgreSQL 16), and otherwise needs a file to verify
// with; pgx takes them always.
func rootless(l dsn.Login) string {
	if !strings.HasPrefix(sslMode(l), "verify-") || cmp.Or(l.Get("sslrootcert"), os.Getenv("PGSSLROOTCERT")) != "" || strings.HasPrefix(cmp.Or(l.Host, l.Get("host"), "/"), "/") {
		return ""
	}
	file := path.Join(os.Getenv("HOME"), ".postgresql/root.crt")
	if _, err := os.Stat(file); err == nil {
		return ""
	}
	return file
}

func sslMode(l dsn.Login) string { return cmp.Or(l.Get("sslmode"), os.Getenv("PGSSLMODE")) }

func demandsTLS(l dsn.Login) bool {
	mode := sslMode(l)
	return mode == "require" || strings.HasPrefix(mode, "verify-")
}

// unescapedSocket: libpq decodes %2Frun%2Fpg in place of a host.
func unescapedSocket(host string) string {
	if strings.HasPrefix(strings.ToLower(host), "%2f") {
		return strings.NewReplacer("%2F", "/", "%2f", "/").Replace(host)
	}
	return host
}

func askPostgreSQL(ctx context.Context, l dsn.Login, table string) (any, error) {
	r := tape.SQLReply{Engine: "postgresql", Driver: l.Driver, Host: l.Host}
	c, err := postgresConfig(l)
	if err != nil {
		r.Class, r.Error = configTrouble(err, l)
		return r, nil
	}
	if missing := rootless(l); missing != "" {
		r.Class, r.Error = tape.StoreTLS, "root certificate file "+missing+" does not exist"
		return r, nil
	}
	d := &dialler{}
	c.DialFunc, c.ConnectTimeout = d.dial, 0
	r.User, r.Database = c.User, c.Database
	began := time.Now()
	conn, err := pgconn.ConnectConfig(ctx, c)
	r.Addr = d.shown()
	if err != nil {
		return r, postgresTrouble(ctx, d, &r, err, l)
	}
	defer conn.Close(ctx)
	r.Connect, r.Server = micros(began), conn.ParameterStatus("server_version")
	_, r.TLS = conn.Conn().(*tls.Conn)
	began = time.Now()
	ask := func(text string) ([][]string, error) { return postgresAsk(ctx, conn, text) }
	if _, err = ask("SELECT 1"); err == nil {
		r.Select = micros(began)
		err = questions(&r, "postgresql", table, `"`, ask)
	}
	if err != nil {
		return r, postgresTrouble(ctx, d, &r, err, l)
	}
	return r, nil
}

// postgresAsk gives one query in a transaction of its own, so that a refusal
// ends nothing else.
func postgresAsk(ctx context.Context, conn *pgconn.PgConn, text string) ([][]string, error) {
	all, err := conn.Exec(ctx, strings.Join(append(tape.Setup("postgresql"), text, "ROLLBACK"), "; ")).ReadAll()
	if err != nil {
		var said *pgconn.PgError
		if errors.As(err, &said) && !conn.IsClosed() {
			_, err = conn.Exec(ctx, "ROLLBACK").ReadAll()
			if err == nil {
				return nil, saidNo(said.Code + " " + said.Message)
			}
		}
		return nil, err
	}
	var out [][]string
	for _, row := range all[len(all)-2].Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = brief(string(v))
		}
		out = append(out, cells)
	}
	return out, nil
}

// configTrouble is about what stands in the URL, or in a file that it names.
func configTrouble(err error, l dsn.Login) (class, text string) {
	s := err.Error()
	if strings.Contains(s, "TLS") {
		return tape.StoreTLS, brief(afterLast(strings.TrimSuffix(s, ")"), "failed to configure TLS ("), l.Password)
	}
	if strings.Contains(s, "invalid port") {
		return tape.StoreURL, "the port is not a number"
	}
	return tape.StoreURL, "an option cannot be understood"
}

// postgresTrouble sorts why there is no connection by the server's own code.
func postgresTrouble(ctx context.Context, d *dialler, r *tape.SQLReply, err error, l dsn.Login) error {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		r.Code, r.Error = said.Code, brief(said.Message, l.Password)
		r.Class = postgresClass(said)
		return nil
	}
	s := err.Error()
	switch {
	case strings.Contains(s, "GSS") || strings.Contains(s, "OAUTH") || strings.Contains(s, "kerberos"):
		return errCannot("the server wants a login that we do not know: " + brief(afterLast(s, ": "), l.Password))
	case strings.Contains(s, "server refused TLS connection") && demandsTLS(l):
		r.Class, r.Error = tape.StoreTLS, "the server does not offer TLS, and the URL demands it"
	case strings.Contains(s, "read only connection"), strings.Contains(s, "ValidateConnect"):
		r.Class, r.Error = tape.StoreOther, "no host is what target_session_attrs demands"
	default:
		r.Class, r.Error = d.storeTrouble(ctx, err)
		if r.Class == "" {
			r.Class, r.Error = tape.StoreGarbled, "what answers does not speak PostgreSQL's protocol"
		}
	}
	return nil
}

// postgresClass: PostgreSQL 9.6 to 18, appendix A of its manual.
func postgresClass(e *pgconn.PgError) string {
	switch {
	case e.Code == "28P01":
		return tape.StoreAuth
	case e.Code == "28000" && strings.Contains(e.Message, "pg_hba.conf"):
		return tape.StoreRule
	case e.Code == "28000" && strings.HasPrefix(e.Message, "Peer authentication"):
		return tape.StorePeer
	case e.Code == "28000" && strings.Contains(e.Message, "does not exist"):
		return tape.StoreRole
	case e.Code == "28000":
		return tape.StoreAuth
	case e.Code == "3D000", e.Code == "42501":
		return tape.StoreNoDatabase
	case e.Code == "53300":
		return tape.StoreFull
	case e.Code == "57P03", e.Code == "57P01", e.Code == "57P02":
		return tape.StoreStarting
	}
	return tape.StoreOther
}
