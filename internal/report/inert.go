package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of one string is shown, in runes. What is longer was not written
// for people to read.
const (
	shortText = 120 // names, labels, ids
	lineText  = 240 // a line of a file, an error
	proseText = 1200
)

// maxMarks is how many combining marks may sit on one letter; scripts need two
// or three, text that climbs out of its line has dozens.
const maxMarks = 3

// inert makes text from a host harmless on a terminal, and at most limit runes
// long. It has no control bytes, no escapes, no bidi marks, nothing invisible
// and no invalid UTF-8: each such byte or rune is spelt out, as \x1b or \u202e,
// since what hides in a file name is itself worth seeing. White space of every
// kind becomes one space, so a string never brings a line of its own.
func inert(s string, limit int) string {
	var b strings.Builder
	n, marks := 0, 0
	space := true // leading white space goes
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if n >= limit {
			return strings.TrimRight(b.String(), " ") + "…"
		}
		if white(r) {
			if !space {
				b.WriteByte(' ')
				n++
			}
			space, marks, i = true, 0, i+size
			continue
		}
		space = false
		if unicode.IsMark(r) {
			marks++
		} else {
			marks = 0
		}
		written := spell(&b, s[i:i+size], r, marks)
		n += written
		i += size
	}
	return strings.TrimRight(b.String(), " ")
}

// spell writes one rune, or its number where it is not fit to be seen, and
// returns how many runes that took.
func spell(b *strings.Builder, raw string, r rune, marks int) int {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
		return 4
	case r < 0x20 || r == 0x7f:
		fmt.Fprintf(b, `\x%02x`, r)
		return 4
	case unicode.IsPrint(r) && !blank(r) && marks <= maxMarks:
		b.WriteString(raw)
		return 1
	case r > 0xffff:
		fmt.Fprintf(b, `\U%08x`, r)
		return 10
	}
	fmt.Fprintf(b, `\u%04x`, r)
	return 6
}

// white is what separates words: Unicode's spaces and ASCII's. The line and
// paragraph separators are not among them, they are spelt out.
func white(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || unicode.Is(unicode.Zs, r)
}

// blank runes count as letters or symbols in Unicode, but nobody sees them:
// the Hangul fillers, the empty Braille pattern, the grapheme joiner, Khmer's
// inherent vowels, and the variation selectors.
func blank(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0, 0xfffc:
		return true
	}
	return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef
}

// ascii spells text for a terminal that knows no UTF-8. Bytes above 0x7f may
// be control codes there (the second byte of "ś" is an 8-bit CSI), so none is
// left.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch to, ok := plain[r]; {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case ok:
			b.WriteString(to)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// plain are the signs that our own sentences use.
var plain = map[rune]string{
	'…': "...", '→': "->", '✓': "ok", '✗': "FAIL", '–': "-", '—': "-", '·': "-",
	'’': "'", '‘': "'", '“': `"`, '”': `"`, '•': "*", '≥': ">=", '≤': "<=", '×': "x",
}

// Line is text for one line of a terminal: harmless, and at most limit runes.
func Line(s string, limit int, onlyASCII bool) string {
	s = inert(s, limit)
	if onlyASCII {
		s = ascii(s)
	}
	return s
}

// Lines is text of several lines, harmless, with its line ends and spaces kept.
func Lines(s string, onlyASCII bool) string {
	p := page{o: TextOptions{ASCII: onlyASCII}}
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(p.literal(strings.TrimRight(line, "\r\n")) + "\n")
	}
	return b.String()
}
