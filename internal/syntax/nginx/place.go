package nginx

import "strings"

// place is where a statement stands in its file, in bytes.
type place struct {
	name       string
	line       int
	from, to   int // to is behind the ";" or the closing brace
	open, shut int // the braces of a block; 0, 0 of a simple statement
}

// source is one file's text; its places are found when somebody asks.
type source struct {
	text   string
	places []place
	known  bool
}

// find gives the place of a directive; it is not ok where the text does not say
// for certain which of two statements of one line is meant.
func (s *source) find(d *Directive) (p place, ok bool) {
	if s == nil {
		return p, false
	}
	if !s.known {
		s.places, s.known = places(s.text), true
	}
	for _, q := range s.places {
		if q.line == d.Line && q.name == d.Name && (q.open > 0) == d.isBlock {
			if ok {
				return place{}, false
			}
			p, ok = q, true
		}
	}
	return p, ok
}

// places cuts a text as ngx_conf_read_token does. A text with Lua in it, or one
// that nginx would refuse, has none: it is for a person to change.
func places(text string) []place {
	if strings.Contains(text, "_by_lua_block") {
		return nil
	}
	var out []place
	var open []int // indexes of blocks under way
	line, from, first := 1, -1, 0
	name := ""
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case c == ';' || c == '{':
			i++
			if from < 0 {
				return nil
			}
			p := place{name: name, line: first, from: from, to: i}
			if c == '{' {
				p.open = i - 1
				open = append(open, len(out))
			}
			out = append(out, p)
			from = -1
		case c == '}':
			i++
			if from >= 0 || len(open) == 0 {
				return nil
			}
			b := &out[open[len(open)-1]]
			b.shut, b.to = i-1, i
			open = open[:len(open)-1]
		default:
			end, lines, ok := endOfWord(text, i)
			if !ok {
				return nil
			}
			if from < 0 {
				from, first, name = i, line, strings.Trim(text[i:end], `"'`)
			}
			line += lines
			i = end
		}
	}
	if len(open) > 0 || from >= 0 {
		return nil
	}
	return out
}

// endOfWord ends the word that begins at i, and says how many line ends it holds.
func endOfWord(text string, i int) (end, lines int, ok bool) {
	if q := text[i]; q == '"' || q == '\'' {
		for i++; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '\n':
				lines++
			case q:
				return i + 1, lines, true
			}
		}
		return i, lines, false
	}
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
		case c == '$' && i+1 < len(text) && text[i+1] == '{':
			i++
		case strings.IndexByte(" \t\r\n;{", c) >= 0:
			return i, lines, true
		}
	}
	return i, lines, true
}
