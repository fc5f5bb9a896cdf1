package tape

// Conns is the body of a Conns ask: the established stream connections of some
// processes. A forked process holds its parent's, so several may hold one.
type Conns struct {
	Holders []Holder `json:"holders"` // those that still live, ascending
	List    []Conn   `json:"conns"`
}

// Holder is one of the processes that were asked for.
type Holder struct {
	PID    int   `json:"pid"`
	Millis int64 `json:"ms"` // since it was started
}

// Conn is one connection, seen from the holders' end.
type Conn struct {
	Proto  string `json:"proto"` // tcp, tcp6, unix
	Local  string `json:"local,omitempty"`
	Remote string `json:"remote,omitempty"` // tcp: address:port
	Peer   string `json:"peer,omitempty"`   // unix: the path that the other end is bound to, "@name" for abstract ones
	Inode  uint64 `json:"inode"`
	PIDs   []int  `json:"pids"`
	Idle   int64  `json:"idle_ms"` // tcp: since this end last sent data; unix: -1, the kernel does not know
}
