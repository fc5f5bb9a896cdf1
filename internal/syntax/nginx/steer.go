package nginx

import (
	"net"
	"strings"
)

// Choice is a way for a client to choose where a request is handed on to.
type Choice struct {
	From string       // the variable that it fills
	What string       // host, port, socket
	By   []*Directive // the set, map or location on the way
}

// Choices are the ways for a client to choose the address in the argument of a
// proxy_pass or its like. doubt is why another part of the address is not known.
//
// It tries what an attacker would: an address of his own or of this network in
// the place of each variable, as far as patterns and tests let it through, and
// looks whether the address becomes that. So `http://$1.internal` with a $1 that
// takes no dot and no slash is no choice: the names there are the operator's.
func (c *Config) Choices(pass *Directive) (choices []Choice, doubt string) {
	for _, r := range c.Read(pass, pass.Arg(0)) {
		plain := address(r.with(-1, ""))
		head := ""
		for i, p := range r.Pieces {
			if p.Doubt != "" && !pastHost(head) {
				doubt = p.Doubt
			}
			if what := steers(r, i, plain); what != "" {
				choices = append(choices, Choice{p.From, what, r.By})
				break
			}
			head += p.Text
		}
	}
	return choices, doubt
}

// with is the text with one client's part in the place of its innocent one.
func (r Reading) with(at int, value string) string {
	var b strings.Builder
	for i, p := range r.Pieces {
		if i == at {
			b.WriteString(value)
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

// target is an address taken apart.
type target struct{ host, port, socket string }

func address(text string) target {
	_, rest, found := strings.Cut(text, "://")
	if !found {
		rest = text
	}
	if path, is := strings.CutPrefix(rest, "unix:"); is {
		path, _, _ = strings.Cut(path, ":")
		return target{socket: path}
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if host, port, err := net.SplitHostPort(rest); err == nil {
		return target{host: host, port: port}
	}
	return target{host: rest}
}

func pastHost(head string) bool {
	_, rest, found := strings.Cut(head, "://")
	return found && strings.ContainsAny(rest, "/?#")
}

const attacker = "evil.invalid"

var (
	lures = []string{attacker, "169.254.169.254", "127.0.0.1", "localhost", attacker + "/", attacker + "?", attacker + ":80",
		attacker + ":80/", "." + attacker, "." + attacker + "/", "http://" + attacker, "http://" + attacker + "/", "evil"}
	ports = []string{"6379", "8022"}
)

// lures are what an attacker would try, in the words that a pattern wants.
func (p Piece) lures() []string {
	out := lures
	for _, w := range p.Words {
		out = append(out[:len(out):len(out)], w+"."+attacker, attacker+"/"+w, attacker+"?"+w, attacker+"/."+w)
	}
	return out
}

// steers says what a client chooses by one piece: "host", "port", "socket", or
// nothing.
func steers(r Reading, at int, plain target) string {
	p := r.Pieces[at]
	if p.From == "" {
		return ""
	}
	for _, v := range p.lures() {
		if !p.Admits(v) {
			continue
		}
		t := address(r.with(at, v))
		bare := strings.TrimSuffix(strings.TrimRight(strings.TrimPrefix(v, "http://"), "/?"), ":80")
		switch {
		case t.host != plain.host && (t.host == bare || t.host == attacker || strings.HasSuffix(t.host, "."+attacker)):
			return "host"
		case plain.socket != "" && strings.Contains(t.socket, "/../"), plain.socket == "" && t.socket != "":
			return "socket"
		}
	}
	for _, v := range ports {
		if p.Admits(v) && address(r.with(at, v)).port == v && plain.port != v {
			return "port"
		}
	}
	if plain.socket != "" && p.Admits("x/../../evil") && strings.Contains(address(r.with(at, "x/../../evil")).socket, "/../") {
		return "socket"
	}
	return ""
}
