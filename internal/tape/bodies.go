package tape

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Stat is the body of a Stat ask: lstat of the path, and what a link leads to.
type Stat struct {
	Type  string    `json:"type"` // file, dir, link, socket, fifo, device
	Mode  uint32    `json:"mode"` // permission bits with setuid, setgid, sticky
	UID   int       `json:"uid"`
	GID   int       `json:"gid"`
	Size  int64     `json:"size"`
	MTime time.Time `json:"mtime"`
	Dev   uint64    `json:"dev"`
	Inode uint64    `json:"inode"`
	Link  string    `json:"link,omitempty"`   // a link's text
	Real  string    `json:"real,omitempty"`   // a link's end, "" when it dangles
	SHA   string    `json:"sha256,omitempty"` // with "hash", regular files up to MaxFile; of the link's end
	Space *Space    `json:"space,omitempty"`  // with "space"
	Caps  []string  `json:"caps,omitempty"`   // with "caps", of a regular file: the capabilities that who runs it gets
}

// Space is what is left of the file system that a path lies on.
type Space struct {
	Free   int64 `json:"free"` // bytes, for who is not root
	Total  int64 `json:"total"`
	Inodes int64 `json:"inodes"` // free ones; -1 where they are not counted
}

// Entry is one row of a Tree, its path relative to the folder.
type Entry struct {
	Path string `json:"path"`
	Type string `json:"type"`
	Size int64  `json:"size,omitempty"`
}

// Identity is who an access is judged for. PID, when set, names a process in
// whose mount namespace the path is walked.
type Identity struct {
	UID, GID int
	Groups   []int
	PID      int
}

// String gives the spelling that Ask.As carries: "33:33:33,1001@812".
func (i Identity) String() string {
	g := make([]string, len(i.Groups))
	for k, v := range i.Groups {
		g[k] = strconv.Itoa(v)
	}
	s := fmt.Sprintf("%d:%d:%s", i.UID, i.GID, strings.Join(g, ","))
	if i.PID != 0 {
		s += "@" + strconv.Itoa(i.PID)
	}
	return s
}

// ParseIdentity reads what Identity.String wrote.
func ParseIdentity(s string) (Identity, error) {
	var id Identity
	var err error
	who, pid, has := strings.Cut(s, "@")
	if has {
		if id.PID, err = strconv.Atoi(pid); err != nil {
			return id, fmt.Errorf("read identity %q: %w", s, err)
		}
	}
	p := strings.SplitN(who, ":", 3)
	if len(p) != 3 {
		return id, fmt.Errorf("read identity %q: want uid:gid:groups", s)
	}
	if id.UID, err = strconv.Atoi(p[0]); err != nil {
		return id, fmt.Errorf("read identity %q: %w", s, err)
	}
	if id.GID, err = strconv.Atoi(p[1]); err != nil {
		return id, fmt.Errorf("read identity %q: %w", s, err)
	}
	for g := range strings.SplitSeq(p[2], ",") {
		if g == "" {
			continue
		}
		n, err := strconv.Atoi(g)
		if err != nil {
			return id, fmt.Errorf("read identity %q: %w", s, err)
		}
		id.Groups = append(id.Groups, n)
	}
	return id, nil
}

// AccessReport is the body of Access: the kernel's own verdict, and each
// folder on the way with what it allowed.
type AccessReport struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"` // permission denied, no such file or directory, connection refused ...
	Steps []Step `json:"steps"`
}

