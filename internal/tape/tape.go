// Package tape holds what was asked of a host and what it answered: pure data.
//
// An Ask is comparable, so a recording is a map. Not being able to see is an
// answer, never an error. A tape is a fake host, a bug report, a fixture.
package tape

import (
	"slices"
	"strings"
	"time"
)

// Kind says what sort of question an Ask is; each kind has one body format.
type Kind string

// The kinds, with the meaning of Name, Arg and As, and what the body holds.
const (
	KindSelf    Kind = "self"    // who looks, and when: JSON Visit
	KindFile    Kind = "file"    // Name: path; Arg: "" all, at most MaxFile, "head" the first 256 bytes, "tail" the last 64 KiB, "tail-after" the same once our requests were answered
	KindStat    Kind = "stat"    // Name: path; Arg: "", "hash", "space" or "caps": JSON Stat
	KindGlob    Kind = "glob"    // Name: pattern: JSON []string, sorted
	KindTree    Kind = "tree"    // Name: folder: JSON []Entry, at most MaxTree, breadth first
	KindAccess  Kind = "access"  // Name: path; Arg: r, w, x or connect; As: Identity: JSON AccessReport
	KindProcs   Kind = "procs"   // every process: JSON []Proc
	KindEnviron Kind = "environ" // Name: pid: JSON []string of NAME=value
	KindSockets Kind = "sockets" // every listening socket: JSON []Socket
	KindConns   Kind = "conns"   // Name: pids with commas, of one network namespace: JSON Conns
	KindWrites  Kind = "writes"  // Name: pids with commas: JSON Writes, the logs that they hold open for writing
	KindDisk    Kind = "disk"    // Name: path: JSON Room, of the file system that it lies on
	KindMemory  Kind = "memory"  // Name: pids with commas, of one service: JSON Memory
	KindDumps   Kind = "dumps"   // Name: folder in which backups lie: JSON []Dump, the newest first
	KindAddrs   Kind = "addrs"   // addresses of the interfaces: JSON []Addr
	KindCommand Kind = "command" // Name: a row of Commands; Arg: its one argument: standard output; Exit, Stderr
	KindDNS     Kind = "dns"     // Name: host name; Arg: A or AAAA: JSON DNSReply
	KindKey     Kind = "key"     // Name: path of a private key: JSON KeyReport, of which no part is the key
	KindTLS     Kind = "tls"     // Name: address:port; Arg: server name, with OldTLS, StaticTLS or BlockTLS behind it for those alone: JSON Handshake
	KindHTTP    Kind = "http"    // Name: endpoint; Arg: Request.String, "GET host path" and header lines: JSON HTTPReply
	KindServed  Kind = "served"  // Name: path of a file; Arg: endpoint, blank, "GET host path": JSON ServedReply
	KindMetrics Kind = "metrics" // Name: endpoint; Arg: "GET host path": JSON MetricsReply
	KindDial    Kind = "dial"    // Name: tcp address:port: JSON DialReply
	KindLeaks   Kind = "leaks"   // Name: folder; Arg: an app that was loaded in this visit, History before it: JSON LeakReport
	KindSession Kind = "session" // Name: an app that was loaded in this visit ("pid 812"); Arg: SessionVisit.String: JSON SessionReply
	KindApp     Kind = "app"     // Name: "pid 812", "unit shop.service" or both; Arg: the app where its server is not known to us; As: Identity: JSON App
)

// Bounds of what one answer may hold.
const (
	MaxFile = 1 << 20
	MaxTree = 400
	MaxHTTP = 64 << 10
)

// Ask is one question to a host. It is comparable and holds no secret.
type Ask struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name,omitempty"`
	Arg  string `json:"arg,omitempty"`
	As   string `json:"as,omitempty"`
}

// String gives the ask as a person reads it: "file /etc/nginx/nginx.conf".
func (a Ask) String() string {
	var b strings.Builder
	b.WriteString(string(a.Kind))
	for _, s := range []string{a.Name, a.Arg} {
		if s != "" {
			b.WriteString(" " + strings.ReplaceAll(s, "\n", ", "))
		}
	}
	if a.As != "" {
		b.WriteString(" as " + a.As)
	}
	return b.String()
}

// Compare orders asks, so that a tape has one spelling.
func (a Ask) Compare(b Ask) int {
	for _, p := range [][2]string{{string(a.Kind), string(b.Kind)}, {a.Name, b.Name}, {a.Arg, b.Arg}, {a.As, b.As}} {
		if c := strings.Compare(p[0], p[1]); c != 0 {
			return c
		}
	}
	return 0
}

// Status says whether the host could answer.
type Status string

// The three ways an ask ends.
const (
	Seen   Status = "seen"   // the body is what the host answered
	Absent Status = "absent" // we looked, and there is no such thing
	Unseen Status = "unseen" // we could not look: Why says what stood in the way
)

// Answer is what a host said to one Ask.
type Answer struct {
	Status    Status `json:"status"`
	Body      string `json:"body,omitempty"`
	Exit      int    `json:"exit,omitempty"`
	Stderr    string `json:"stderr,omitempty"`
	Truncated bool   `json:"truncated,omitempty"`
	Why       string `json:"why,omitempty"`  // Unseen: verb, object, cause
	Hint      string `json:"hint,omitempty"` // Unseen: what would let us see
	Millis    int64  `json:"ms,omitempty"`   // how long the answer took
}

// Tape is all asks and answers of one visit. The zero value is an empty tape.
type Tape struct {
	answers map[Ask]Answer
}

// Get returns the answer to a, and whether it was asked at all.
func (t *Tape) Get(a Ask) (Answer, bool) {
	v, ok := t.answers[a]
	return v, ok
}

// Put records the answer to a; a later one replaces an earlier one.
func (t *Tape) Put(a Ask, v Answer) {
	if t.answers == nil {
		t.answers = map[Ask]Answer{}
	}
	t.answers[a] = v
}

// Len is the number of asks on the tape.
func (t *Tape) Len() int { return len(t.answers) }

// Asks returns every ask, ordered.
func (t *Tape) Asks() []Ask {
	out := make([]Ask, 0, len(t.answers))
	for a := range t.answers {
		out = append(out, a)
	}
	slices.SortFunc(out, Ask.Compare)
	return out
}

// Clone returns a tape that can be changed without touching t.
func (t *Tape) Clone() *Tape {
	c := &Tape{answers: make(map[Ask]Answer, len(t.answers))}
	for a, v := range t.answers {
		c.answers[a] = v
	}
	return c
}

// Visit is the body of KindSelf.
type Visit struct {
	Now      time.Time `json:"now"`
	UID      int       `json:"uid"`
	Hostname string    `json:"hostname"`
	Boot     time.Time `json:"boot"`
	CPUs     int       `json:"cpus"`
	Version  string    `json:"version"`            // of assay
	Deep     bool      `json:"deep,omitempty"`     // what takes its time is looked at, too: the git history
	Page     string    `json:"page,omitempty"`     // a URL that somebody complains about
	Declares bool      `json:"declares,omitempty"` // this version asks for what people declare in assay.toml
}
