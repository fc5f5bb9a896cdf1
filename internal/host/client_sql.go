package host

import (
	"context"
	"errors"
	"strings"
	"time"

	"assay/internal/syntax/dsn"
	"assay/internal/tape"
)

// errCannot is for a way to log in that the app knows and we do not: the child
// says so on its standard error, and the ask is unseen.
type errCannot string

func (e errCannot) Error() string { return string(e) }

// askSQL logs in and asks what the table says.
func askSQL(ctx context.Context, e errand) (any, error) {
	login, err := dsn.ParseLogin(e.URL)
	if err != nil {
		return tape.SQLReply{Class: tape.StoreURL, Error: err.Error()}, nil
	}
	if i := strings.LastIndexByte(login.Host, '@'); i >= 0 {
		// The rest of a password whose own @ was not quoted: no resolver is asked about it.
		shown := "…" + login.Host[i:]
		return tape.SQLReply{Engine: login.Engine, Driver: login.Driver, User: login.User, Database: login.Database, Host: shown,
			Class: tape.StoreHost, Error: "the name " + shown + " has no address"}, nil
	}
	ask := map[string]func(context.Context, dsn.Login, string) (any, error){"postgresql": askPostgreSQL, "mysql": askMySQL, "mariadb": askMySQL}[login.Engine]
	if ask == nil {
		return nil, errCannot("not a kind of database that we can ask: " + short(login.Engine))
	}
	first, err := ask(ctx, login, e.Table)
	if r, ok := first.(tape.SQLReply); err == nil && ok && r.Class == "" && r.Connect+r.Select > longLogin {
		again, err := ask(ctx, login, e.Table)
		if a, ok := again.(tape.SQLReply); err == nil && ok && a.Class == "" && a.Connect+a.Select < r.Connect+r.Select {
			return a, nil
		}
	}
	return first, err
}

// longLogin is how many microseconds a login may take before it is tried once
// more: the machine may just have been busy with something else.
const longLogin = 200_000

// quoted is Alembic's table as the engine quotes names.
func quoted(table, quote string) string {
	return quote + strings.ReplaceAll(table, ".", quote+"."+quote) + quote
}

// questions gives the queries of an engine to ask, and keeps rows and saidNos.
func questions(r *tape.SQLReply, engine, table, quote string, ask func(text string) ([][]string, error)) error {
	r.Rows, r.Refused = map[string][][]string{}, map[string]string{}
	for _, q := range tape.Queries() {
		if q.Engine != engine {
			continue
		}
		rows, err := ask(strings.ReplaceAll(q.Text, "{}", quoted(table, quote)))
		var refused saidNo
		switch {
		case errors.As(err, &refused):
			r.Refused[q.Name] = brief(string(refused))
		case err != nil:
			return err
		default:
			r.Rows[q.Name] = rows
		}
	}
	return nil
}

// saidNo is a server's no to one query; the connection lives on.
type saidNo string

func (r saidNo) Error() string { return string(r) }

func micros(since time.Time) int64 { return time.Since(since).Microseconds() + 1 }
