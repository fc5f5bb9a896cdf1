package model

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/syntax/edit"
	"assay/internal/syntax/nft"
)

// Opening is how the file that a firewall's rules come from lets visitors in at a
// port, where it lets them in at the other port of the web already.
type Opening struct {
	Unit    string // takes the file in
	Anew    bool   // by a restart alone
	Command string // as one types it; "" where that is an edit of the file
	Lines   map[string]edit.Lines
}

// opening is nil where a person has to see: rules that no file holds, a port
// that somebody shut on purpose, a host that serves nobody on the web.
func (b *builder) opening(set *nft.Ruleset, port int) *Opening {
	var n fact.Notes
	runs := func(unit string) bool {
		p, _ := b.f.Unit(unit).Look(&n)
		return p["ActiveState"] == "active"
	}
	if on, _ := b.f.File("/etc/ufw/ufw.conf").Look(&n); slices.Contains(strings.Fields(on), "ENABLED=yes") {
		if !runs("ufw.service") {
			return nil
		}
		return b.inUfw(port)
	}
	const conf = "/etc/nftables.conf"
	text, state := b.f.File(conf).Look(&n)
	if state != fact.IsKnown || !runs("nftables.service") || !strings.Contains(text, "flush ruleset") {
		return nil
	}
	for _, t := range set.Tables() { // another program's would be flushed with it
		if !strings.Contains(text, "table "+t+" {") {
			return nil
		}
	}
	if l, ok := letIn(text, port); ok {
		return &Opening{Unit: "nftables.service", Lines: map[string]edit.Lines{conf: l}}
	}
	return nil
}

// letsPorts is a rule of nftables that lets everybody in at some ports.
var letsPorts = regex.New(`^(\s*(?:ct state new\s+)?tcp dport )(\{[^{}]*\}|[\w-]+)((?: counter)? accept(?:\s+comment .*)?)$`)

func letIn(text string, port int) (change edit.Lines, ok bool) {
	lines, _ := edit.Split(text)
	input := false
	for i, l := range lines {
		m := letsPorts.FindStringSubmatch(l)
		switch {
		case strings.HasPrefix(strings.TrimSpace(l), "#"):
		case strings.Contains(l, "dport") && names(l, port) && (strings.Contains(l, "drop") || strings.Contains(l, "reject")):
			return edit.Lines{}, false
		case strings.Contains(l, "hook input"):
			input = true
		case strings.TrimSpace(l) == "}":
			input = false
		case !ok && input && m != nil && names(m[2], other(port)):
			ports := strings.TrimSpace(strings.Trim(m[2], "{}"))
			change = edit.Lines{Line: i + 1, Old: []string{l}, New: []string{m[1] + "{ " + ports + ", " + strconv.Itoa(port) + " }" + m[3]}}
			ok = true
		}
	}
	return change, ok
}

var portWord = regex.New(`[\w$@-]+`)

// names says that a rule names a port of the web, by its number or its name.
func names(rule string, port int) bool {
	word := map[int]string{80: "http", 443: "https"}[port]
	return slices.ContainsFunc(portWord.FindAllString(rule, -1), func(w string) bool { return w == strconv.Itoa(port) || w == word })
}

func other(port int) int { return 80 + 443 - port }

// tuple is what ufw writes above each rule of its own (ufw 0.36).
var tuple = regex.New(`^### tuple ### (\S+) (tcp|any) ([\d,:]+) (?:0\.0\.0\.0/0|::/0) any (\S+) (?:\S+ )?(?:- )?in\b`)

func (b *builder) inUfw(port int) *Opening {
	o := &Opening{Unit: "ufw.service", Anew: true, Command: "sudo ufw allow " + strconv.Itoa(port) + "/tcp", Lines: map[string]edit.Lines{}}
	for _, x := range []struct{ file, chain, anywhere string }{
		{"/etc/ufw/user.rules", "ufw-user-input", "0.0.0.0/0"}, {"/etc/ufw/user6.rules", "ufw6-user-input", "::/0"},
	} {
		var n fact.Notes
		text, state := b.f.File(x.file).Look(&n)
		if state != fact.IsKnown {
			return nil
		}
		lines, _ := edit.Split(text)
		end := slices.Index(lines, "### END RULES ###")
		beside := false
		for _, l := range lines {
			m := tuple.FindStringSubmatch(l)
			switch {
			case m == nil:
			case m[1] == "allow" && m[4] == x.anywhere && names(m[3], other(port)):
				beside = true
			case m[1] != "allow" && names(m[3], port):
				return nil
			}
		}
		if end < 0 || !beside {
			return nil
		}
		rule := []string{"### tuple ### allow tcp " + strconv.Itoa(port) + " " + x.anywhere + " any " + x.anywhere + " in",
			"-A " + x.chain + " -p tcp --dport " + strconv.Itoa(port) + " -j ACCEPT", ""}
		o.Lines[x.file] = edit.Lines{Line: end + 1, New: rule}
	}
	return o
}
