package report

import (
	"strings"
	"unicode"
)

// Wrap breaks text at spaces into lines of at most width columns; see wrap.
func Wrap(s string, width int) []string { return wrap(s, width, 0) }

// wrap breaks text into lines of at most width columns, at spaces only: a word
// that is wider (a path, a URL) stays whole on a line of its own, since a
// terminal folds it so that it can still be copied, and we could not.
// The first line has lead columns less.
func wrap(s string, width, lead int) []string {
	var out []string
	var b strings.Builder
	at := lead
	for word := range strings.FieldsSeq(s) {
		w := columns(word)
		if b.Len() > 0 && at+1+w > width {
			out = append(out, b.String())
			b.Reset()
			at = 0
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += w
	}
	if b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

// Columns is how wide a terminal shows s, roughly.
func Columns(s string) int { return columns(s) }

// columns is how wide a terminal shows s, roughly: combining marks take none,
// East Asian wide forms and emoji take two.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r < 0x300:
			n++
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wideRunes are the blocks that Unicode's EastAsianWidth.txt (15.0) calls W or
// F, as whole blocks: a name is never aligned by one column better than that.
var wideRunes = [][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff},
	{0xa000, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
	{0x20000, 0x3fffd},
}

func wide(r rune) bool {
	for _, b := range wideRunes {
		if r >= b[0] && r <= b[1] {
			return true
		}
	}
	return false
}
