package host

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"assay/internal/syntax/dsn"
	"assay/internal/tape"

	"github.com/go-sql-driver/mysql"
)

// mysqlSocket is where Debian's libraries look when the host is "localhost".
const mysqlSocket = "/run/mysqld/mysqld.sock"

// mysqlConfig follows the drivers of Python: libmysqlclient (mysqldb, the
// default of mysql://) takes "localhost" for the socket, PyMySQL and the others
// for TCP. None of them uses TLS before it is told to.
func mysqlConfig(l dsn.Login) (*mysql.Config, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName = l.User, l.Password, l.Database
	c.MaxAllowedPacket, c.Logger = 1<<20, &mysql.NopLogger{}
	c.Net, c.Addr = "tcp", net.JoinHostPort(cmp.Or(l.Host, "localhost"), cmp.Or(l.Port, "3306"))
	socket := cmp.Or(l.Get("unix_socket"), l.Get("read_default_socket"))
	byLibrary := l.Driver == "" || l.Driver == "mysqldb" || l.Driver == "mariadbconnector"
	if socket == "" && byLibrary && (l.Host == "" || l.Host == "localhost") {
		socket = mysqlSocket
	}
	if socket != "" {
		c.Net, c.Addr = "unix", socket
		return c, nil
	}
	if l.Port != "" {
		if n, err := strconv.Atoi(l.Port); err != nil || n < 1 || n > 65535 {
			return nil, errors.New("the port is not a number")
		}
	}
	return c, mysqlTLS(c, l)
}

func mysqlTLS(c *mysql.Config, l dsn.Login) error {
	ca, cert, key := l.Get("ssl_ca"), l.Get("ssl_cert"), l.Get("ssl_key")
	if ca == "" && cert == "" && l.Get("ssl") != "true" && l.Get("ssl_mode") == "" {
		return nil
	}
	t := &tls.Config{InsecureSkipVerify: true}
	if ca != "" {
		b, err := os.ReadFile(ca)
		if err != nil {
			return fmt.Errorf("read %s: %s", ca, cause(err))
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(b) {
			return fmt.Errorf("%s holds no certificate", ca)
		}
		t.InsecureSkipVerify = l.Get("ssl_check_hostname") == "false" || l.Get("ssl_verify_cert") == "false"
		t.ServerName = l.Host
	}
	if cert != "" && key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return fmt.Errorf("read %s and its key: %s", cert, cause(err))
		}
		t.Certificates = []tls.Certificate{pair}
	}
	c.TLS = t
	return nil
}

func askMySQL(ctx context.Context, l dsn.Login, table string) (any, error) {
	r := tape.SQLReply{Engine: l.Engine, Driver: l.Driver, Host: l.Host, User: l.User, Database: l.Database}
	c, err := mysqlConfig(l)
	if err != nil {
		r.Class, r.Error = tape.StoreURL, brief(err.Error(), l.Password)
		if strings.Contains(r.Error, "/") {
			r.Class = tape.StoreTLS
		}
		return r, nil
	}
	d := &dialler{}
	c.DialFunc = d.dial
	k, err := mysql.NewConnector(c)
	if err != nil {
		r.Class, r.Error = tape.StoreURL, "an option cannot be understood"
		return r, nil
	}
	began := time.Now()
	conn, err := k.Connect(ctx)
	r.Addr = d.shown()
	if err != nil {
		return r, mysqlTrouble(ctx, d, &r, err, l.Password)
	}
	defer conn.Close()
	r.Connect, r.TLS = micros(began), c.TLS != nil
	ask := func(text string) ([][]string, error) { return mysqlAsk(ctx, conn, text) }
	began = time.Now()
	if _, err = ask("SELECT 1"); err == nil {
		r.Select = micros(began)
		for _, s := range tape.Setup("mysql") { // MySQL knows one limit, MariaDB the other
			_, _ = ask(s)
		}
		err = questions(&r, "mysql", table, "`", ask)
		r.Server = strings.TrimSpace(r.Cell("limits", "version") + " " + r.Cell("limits", "version_comment"))
		if strings.Contains(r.Server, "MariaDB") {
			r.Engine = "mariadb"
		}
	}
	if err != nil {
		return r, mysqlTrouble(ctx, d, &r, err, l.Password)
	}
	return r, nil
}

func mysqlAsk(ctx context.Context, conn driver.Conn, text string) ([][]string, error) {
	q, ok := conn.(driver.QueryerContext)
	if !ok {
		return nil, errors.New("the driver takes no queries")
	}
	rows, err := q.QueryContext(ctx, text, nil)
	if err != nil {
		var said *mysql.MySQLError
		if errors.As(err, &said) {
			return nil, saidNo(fmt.Sprintf("%d %s", said.Number, said.Message))
		}
		return nil, err
	}
	defer rows.Close()
	var out [][]string
	cells := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(cells); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		row := make([]string, len(cells))
		for i, v := range cells {
			switch v := v.(type) {
			case nil:
			case []byte:
				row[i] = brief(string(v))
			default:
				row[i] = brief(fmt.Sprint(v))
			}
		}
		out = append(out, row)
	}
}

func mysqlTrouble(ctx context.Context, d *dialler, r *tape.SQLReply, err error, password string) error {
	var said *mysql.MySQLError
	var refused saidNo
	switch {
	case errors.As(err, &said):
		words, _, _ := strings.Cut(said.Message, " (using password:") // it reads as if one followed
		r.Code, r.Error = strconv.Itoa(int(said.Number)), brief(words, password)
		r.Class = mysqlClass(said.Number, said.Message)
	case errors.As(err, &refused):
		r.Class, r.Error = tape.StoreOther, brief(string(refused), password)
	case errors.Is(err, mysql.ErrUnknownPlugin), errors.Is(err, mysql.ErrOldPassword), errors.Is(err, mysql.ErrCleartextPassword):
		return errCannot("the server wants a login that we do not know")
	case errors.Is(err, mysql.ErrNoTLS):
		r.Class, r.Error = tape.StoreTLS, "the server does not offer TLS, and the URL demands it"
	default:
		r.Class, r.Error = d.storeTrouble(ctx, err)
		if r.Class == "" {
			r.Class, r.Error = tape.StoreGarbled, "what answers does not speak MySQL's protocol"
		}
	}
	return nil
}

// mysqlClass: MySQL 8.0 and MariaDB 10.11, mysqld_error.h.
func mysqlClass(number uint16, message string) string {
	switch number {
	case 1045, 1698:
		return tape.StoreAuth
	case 1130, 1129, 1227:
		return tape.StoreRule
	case 1049, 1044:
		return tape.StoreNoDatabase
	case 1040, 1203, 1226:
		return tape.StoreFull
	case 1053, 1079:
		return tape.StoreStarting
	case 3159, 1835:
		return tape.StoreTLS
	}
	if strings.Contains(message, "insecure transport") {
		return tape.StoreTLS
	}
	return tape.StoreOther
}
