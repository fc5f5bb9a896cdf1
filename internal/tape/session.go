package tape

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// SessionVisit is what a Session ask sends: the same page again and again, as
// a new visitor each time.
type SessionVisit struct {
	Endpoint string // of the app itself: unix:PATH, tcp:ADDR:PORT
	Count    int    // at most MaxSessions
	Cookie   string // the session cookie's name
	Host     string
	Paths    []string // tried once each, until one gives the cookie
	Header   []string
}

// Bounds of one session ask.
const (
	MaxSessions     = 60
	maxSessionPaths = 3
)

// String gives the spelling that Ask.Arg carries: the endpoint, the number and
// the cookie; the host and its paths; a line for each header.
func (v SessionVisit) String() string {
	return strings.Join(append([]string{
		fmt.Sprintf("%d %s %s", v.Count, v.Cookie, v.Endpoint),
		v.Host + " " + strings.Join(v.Paths, " ")}, v.Header...), "\n")
}

// Request is the request for one of the paths.
func (v SessionVisit) Request(path string) Request {
	return Request{Method: "GET", Host: v.Host, Path: path, Header: v.Header}
}

// ParseSessionVisit reads what SessionVisit.String wrote.
func ParseSessionVisit(s string) (SessionVisit, error) {
	lines := strings.Split(s, "\n")
	if len(lines) < 2 {
		return SessionVisit{}, errors.New("want an endpoint and paths")
	}
	first, to := strings.SplitN(lines[0], " ", 3), strings.Split(lines[1], " ")
	if len(first) != 3 || len(to) < 2 || len(to) > 1+maxSessionPaths {
		return SessionVisit{}, errors.New("want an endpoint and paths")
	}
	n, err := strconv.Atoi(first[0])
	if err != nil || n < 1 || n > MaxSessions {
		return SessionVisit{}, fmt.Errorf("want 1 to %d requests", MaxSessions)
	}
	v := SessionVisit{Endpoint: first[2], Count: n, Cookie: first[1], Host: to[0], Paths: to[1:], Header: lines[2:]}
	for _, p := range v.Paths {
		if _, err := ParseRequest(v.Request(p).String()); err != nil {
			return v, err
		}
	}
	return v, nil
}

// SessionReply is the body of Session: how many cookies were signed with which
// key. Neither a key nor a cookie is in it.
type SessionReply struct {
	Path     string `json:"path,omitempty"` // that gave the cookie
	Sent     int    `json:"sent"`
	Cookies  int    `json:"cookies"`
	Key      int    `json:"key"`      // signed with the app's key as it loads now
	Fallback int    `json:"fallback"` // with one of SECRET_KEY_FALLBACKS
	Other    int    `json:"other"`    // with neither
	Foreign  int    `json:"foreign"`  // of another form than Flask's
	Error    string `json:"error,omitempty"`
	Class    string `json:"class,omitempty"` // as in HTTPReply
}
