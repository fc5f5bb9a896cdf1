package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// command writes what one types from a column on, whole on its line: a wrapped command is
// another command. One of several lines stands at the margin, since spaces
// before the end mark of a here-document would be part of it.
func (p *page) command(cmd string, column int) {
	lines := strings.Split(strings.TrimRight(cmd, "\n"), "\n")
	in := strings.Repeat(" ", column)
	if len(lines) > 1 {
		in = ""
	}
	if len(cmd) > maxCommand {
		p.b.WriteString(in + p.own(fmt.Sprintf("# a command of %d bytes: see --format json", len(cmd))) + "\n")
		return
	}
	for _, l := range lines {
		st := typed
		if strings.HasPrefix(strings.TrimSpace(l), "#") {
			st = none
		}
		p.b.WriteString(in + p.paint(st, p.literal(l)) + "\n")
	}
}

// maxCommand bounds a command, in bytes: half of one is worse than none.
const maxCommand = 4096

// literal is clean without touching the spaces, which mean something in a
// command; a space that is none, as U+00A0, is spelt out.
func (p *page) literal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == ' ':
			b.WriteByte(' ')
		case r == '\t':
			b.WriteString("    ")
		default:
			spell(&b, s[i:i+size], r, 0)
		}
		i += size
	}
	return p.own(strings.TrimRight(b.String(), " "))
}
