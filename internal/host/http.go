package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"assay/internal/tape"
)

const (
	httpWait = 6 * time.Second
	maxText  = 4 << 10
)

// http sends one request and records the reply. It follows nothing, keeps nothing
// and sends no secret.
func (l *local) http(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "send " + short(strings.ReplaceAll(a.Arg, "\n", ", ")) + " to " + short(a.Name)
	req, why := l.request(a.Arg)
	if why != "" {
		return unseen(deed, why)
	}
	dial, v := l.endpoint(a.Name, req.Host, deed)
	if dial == nil {
		return v
	}
	if _, before := l.hung.Load(a.Name + req.Host); before {
		return unseen(deed, "a request before got no answer in time")
	}
	ctx, cancel := context.WithTimeout(ctx, l.opt.Wait)
	defer cancel()
	began := time.Now()
	resp, err := send(ctx, dial, req)
	if err != nil {
		var no *notSeen
		if errors.As(err, &no) {
			return no.answer
		}
		r := failedReply(ctx, err)
		if r.Class == "timeout" && l.opt.Wait < httpWait {
			l.hung.Store(a.Name+req.Host, true)
		}
		return tape.Encode(r)
	}
	defer resp.Body.Close()
	r, cut := readReply(ctx, resp)
	r.Millis = time.Since(began).Milliseconds()
	v = tape.Encode(r)
	v.Truncated = cut
	return v
}

// page asks for something of which only what read makes of it leaves the host;
// failed says that no answer came.
func (l *local) page(ctx context.Context, endpoint, arg, what string, read func(context.Context, *http.Response) any, failed func(tape.HTTPReply) any) tape.Answer {
	deed := "send " + short(arg) + " to " + short(endpoint)
	req, why := l.request(arg)
	if why != "" || req.Method != "GET" {
		return unseen(deed, "not a request for "+what)
	}
	dial, v := l.endpoint(endpoint, req.Host, deed)
	if dial == nil {
		return v
	}
	ctx, cancel := context.WithTimeout(ctx, l.opt.Wait)
	defer cancel()
	resp, err := send(ctx, dial, req)
	if err != nil {
		var no *notSeen
		if errors.As(err, &no) {
			return no.answer
		}
		return tape.Encode(failed(failedReply(ctx, err)))
	}
	defer resp.Body.Close()
	return tape.Encode(read(ctx, resp))
}

// send brings one answer; its body is the caller's to close, which ends the
// connection.
func send(ctx context.Context, dial dialFunc, req *http.Request) (*http.Response, error) {
	t := &http.Transport{
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: tape.MaxHTTP,
	}
	return t.RoundTrip(req.WithContext(ctx))
}

// request makes the request that an ask describes.
func (l *local) request(arg string) (*http.Request, string) {
	r, err := tape.ParseRequest(arg)
	if err != nil {
		return nil, err.Error()
	}
	u, err := url.ParseRequestURI(r.Path)
	if err != nil {
		return nil, "not a path: " + short(r.Path)
	}
	u.Scheme, u.Host = "http", "endpoint"
	head := http.Header{"User-Agent": {"assay/" + l.opt.Version}, "Accept": {"*/*"}}
	for _, h := range r.Header {
		k, v, _ := strings.Cut(h, ": ")
		if k = http.CanonicalHeaderKey(k); k == "Accept" || k == "User-Agent" {
			head.Del(k)
		}
		head.Add(k, v)
	}
	return &http.Request{Method: r.Method, URL: u, Host: r.Host, Header: head, ProtoMajor: 1, ProtoMinor: 1}, ""
}

type dialFunc func(context.Context) (net.Conn, error)

// notSeen carries an answer through net/http's errors.
type notSeen struct{ answer tape.Answer }

func (n *notSeen) Error() string { return n.answer.Why }

func (l *local) endpoint(name, host, deed string) (dialFunc, tape.Answer) {
	kind, at, _ := strings.Cut(name, ":")
	if kind == "unix" {
		if why := badPath(at); why != "" {
			return nil, unseen(deed, why)
		}
		return func(ctx context.Context) (net.Conn, error) { return l.dialUnix(ctx, at, deed) }, tape.Answer{}
	}
	addr, err := netip.ParseAddrPort(at)
	if err != nil || kind != "tcp" && kind != "tls" {
		return nil, unseen(deed, "not an endpoint")
	}
	return func(ctx context.Context) (net.Conn, error) {
		c, err := dialTCP(ctx, addr)
		if err != nil || kind == "tcp" {
			return c, err
		}
		name := host
		if h, _, err := net.SplitHostPort(host); err == nil {
			name = h
		}
		conf := tlsConfig(strings.Trim(name, "[]"))
		conf.ClientSessionCache = l.sessions // of a reply nobody asks how the handshake went
		t := tls.Client(c, conf)
		if err := t.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, &tlsError{err}
		}
		return t, nil
	}, tape.Answer{}
}

type tlsError struct{ error }

func (e *tlsError) Unwrap() error { return e.error }

func failedReply(ctx context.Context, err error) tape.HTTPReply {
	class, text := trouble(err)
	var t *tlsError
	switch {
	case errors.As(err, &t) && class != "timeout":
		_, text = tlsTrouble(t.error)
		class = "tls"
	case ctx.Err() != nil:
		class, text = "timeout", "no answer in time"
	case strings.Contains(err.Error(), "readLoopPeekFailLocked"):
		// net/http (Go 1.26) says this, and "%!w(<nil>)", when an answer comes
		// before the request was written.
		class, text = "garbled", "it answered before it was asked"
	case class == "":
		class = "garbled"
	}
	return tape.HTTPReply{Error: text, Class: class}
}

func readReply(ctx context.Context, resp *http.Response) (r tape.HTTPReply, cut bool) {
	r = tape.HTTPReply{Status: resp.StatusCode, Proto: resp.Proto}
	names := make([]string, 0, len(resp.Header))
	for n := range resp.Header {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		for _, v := range resp.Header[n] {
			r.Header = append(r.Header, []string{n, v})
		}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, tape.MaxFile+1))
	r.Size = int64(len(body))
	if cut = len(body) > tape.MaxFile; cut {
		r.Size = max(r.Size, resp.ContentLength)
	} else if err == nil {
		sum := sha256.Sum256(body)
		r.SHA = hex.EncodeToString(sum[:])
	}
	if err != nil {
		e := failedReply(ctx, err)
		r.Error, r.Class = e.Error, e.Class
	}
	if isText(resp.Header.Get("Content-Type"), body) {
		r.Body = firstText(body)
	}
	return r, cut
}

func isText(kind string, body []byte) bool {
	if kind == "" {
		kind = http.DetectContentType(body)
	}
	kind, _, err := mime.ParseMediaType(kind)
	if err != nil {
		return false
	}
	switch kind {
	case "application/json", "application/xml", "application/javascript", "application/manifest+json":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}

// firstText cuts between characters.
func firstText(b []byte) string {
	if len(b) > maxText {
		b = b[:maxText]
		for i := 1; i < utf8.UTFMax; i++ {
			if r, n := utf8.DecodeLastRune(b); r != utf8.RuneError || n != 1 {
				break
			}
			b = b[:len(b)-1]
		}
	}
	return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
}

// within is a time limit as long as usual, or as short as who is in a hurry says.
func (l *local) within(usual time.Duration) time.Duration {
	if l.opt.Wait < httpWait {
		return min(usual, l.opt.Wait)
	}
	return usual
}
