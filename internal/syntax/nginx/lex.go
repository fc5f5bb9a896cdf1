package nginx

import (
	"errors"
	"strings"

	crossplane "github.com/nginxinc/nginx-go-crossplane"
)

type token struct {
	text   string
	line   int
	quoted bool
	err    string // a lexical error at this place; the text is then empty
}

// is tells a bare special character from a quoted one.
func (t token) is(special string) bool { return !t.quoted && t.err == "" && t.text == special }

// maxLexErrors ends the reading of a file that is not nginx configuration at all.
const maxLexErrors = 50

// lex cuts a file into words. crossplane v0.4.89 stops at the first error; we
// start it again behind that line, at the same depth of braces, so one stray
// brace does not hide the rest of the file.
func lex(text string) []token {
	var out []token
	depth, first := 0, 1 // first: line number of the first line of rest
	// the lexer hands over to lua only behind a blank
	rest := strings.ReplaceAll(text, "_by_lua_block{", "_by_lua_block {")
	for range maxLexErrors {
		skip := 2 * depth
		ch := crossplane.LexWithOptions(strings.NewReader(strings.Repeat("x{", depth)+rest),
			crossplane.LexOptions{Lexers: []crossplane.RegisterLexer{crossplane.LexWithLexer(lua{}, luaBlocks...)}})
		failed, last := 0, false
		for t := range ch {
			if skip > 0 {
				skip--
				continue
			}
			k := token{text: t.Value, line: t.Line + first - 1, quoted: t.IsQuoted}
			if t.Error != nil {
				k.text, k.err = "", t.Error.Error()
				var pe *crossplane.ParseError
				if errors.As(t.Error, &pe) {
					k.err = pe.What
					if pe.Line != nil {
						k.line = *pe.Line + first - 1
					}
				}
				failed, last = k.line, strings.HasPrefix(k.err, "unexpected end of file")
			} else if k.is("{") {
				depth++
			} else if k.is("}") {
				depth--
			} else if !k.quoted && strings.HasPrefix(k.text, "#") {
				continue
			}
			out = append(out, k)
		}
		if failed == 0 || last {
			return out
		}
		rest = linesFrom(rest, failed-first+1)
		first = failed + 1
		if rest == "" || depth > maxDepth {
			return out
		}
	}
	return out
}

// linesFrom is the text behind its first n lines.
func linesFrom(text string, n int) string {
	for ; n > 0; n-- {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	return text
}

// unescape resolves what crossplane leaves: nginx turns \" \' \\ into the
// character and \t \r \n into the control character, in bare and quoted words
// alike, and keeps every other backslash (ngx_conf_read_token).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			switch s[i+1] {
			case '"', '\'', '\\':
				b.WriteByte(s[i+1])
				i++
				continue
			case 't', 'r', 'n':
				b.WriteByte(map[byte]byte{'t': '\t', 'r': '\r', 'n': '\n'}[s[i+1]])
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var luaBlocks = []string{
	"init_by_lua_block", "init_worker_by_lua_block", "exit_worker_by_lua_block",
	"set_by_lua_block", "content_by_lua_block", "server_rewrite_by_lua_block",
	"rewrite_by_lua_block", "access_by_lua_block", "header_filter_by_lua_block",
	"body_filter_by_lua_block", "log_by_lua_block", "balancer_by_lua_block",
	"ssl_client_hello_by_lua_block", "ssl_certificate_by_lua_block",
	"ssl_session_fetch_by_lua_block", "ssl_session_store_by_lua_block",
}

// lua cuts a Lua block out as one word. crossplane's own knows no Lua comments:
// an apostrophe in `-- don't` swallows the rest of the file.
type lua struct{}

// Lex implements crossplane.Lexer.
func (lua) Lex(s *crossplane.SubScanner, name string) <-chan crossplane.NgxToken {
	out := make(chan crossplane.NgxToken, 3)
	defer close(out)
	if name == "set_by_lua_block" {
		arg := ""
		for s.Scan() && !(arg != "" && isSpace(s.Text())) {
			if !isSpace(s.Text()) {
				arg += s.Text()
			}
		}
		out <- crossplane.NgxToken{Value: arg, Line: s.Line()}
	}
	line := s.Line()
	var body luaBody
	for s.Scan() {
		c := s.Text()
		if body.depth == 0 {
			if isSpace(c) {
				continue
			}
			if c != "{" {
				break
			}
			body.depth = 1
			continue
		}
		if body.add(c) {
			out <- crossplane.NgxToken{Value: body.text.String(), Line: line, IsQuoted: true}
			out <- crossplane.NgxToken{Value: ";", Line: s.Line()}
			return out
		}
	}
	end := s.Line()
	out <- crossplane.NgxToken{Error: &crossplane.ParseError{What: "a Lua block has no braces, or does not end", Line: &end}}
	return out
}

// luaBody follows Lua's strings, long strings and comments just enough to find
// the closing brace (Lua 5.1 manual, 2.1).
type luaBody struct {
	text  strings.Builder
	depth int
	until string // what ends the string or comment that we are in
	quote bool   // until ends a short string: backslash escapes
	skip  bool
}

// add takes one character and reports whether it closed the block.
func (b *luaBody) add(c string) bool {
	if b.until == "" && c == "}" {
		b.depth--
		if b.depth == 0 {
			return true
		}
	}
	b.text.WriteString(c)
	t := b.text.String()
	switch {
	case b.until != "":
		if b.quote && b.skip {
			b.skip = false
		} else if b.quote && c == `\` {
			b.skip = true
		} else if b.until == "\n" && (strings.HasSuffix(t, "--[[") || strings.HasSuffix(t, "--[=[")) {
			b.until = strings.ReplaceAll(t[strings.LastIndex(t, "--")+2:], "[", "]")
		} else if strings.HasSuffix(t, b.until) {
			b.until, b.quote = "", false
		}
	case c == "{":
		b.depth++
	case c == `"` || c == "'":
		b.until, b.quote = c, true
	case strings.HasSuffix(t, "--"):
		b.until = "\n"
	case strings.HasSuffix(t, "[["):
		b.until = "]]"
	case strings.HasSuffix(t, "[=["):
		b.until = "]=]"
	}
	return false
}

// isSpace is true for the blanks of ngx_conf_read_token.
func isSpace(c string) bool { return c == " " || c == "\t" || c == "\n" || c == "\r" }
