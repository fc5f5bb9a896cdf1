package nginx

import (
	"strings"

	"assay/internal/syntax/edit"
)

// The changes of a configuration keep its comments and its layout: a span is
// replaced, and what is new stands indented as its neighbour does. None is ok
// where the place is not certain; then a person has to do it.

// place is where the directive stands in its file.
func (d *Directive) place() (place, bool) {
	if d == nil {
		return place{}, false
	}
	return d.src.find(d)
}

// Written is a statement as its file has it, a block's up to its brace; "" where
// that is not certain.
func (d *Directive) Written() string {
	p, ok := d.place()
	switch {
	case !ok:
		return ""
	case d.isBlock:
		return strings.TrimSpace(d.src.text[p.from:p.open])
	}
	return d.src.text[p.from:p.to]
}

// Head puts another head in the place of a block's own.
func (d *Directive) Head(head string) (edit.Lines, bool) {
	p, ok := d.place()
	if !ok || !d.isBlock {
		return edit.Lines{}, false
	}
	return edit.Span(d.src.text, p.from, p.from+len(d.Written()), head)
}

// Replace puts another statement, with its ";", in the place of a simple one.
func (d *Directive) Replace(statement string) (edit.Lines, bool) {
	p, ok := d.place()
	if !ok || d.isBlock {
		return edit.Lines{}, false
	}
	return edit.Span(d.src.text, p.from, p.to, statement)
}

// Delete takes a statement out, with its line where nothing else stands on it.
func (d *Directive) Delete() (edit.Lines, bool) {
	p, ok := d.place()
	if !ok {
		return edit.Lines{}, false
	}
	c, ok := edit.Span(d.src.text, p.from, p.to, "")
	if ok && len(c.New) == 1 && strings.TrimSpace(c.New[0]) == "" {
		c.New = nil
	}
	return c, ok
}

// Before puts statements on lines of their own in front of a directive.
func (d *Directive) Before(statements ...string) (edit.Lines, bool) {
	p, ok := d.place()
	if !ok || !alone(d.src.text, p.from) {
		return edit.Lines{}, false
	}
	return edit.Lines{Line: p.line, New: indented(indent(d.src.text, p.from), statements)}, true
}

// After puts statements on lines of their own behind a directive.
func (d *Directive) After(statements ...string) (edit.Lines, bool) {
	p, ok := d.place()
	if !ok || !alone(d.src.text, p.from) {
		return edit.Lines{}, false
	}
	end := p.to
	if i := strings.IndexByte(d.src.text[end:], '\n'); i >= 0 {
		end += i
	} else {
		end = len(d.src.text)
	}
	if tail := strings.TrimSpace(d.src.text[p.to:end]); tail != "" && !strings.HasPrefix(tail, "#") {
		return edit.Lines{}, false
	}
	line := strings.Count(d.src.text[:end], "\n") + 2
	return edit.Lines{Line: line, New: indented(indent(d.src.text, p.from), statements)}, true
}

// Inside puts statements into a block: behind the last simple one of its own
// file that stands in front of the first block in it, else as its first lines.
func (d *Directive) Inside(statements ...string) (edit.Lines, bool) {
	p, ok := d.place()
	if !ok || !d.isBlock || d.src == nil {
		return edit.Lines{}, false
	}
	var last *Directive
	for _, c := range d.Block {
		if c.src != d.src {
			continue
		}
		if c.isBlock {
			break
		}
		if c.Name != "include" || !strings.Contains(c.Arg(0), "*") { // those bring blocks
			last = c
		}
	}
	if last != nil {
		if c, ok := last.After(statements...); ok {
			return c, true
		}
	}
	end := strings.IndexByte(d.src.text[p.open:], '\n')
	if end < 0 || strings.TrimSpace(strings.TrimPrefix(d.src.text[p.open+1:p.open+end], " ")) != "" {
		return edit.Lines{}, false // `location / { proxy_pass ...; }` on one line
	}
	line := strings.Count(d.src.text[:p.open], "\n") + 2
	return edit.Lines{Line: line, New: indented(indent(d.src.text, p.from)+"    ", statements)}, true
}

// alone says that nothing stands in front on the line.
func alone(text string, from int) bool {
	return strings.TrimSpace(text[strings.LastIndexByte(text[:from], '\n')+1:from]) == ""
}

func indent(text string, from int) string {
	begin := strings.LastIndexByte(text[:from], '\n') + 1
	line := text[begin:from]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

func indented(with string, statements []string) []string {
	out := make([]string, len(statements))
	for i, s := range statements {
		if s != "" {
			out[i] = with + s
		}
	}
	return out
}
