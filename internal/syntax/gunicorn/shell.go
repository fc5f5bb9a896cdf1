package gunicorn

import "strings"

// shell reads `sh -c LINE`: the first of its commands that is gunicorn.
func (s *Settings) shell(w []word, depth int) ([]word, bool) {
	for i, x := range w {
		if !strings.HasPrefix(x.text, "-") {
			return nil, false // a script: its text is not here
		}
		if !strings.HasPrefix(x.text, "--") && strings.Contains(x.text, "c") && i+1 < len(w) {
			var cmd []word
			for _, y := range append(inner(w[i+1]), word{";", 0, true}) {
				if y.text != "&&" && y.text != ";" && y.text != "||" && y.text != "|" && y.text != "\n" && y.text != "&" {
					cmd = append(cmd, y)
					continue
				}
				if len(cmd) > 1 && cmd[0].text == "cd" {
					s.Chdir = cmd[1].text
				}
				if rest, ok := s.unwrap(cmd, depth+1); ok {
					return redirects(rest), true
				}
				cmd = nil
			}
			return nil, false
		}
	}
	return nil, false
}

// redirects cuts `> file 2>&1` off a shell command.
func redirects(w []word) []word {
	for i, x := range w {
		if strings.HasPrefix(strings.TrimLeft(x.text, "012&"), ">") || strings.HasPrefix(x.text, "<") {
			return w[:i]
		}
	}
	return w
}

func inner(line word) []word {
	var out []word
	for _, t := range shellWords(line.text) {
		out = append(out, word{t, line.at, true})
	}
	return out
}

// shellWords splits as a POSIX shell does, quotes and backslashes resolved;
// operators ; & | and line ends are words. An open quote ends with the text.
func shellWords(text string) []string {
	var out []string
	var b strings.Builder
	in := false
	flush := func() {
		if in {
			out = append(out, b.String())
		}
		b.Reset()
		in = false
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				end = len(text) - i - 1
			}
			b.WriteString(text[i+1 : i+1+end])
			i, in = i+1+end, true
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' && i+1 < len(text) && strings.IndexByte("\"\\$`", text[i+1]) >= 0 {
					i++
				}
				b.WriteByte(text[i])
			}
			in = true
		case c == '\\' && i+1 < len(text):
			i++
			if text[i] != '\n' {
				b.WriteByte(text[i])
				in = true
			}
		case c == ' ' || c == '\t' || c == '\r':
			flush()
		case c == '\n' || c == ';' || c == '|' || c == '&' && !strings.HasSuffix(b.String(), ">"):
			flush()
			op := string(c)
			if i+1 < len(text) && text[i+1] == c && c != '\n' && c != ';' {
				op += op
				i++
			}
			out = append(out, op)
		default:
			b.WriteByte(c)
			in = true
		}
	}
	flush()
	return out
}
