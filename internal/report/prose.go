package report

import "strings"

// block is a piece of a story's prose.
type block struct {
	kind  blockKind
	text  string
	apart bool // a blank line stands before it
}

type blockKind int

const (
	running  blockKind = iota // a paragraph
	listed                    // "- " begins an item
	verbatim                  // four spaces, a line as it is
	headed                    // "# "
)

// blocks cuts prose at its blank lines and signs.
func blocks(text string) []block {
	var out []block
	apart, open := false, false // open: the last block takes the next line
	add := func(k blockKind, s string) {
		out = append(out, block{k, s, apart})
		apart, open = false, k == running || k == listed
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n\r\t ")
		switch {
		case line == "":
			apart, open = true, false
		case !open && strings.HasPrefix(line, "    "):
			add(verbatim, line[4:])
		case strings.HasPrefix(line, "# "):
			add(headed, line[2:])
		case strings.HasPrefix(line, "- "):
			add(listed, line[2:])
		case open:
			out[len(out)-1].text += " " + line
		default:
			add(running, line)
		}
	}
	return out
}
