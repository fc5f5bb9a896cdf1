package tape

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"assay/internal/regex"
)

// Request is what an HTTP ask sends: no body, and nothing that is secret.
type Request struct {
	Method string // GET, HEAD or OPTIONS
	Host   string // may carry a port
	Path   string
	Header []string // "Origin: null", in the order that they are sent
}

// String gives the spelling that Ask.Arg carries: "GET shop.example /cart",
// then a line for each header.
func (r Request) String() string {
	return strings.Join(append([]string{r.Method + " " + r.Host + " " + r.Path}, r.Header...), "\n")
}

var (
	hostField   = regex.New(`^[A-Za-z0-9._\[\]:-]+$`)
	headerField = regex.New(`^([A-Za-z][A-Za-z0-9_-]*): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$`)
)

const maxHeaders = 12

// framing are the headers that belong to the connection or to the host field:
// with one of them a request could be read as two.
var framing = []string{"host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect", "keep-alive", "proxy-connection"}

// ParseRequest reads what Request.String wrote, and refuses what could be read
// as another request or as two.
func ParseRequest(s string) (Request, error) {
	lines := strings.Split(s, "\n")
	f := strings.Split(lines[0], " ")
	if len(f) != 3 || !slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, f[0]) {
		return Request{}, errors.New("want GET, HEAD or OPTIONS, a host and a path")
	}
	r := Request{Method: f[0], Host: f[1], Path: f[2], Header: lines[1:]}
	if _, err := url.ParseRequestURI(r.Path); err != nil || !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") || len(r.Path) > 4096 {
		return Request{}, fmt.Errorf("not a path: %.80q", r.Path)
	}
	if len(r.Host) > 255 || !hostField.MatchString(r.Host) {
		return Request{}, fmt.Errorf("not a host: %.80q", r.Host)
	}
	if len(r.Header) > maxHeaders {
		return Request{}, fmt.Errorf("%d headers; at most %d", len(r.Header), maxHeaders)
	}
	for _, l := range r.Header {
		m := headerField.FindStringSubmatch(l)
		if m == nil || len(l) > 512 || slices.Contains(framing, strings.ToLower(strings.ReplaceAll(m[1], "_", "-"))) {
			return Request{}, fmt.Errorf("not a header: %.80q", l)
		}
	}
	return r, nil
}