// Step is one element of the path: a folder that must be entered, or the end.
type Step struct {
	Path  string `json:"path"`
	Type  string `json:"type"`
	Mode  uint32 `json:"mode"`
	Owner string `json:"owner"` // name, or number where there is none
	Group string `json:"group"`
	ACL   bool   `json:"acl,omitempty"` // has an access ACL beyond its mode
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// Proc is one process. Fields that only its owner or root may read are empty
// and named in Hidden.
type Proc struct {
	PID    int       `json:"pid"`
	PPID   int       `json:"ppid"`
	State  string    `json:"state"` // R S D Z T ...
	UID    int       `json:"uid"`   // effective
	GID    int       `json:"gid"`
	Groups []int     `json:"groups,omitempty"`
	Comm   string    `json:"comm"`
	Args   []string  `json:"args,omitempty"` // empty for kernel threads, which are left out
	Exe    string    `json:"exe,omitempty"`
	Cwd    string    `json:"cwd,omitempty"` // ends in " (deleted)" as the kernel says it
	Cgroup string    `json:"cgroup,omitempty"`
	Start  time.Time `json:"start"`
	PIDNS  string    `json:"pidns,omitempty"` // "" where it is that of PID 1
	MntNS  string    `json:"mntns,omitempty"` // "" where it is that of PID 1
	NetNS  string    `json:"netns,omitempty"` // "" where it is that of PID 1
	Hidden []string  `json:"hidden,omitempty"`
}

// Socket is one listening socket (udp: one that is bound).
type Socket struct {
	Proto string `json:"proto"` // tcp, tcp6, udp, udp6, unix
	IP    string `json:"ip,omitempty"`
	Port  int    `json:"port,omitempty"`
	Path  string `json:"path,omitempty"` // unix; "@name" for abstract ones
	Inode uint64 `json:"inode"`
	UID   int    `json:"uid"`
	PIDs  []int  `json:"pids,omitempty"`  // who holds it, ascending
	Queue int    `json:"queue,omitempty"` // connections that wait to be taken
	// Hidden: some process's descriptors could not be read, so an empty PIDs says nothing.
	Hidden bool `json:"hidden,omitempty"`
}

// Addr is an address of an interface.
type Addr struct {
	Iface string `json:"iface"`
	CIDR  string `json:"cidr"`
}

// DNSReply is the body of DNS: what the system's resolver was told.
type DNSReply struct {
	Rcode  string   `json:"rcode"`           // NOERROR, NXDOMAIN, SERVFAIL, REFUSED ...
	Addrs  []string `json:"addrs,omitempty"` // sorted
	CNAME  []string `json:"cname,omitempty"`
	Server string   `json:"server"` // who answered
}

// OldTLS ends the argument of a handshake that offers TLS 1.1 at most.
const OldTLS = " max=1.1"

// StaticTLS and BlockTLS end the argument of a handshake up to TLS 1.2 that
// offers some suites alone: those without forward secrecy or with a broken
// cipher; and those with it whose blocks are not authenticated (CBC).
const (
	StaticTLS = " suites=static"
	BlockTLS  = " suites=block"
)

// Handshake is the body of TLS.
type Handshake struct {
	Error    string   `json:"error,omitempty"` // why there was no handshake: refused, timeout, reset, or the alert
	Class    string   `json:"class,omitempty"` // of Error: refused, timeout, unreachable, reset, notls, alert
	Version  string   `json:"version,omitempty"`
	Cipher   string   `json:"cipher,omitempty"`
	ALPN     string   `json:"alpn,omitempty"`
	Chain    []string `json:"chain,omitempty"` // PEM, as sent, leaf first
	Verified bool     `json:"verified"`        // chain, name and time, against the system's store
	Reason   string   `json:"reason,omitempty"`
	// Anchored: the chain as sent leads to the system's store (name and time aside).
	Anchored bool `json:"anchored"`
}

// HTTPReply is the body of HTTP.
type HTTPReply struct {
	Error  string     `json:"error,omitempty"`
	Class  string     `json:"class,omitempty"` // refused, timeout, unreachable, reset, denied, absent, tls, garbled
	Status int        `json:"status,omitempty"`
	Proto  string     `json:"proto,omitempty"`
	Header [][]string `json:"header,omitempty"` // [name, value], in the order of the names
	Body   string     `json:"body,omitempty"`   // text types only, at most 4 KiB
	Size   int64      `json:"size"`
	SHA    string     `json:"sha256,omitempty"` // of the whole body when it is at most MaxFile
	Millis int64      `json:"ms,omitempty"`
}

// Get returns the first value of a header, by its lower-case name.
func (r HTTPReply) Get(name string) string {
	for _, h := range r.Header {
		if len(h) == 2 && strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// All returns every value of a header, by its lower-case name.
func (r HTTPReply) All(name string) []string {
	var out []string
	for _, h := range r.Header {
		if len(h) == 2 && strings.EqualFold(h[0], name) {
			out = append(out, h[1])
		}
	}
	return out
}

// ServedReply is the body of Served: an answer without its content.
type ServedReply struct {
	Error  string `json:"error,omitempty"`
	Class  string `json:"class,omitempty"` // as in HTTPReply
	Status int    `json:"status,omitempty"`
	Type   string `json:"type,omitempty"` // Content-Type
	Size   int64  `json:"size"`
	Same   bool   `json:"same"`             // the content is the file's
	Unread string `json:"unread,omitempty"` // why the file could not be read, so that Same says nothing
}

// MetricsReply is the body of Metrics: what stands on a page of numbers, counted.
type MetricsReply struct {
	Error    string `json:"error,omitempty"`
	Class    string `json:"class,omitempty"` // as in HTTPReply
	Status   int    `json:"status,omitempty"`
	Type     string `json:"type,omitempty"` // Content-Type
	Families int    `json:"families"`
	Series   int    `json:"series"`
	// OneProcess: it holds what prometheus_client tells of its own process alone
	// (process_start_time_seconds), so it is that one's page.
	OneProcess bool          `json:"one_process,omitempty"`
	Labels     []MetricLabel `json:"labels,omitempty"` // with the most values first
}

// Exposes says that it is a page of numbers.
func (r MetricsReply) Exposes() bool { return r.Status == 200 && r.Families > 0 && r.Series > 0 }

// MetricLabel is how many values a label of a metric has; Alike of them are
// addresses of one Shape, /goods/* for /goods/17.
type MetricLabel struct {
	Metric string `json:"metric"`
	Label  string `json:"label"`
	Values int    `json:"values"`
	Shape  string `json:"shape,omitempty"`
	Alike  int    `json:"alike,omitempty"`
}

// DialReply is the body of Dial.
type DialReply struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
	Class string `json:"class,omitempty"`
}

// Decode reads a JSON body.
func Decode[T any](a Answer) (T, error) {
	var v T
	err := json.Unmarshal([]byte(a.Body), &v)
	return v, err
}

// Encode makes a Seen answer with v as its JSON body.
func Encode(v any) Answer {
	b, err := json.Marshal(v)
	if err != nil {
		return Answer{Status: Unseen, Why: "encode answer: " + err.Error()}
	}
	return Answer{Status: Seen, Body: string(b)}
}
