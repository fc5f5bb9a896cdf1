package host

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/tape"
)

// maxBulk is the longest string that a Redis may answer with, maxArray the most
// of them, maxTalk all that it may say: INFO of 7.0 has 6 KiB.
const (
	maxBulk  = 256 << 10
	maxArray = 1024
	maxTalk  = 4 << 20
)

// askRedis says the few commands of tape.RedisCommands. RESP 2 is a line, or a
// length and that many bytes: a client library would bring pools, retries,
// commands of its own (HELLO, CLIENT SETINFO), and answers of any size.
func askRedis(ctx context.Context, raw string) (any, error) {
	u, err := redisURL(raw)
	if err != nil {
		return tape.RedisReply{Class: tape.StoreURL, Error: err.Error()}, nil
	}
	d := &dialler{}
	r := tape.RedisReply{TLS: u.tls != nil}
	began := time.Now()
	conn, err := d.dial(ctx, u.network, u.addr)
	r.Addr = d.shown()
	if err == nil && u.tls != nil {
		c := tls.Client(conn, u.tls)
		err, conn = c.HandshakeContext(ctx), c
	}
	if err != nil {
		r.Class, r.Error = d.storeTrouble(ctx, err)
		r.Class = cmp.Or(r.Class, tape.StoreOther)
		return r, nil
	}
	defer conn.Close()
	if at, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(at)
	}
	t := &redisTalk{conn: conn, in: bufio.NewReader(io.LimitReader(conn, maxTalk))}
	if err := t.all(&r, u, began); err != nil {
		var no redisNo
		if errors.As(err, &no) {
			r.Class, r.Error = redisClass(string(no)), brief(string(no), u.password)
		} else if r.Class, r.Error = d.storeTrouble(ctx, err); r.Class == "" {
			r.Class, r.Error = tape.StoreGarbled, "what answers does not speak Redis's protocol"
		}
		return r, nil
	}
	r.Bare = bare(ctx, u)
	return r, nil
}

// bare is what a command gets from somebody who gives no password.
func bare(ctx context.Context, u redisTarget) string {
	if u.password == "" {
		return "open"
	}
	conn, err := (&dialler{}).dial(ctx, u.network, u.addr)
	if err != nil {
		return ""
	}
	defer conn.Close()
	if u.tls != nil {
		conn = tls.Client(conn, u.tls)
	}
	if at, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(at)
	}
	var no redisNo
	switch _, err := (&redisTalk{conn: conn, in: bufio.NewReader(io.LimitReader(conn, maxTalk))}).say(tape.RedisStranger); {
	case err == nil:
		return "open"
	case errors.As(err, &no) && redisClass(string(no)) == tape.StoreAuth:
		return "refused"
	}
	return ""
}

// redisTalk is one connection.
type redisTalk struct {
	conn net.Conn
	in   *bufio.Reader
}

// redisNo is an error that the server answered with.
type redisNo string

func (e redisNo) Error() string { return string(e) }

var errRESP = errors.New("not RESP")

func (t *redisTalk) all(r *tape.RedisReply, u redisTarget, began time.Time) error {
	if u.password != "" {
		words := []string{"AUTH", u.password}
		if u.user != "" {
			words = []string{"AUTH", u.user, u.password}
		}
		if _, err := t.say(words...); err != nil {
			return err
		}
	}
	if u.db != "" && u.db != "0" {
		if _, err := t.say("SELECT", u.db); err != nil {
			return err
		}
	}
	r.Connect = micros(began)
	began = time.Now()
	if _, err := t.say("PING"); err != nil {
		return err
	}
	r.Ping = micros(began)
	r.Info, r.Config, r.Refused = map[string]string{}, map[string]string{}, map[string]string{}
	for _, c := range tape.RedisCommands()[1:] {
		if strings.HasPrefix(c, "SCAN ") {
			if err := t.keys(r, c); err != nil {
				return err
			}
			continue
		}
		got, err := t.say(strings.Fields(c)...)
		var no redisNo
		switch {
		case errors.As(err, &no):
			r.Refused[c] = brief(string(no), u.password)
		case err != nil:
			return err
		case c == "INFO" && len(got) == 1:
			r.Info = redisInfo(got[0])
		case c == "ACL WHOAMI" && len(got) == 1:
			r.User = brief(got[0])
		case len(got) == 2:
			if got[0] == "requirepass" && got[1] != "" {
				got[1] = "set"
			}
			r.Config[got[0]] = brief(got[1])
		}
	}
	return nil
}

