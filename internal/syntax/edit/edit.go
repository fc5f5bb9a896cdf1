// Package edit changes lines of a text and leaves every other byte alone.
package edit

import (
	"fmt"
	"slices"
	"strings"
)

// Lines replaces whole lines of one file: those from Line up to but without
// Line+len(Old) become New. Old is what stood there when the change was thought
// out; where it is empty, New stands in front of Line. Lines are without their
// ends.
type Lines struct {
	Line int      `json:"line"` // from 1; one more than there are lines means the end
	Old  []string `json:"old,omitempty"`
	New  []string `json:"new,omitempty"`
}

// Split gives a text's lines without their ends, and whether the last one had
// one.
func Split(text string) (lines []string, ended bool) {
	if text == "" {
		return nil, true
	}
	text, ended = strings.CutSuffix(text, "\n")
	return strings.Split(text, "\n"), ended
}

// Apply makes all changes at once; they name the lines of the text as it is.
// Two that touch the same line, and one whose Old is not there, are an error.
func Apply(text string, all []Lines) (string, error) {
	lines, ended := Split(text)
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Lines) int { return a.Line - b.Line })
	var out []string
	at := 1
	for _, c := range all {
		if c.Line < at || c.Line+len(c.Old) > len(lines)+1 {
			return "", fmt.Errorf("line %d: two changes of one place, or no such line", c.Line)
		}
		for i, old := range c.Old {
			if lines[c.Line-1+i] != old {
				return "", fmt.Errorf("line %d is not what it was", c.Line+i)
			}
		}
		out = append(out, lines[at-1:c.Line-1]...)
		out = append(out, c.New...)
		at = c.Line + len(c.Old)
	}
	if len(out) > 0 && at > len(lines) {
		ended = true // what we end, we end as text files end
	}
	out = append(out, lines[at-1:]...)
	if len(out) == 0 {
		return "", nil
	}
	text = strings.Join(out, "\n")
	if ended {
		text += "\n"
	}
	return text, nil
}

// Span turns the replacement of a span of bytes into one of lines. It is not ok
// where the span lies outside of the text.
func Span(text string, from, to int, with string) (c Lines, ok bool) {
	if from < 0 || to < from || to > len(text) {
		return Lines{}, false
	}
	begin := strings.LastIndexByte(text[:from], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[to:], '\n'); i >= 0 {
		end = to + i
	}
	c = Lines{Line: strings.Count(text[:begin], "\n") + 1}
	c.Old, _ = Split(text[begin:end])
	c.New, _ = Split(text[begin:from] + with + text[to:end])
	if end < len(text) { // the line's end stands behind the span
		c.Old = strings.Split(text[begin:end], "\n")
		c.New = strings.Split(text[begin:from]+with+text[to:end], "\n")
	}
	return c, true
}
