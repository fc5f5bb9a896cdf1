package dsn

import (
	"errors"
	"net/url"
	"strings"

	"assay/internal/regex"
)

// Login is a database URL as SQLAlchemy takes it apart, with its password: for
// who connects, and for nobody else. It is never shown, kept or sent on.
type Login struct {
	Engine   string // postgresql, mysql, mariadb, sqlite
	Driver   string // as given, "" for the engine's default
	User     string
	Password string
	Host     string
	Port     string
	Database string
	Query    [][2]string // in order; a key may come twice
}

// ErrForm says that SQLAlchemy would refuse the URL.
var ErrForm = errors.New("SQLAlchemy cannot parse this URL")

// form is the expression of sqlalchemy/engine/url.py, _parse_url, 1.4 to 2.0:
// the first @ ends the password, whatever was meant.
var form = regex.New(`^([\w+]+)://(?:([^:/]*)(?::([^@]*))?@)?(?:(?:\[([^/?]+)\]|([^/:?]+))?(?::([^/?]*))?)?(?:/([^?]*))?(?:\?(.*))?`)

// ParseLogin takes a URL apart exactly as SQLAlchemy 1.4 and 2.0 do.
func ParseLogin(raw string) (Login, error) {
	m := form.FindStringSubmatch(strings.TrimSpace(raw))
	if m == nil {
		return Login{}, ErrForm
	}
	l := Login{User: unquote(m[2]), Password: unquote(m[3]), Host: m[4] + m[5], Port: m[6], Database: m[7]}
	l.Engine, l.Driver, _ = strings.Cut(strings.ToLower(m[1]), "+")
	if a, known := aliases[l.Engine]; known {
		l.Engine = a
	}
	for pair := range strings.SplitSeq(m[8], "&") {
		k, v, ok := strings.Cut(pair, "=")
		k, err := url.QueryUnescape(k)
		if v, err2 := url.QueryUnescape(v); ok && err == nil && err2 == nil && k != "" && v != "" {
			l.Query = append(l.Query, [2]string{k, v})
		}
	}
	return l, nil
}

// Get is the last value of a key of the query.
func (l Login) Get(key string) string {
	out := ""
	for _, p := range l.Query {
		if p[0] == key {
			out = p[1]
		}
	}
	return out
}

// String hides the password from whoever prints a Login by mistake.
func (l Login) String() string { return l.Engine + " login" }

// GoString does the same for %#v.
func (l Login) GoString() string { return l.String() }