// keys counts keys by what they are for; a name does not leave this function.
func (t *redisTalk) keys(r *tape.RedisReply, command string) error {
	words := strings.Fields(command)
	for seen := 0; seen < tape.RedisKeys; {
		got, err := t.say(words...)
		var no redisNo
		switch {
		case errors.As(err, &no):
			r.Refused[command] = brief(string(no))
			return nil
		case err != nil || len(got) == 0:
			return err
		}
		if r.Keys == nil {
			r.Keys = map[string]int{}
		}
		for _, k := range got[1:] {
			r.Keys[tape.KeyKind(k)]++
		}
		if seen += max(len(got)-1, 100); got[0] == "0" {
			return nil
		}
		words[1] = got[0]
	}
	return nil
}

// say sends one command and reads its answer.
func (t *redisTalk) say(words ...string) ([]string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := io.WriteString(t.conn, b.String()); err != nil {
		return nil, err
	}
	return t.hear(0)
}

func (t *redisTalk) hear(depth int) ([]string, error) {
	line, err := t.in.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, errRESP
		}
		return nil, err
	}
	s := strings.TrimSuffix(string(line), "\r\n")
	if s == "" {
		return nil, errRESP
	}
	kind, rest := s[0], s[1:]
	switch kind {
	case '-':
		return nil, redisNo(rest)
	case '+', ':':
		return []string{rest}, nil
	}
	n, err := strconv.Atoi(rest)
	switch {
	case err != nil || depth > 2 || n < -1:
		return nil, errRESP
	case kind == '$' && n <= maxBulk:
		if n < 0 {
			return []string{""}, nil
		}
		b := make([]byte, n+2)
		_, err := io.ReadFull(t.in, b)
		return []string{string(b[:n])}, err
	case kind == '*' && n <= maxArray:
		var out []string
		for range n {
			one, err := t.hear(depth + 1)
			if err != nil {
				return nil, err
			}
			out = append(out, one...)
		}
		return out, nil
	}
	return nil, errRESP
}

func redisInfo(text string) map[string]string {
	out := map[string]string{}
	for l := range strings.Lines(text) {
		k, v, ok := strings.Cut(strings.TrimSpace(l), ":")
		if ok && (slices.Contains(tape.RedisInfo, k) || strings.HasPrefix(k, "db") && strings.HasPrefix(v, "keys=")) {
			out[k] = brief(v)
		}
	}
	return out
}

// redisClass sorts by the first word of an error (Redis 6.0 to 8.0, Valkey 8).
func redisClass(says string) string {
	word, _, _ := strings.Cut(says, " ")
	switch {
	case word == "NOAUTH", word == "WRONGPASS", strings.Contains(says, "AUTH"), strings.Contains(says, "invalid password"):
		return tape.StoreAuth
	case word == "DENIED":
		return tape.StoreRule
	case word == "LOADING", word == "MASTERDOWN", word == "BUSY":
		return tape.StoreStarting
	case strings.Contains(says, "max number of clients"):
		return tape.StoreFull
	case strings.Contains(says, "DB index"):
		return tape.StoreNoDatabase
	}
	return tape.StoreOther
}

// redisTarget is what a URL says, as redis-py's from_url takes it (4.3 to 6).
type redisTarget struct {
	network, addr, user, password, db string
	tls                               *tls.Config
}

func redisURL(raw string) (redisTarget, error) {
	t := redisTarget{network: "tcp"}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return t, errors.New("the URL cannot be parsed")
	}
	t.user = u.User.Username()
	t.password, _ = u.User.Password()
	q := u.Query()
	t.db = cmp.Or(q.Get("db"), q.Get("virtual_host"))
	switch u.Scheme {
	case "redis", "rediss", "valkey", "valkeys", "redis+async":
		t.addr = net.JoinHostPort(cmp.Or(u.Hostname(), "localhost"), cmp.Or(u.Port(), "6379"))
		t.db = cmp.Or(t.db, strings.Trim(u.Path, "/"))
		if strings.HasSuffix(u.Scheme, "s") && u.Scheme != "redis" {
			t.tls, err = redisTLS(u.Hostname(), q)
		}
	case "unix", "redis+socket", "redis+unix":
		t.network, t.addr = "unix", u.Path
	default:
		return t, errors.New("no scheme of Redis: " + short(u.Scheme))
	}
	if _, bad := strconv.Atoi(cmp.Or(t.db, "0")); bad != nil {
		return t, errors.New("the database is not a number")
	}
	return t, err
}

func redisTLS(host string, q url.Values) (*tls.Config, error) {
	c := &tls.Config{ServerName: host}
	if v := q.Get("ssl_cert_reqs"); strings.EqualFold(strings.TrimPrefix(v, "CERT_"), "none") || v == "optional" {
		c.InsecureSkipVerify = true
	}
	if ca := q.Get("ssl_ca_certs"); ca != "" {
		b, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("read %s: %s", ca, cause(err))
		}
		c.RootCAs = x509.NewCertPool()
		c.RootCAs.AppendCertsFromPEM(b)
	}
	return c, nil
}
