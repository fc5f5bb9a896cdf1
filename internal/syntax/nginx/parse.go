package nginx

import (
	"fmt"
	"path"
	"slices"
	"strings"

	crossplane "github.com/nginxinc/nginx-go-crossplane"
)

// Bounds: nginx has none, but the host may be hostile.
const (
	maxDepth  = 500       // blocks in blocks
	maxNest   = 30        // includes in includes
	maxReads  = 5000      // files read, repeats counted
	maxBytes  = 64 << 20  // of all files together, repeats counted
	maxFile   = 8 << 20   // of one file
	maxErrors = 200       // kept
	maxTree   = 2_000_000 // directives
)

type parser struct {
	src    Source
	prefix string
	cfg    *Config
	seen   map[string]bool
	open   []string // the chain of includes
	reads  int
	bytes  int
	nodes  int
	full   bool
	text   *source // of the file that is being read
}

// Parse reads the main configuration file and all that it includes. prefix is
// the folder that relative includes start from; nginx takes the folder of the
// main file (NGX_CONF_PREFIX), and so does an empty prefix. It never fails: what
// could not be read is in Errors, and the rest is in the tree.
func Parse(main, prefix string, src Source) *Config {
	if prefix == "" {
		prefix = path.Dir(main)
	}
	c := &Config{Root: &Directive{isBlock: true, File: main}}
	p := &parser{src: src, prefix: prefix, cfg: c, seen: map[string]bool{}}
	text, err := p.read(main)
	if err != nil {
		p.fail(ParseError{File: main, Path: main, Text: "read " + main + ": " + err.Error(), Err: err})
		return c
	}
	p.file(main, text, c.Root)
	return c
}

// ParseText reads one text alone, as if it were the file named; includes in it
// are kept and not followed.
func ParseText(file, text string) *Config {
	c := &Config{Root: &Directive{isBlock: true, File: file}, Files: []string{file}}
	p := &parser{cfg: c, seen: map[string]bool{}}
	p.file(file, text, c.Root)
	return c
}

func (p *parser) fail(e ParseError) {
	if len(p.cfg.Errors) < maxErrors {
		p.cfg.Errors = append(p.cfg.Errors, e)
	}
}

func (p *parser) read(name string) (string, error) {
	text, err := p.src.Read(name)
	if err != nil {
		return "", err
	}
	if !p.seen[name] {
		p.seen[name] = true
		p.cfg.Files = append(p.cfg.Files, name)
	}
	p.reads++
	p.bytes += len(text)
	switch {
	case len(text) > maxFile:
		return "", fmt.Errorf("%d bytes are more than we read of one file", len(text))
	case p.reads > maxReads || p.bytes > maxBytes:
		p.full = true
		return "", fmt.Errorf("too many included files")
	}
	return string(text), nil
}

// file puts the statements of one file under parent.
func (p *parser) file(name, text string, parent *Directive) {
	p.open = append(p.open, name)
	outer := p.text
	p.text = &source{text: text}
	defer func() { p.open, p.text = p.open[:len(p.open)-1], outer }()
	cur := parent
	var stmt []token
	var last token
	depth := 0
	for _, t := range lex(text) {
		if p.full {
			return
		}
		last = t
		switch {
		case t.err != "":
			p.fail(ParseError{File: name, Line: t.line, Text: t.err})
			stmt = nil
		case t.is(";"):
			p.statement(name, stmt, t, cur)
			stmt = nil
		case t.is("{"):
			d := p.statement(name, stmt, t, cur)
			stmt = nil
			if depth++; depth > maxDepth {
				p.fail(ParseError{File: name, Line: t.line, Text: "blocks are nested too deep"})
				return
			}
			cur = d
		case t.is("}"):
			if len(stmt) > 0 {
				p.fail(ParseError{File: name, Line: t.line, Text: fmt.Sprintf(`unexpected "}": directive "%s" is not terminated by ";"`, stmt[0].text)})
				p.add(name, stmt, cur, false)
				stmt = nil
			}
			if cur != parent { // the lexer reports a brace too many
				cur = cur.Parent
				depth--
			}
		default:
			stmt = append(stmt, t)
		}
	}
	if len(stmt) > 0 {
		p.fail(ParseError{File: name, Line: last.line, Text: `unexpected end of file, expecting ";" or "}"`})
		p.add(name, stmt, cur, false)
	}
}

// statement ends a statement with ";" or "{" and returns the last directive made.
func (p *parser) statement(file string, stmt []token, end token, parent *Directive) *Directive {
	if len(stmt) == 0 {
		p.fail(ParseError{File: file, Line: end.line, Text: fmt.Sprintf(`unexpected "%s"`, end.text)})
		if end.is(";") {
			return nil
		}
		return p.add(file, []token{{line: end.line}}, parent, true)
	}
	block := end.is("{")
	if !mapLike[parent.Name] {
		for {
			i := swallowed(stmt, block)
			if i == 0 {
				break
			}
			p.fail(ParseError{File: file, Line: stmt[0].line, Text: fmt.Sprintf(`directive "%s" is not terminated by ";"`, stmt[0].text)})
			p.finish(p.add(file, stmt[:i], parent, false))
			stmt = stmt[i:]
		}
		if known, isBlock, _ := shape(stmt[0].text, len(stmt)-1); known && isBlock != block {
			want := `is not terminated by ";"`
			if isBlock {
				want = `has no opening "{"`
			}
			p.fail(ParseError{File: file, Line: stmt[0].line, Text: fmt.Sprintf(`directive "%s" %s`, stmt[0].text, want)})
		}
	}
	d := p.add(file, stmt, parent, block)
	p.finish(d)
	return d
}

// finish follows an include; in a map its entries are `include FILE;` too.
func (p *parser) finish(d *Directive) {
	if d.Name == "include" && !d.isBlock && len(d.Args) == 1 && p.src != nil {
		p.include(d)
	}
}

func (p *parser) add(file string, stmt []token, parent *Directive, block bool) *Directive {
	d := &Directive{Name: stmt[0].text, File: file, Line: stmt[0].line, Parent: parent, isBlock: block, src: p.text}
	for _, t := range stmt[1:] {
		arg := t.text
		if !strings.HasSuffix(d.Name, "_by_lua_block") {
			arg = unescape(arg)
		}
		d.Args = append(d.Args, arg)
	}
	if d.Name == "if" && block {
		d.Args = condition(d.Args)
	}
	parent.Block = append(parent.Block, d)
	if p.nodes++; p.nodes > maxTree {
		p.full = true
	}
	return d
}

// condition takes the parentheses off `if (...)`.
func condition(args []string) []string {
	n := len(args)
	if n == 0 || !strings.HasPrefix(args[0], "(") || !strings.HasSuffix(args[n-1], ")") {
		return args
	}
	args[0] = strings.TrimPrefix(args[0], "(")
	args[n-1] = strings.TrimSuffix(args[n-1], ")")
	return slices.DeleteFunc(args, func(s string) bool { return s == "" })
}

// include follows `include PATTERN`, in place.
func (p *parser) include(d *Directive) {
	pattern := d.Args[0]
	if !path.IsAbs(pattern) {
		pattern = path.Join(p.prefix, pattern)
	}
	names := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		found, err := p.src.Glob(pattern)
		if err != nil {
			p.fail(ParseError{File: d.File, Line: d.Line, Path: pattern, Text: "read " + pattern + ": " + err.Error(), Err: err})
			return
		}
		names = globbed(pattern, found)
	}
	for _, name := range names {
		if p.full {
			return
		}
		if slices.Contains(p.open, name) || len(p.open) > maxNest {
			p.fail(ParseError{File: d.File, Line: d.Line, Path: name, Text: "include of " + name + " goes round in a circle"})
			continue
		}
		// nginx refuses to start if a name that the pattern matched cannot be
		// opened, as a dangling link in sites-enabled.
		text, err := p.read(name)
		if err != nil {
			p.fail(ParseError{File: d.File, Line: d.Line, Path: name, Text: "read " + name + ": " + err.Error(), Err: err})
			continue
		}
		p.file(name, text, d.Parent)
	}
}

// globbed sorts as glob(3) does in the C locale and drops hidden names, which
// glob(3) matches only where the pattern has the dot itself.
func globbed(pattern string, names []string) []string {
	want := strings.Split(pattern, "/")
	out := slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		parts := strings.Split(n, "/")
		if len(parts) != len(want) {
			return false
		}
		for i, part := range parts {
			if strings.HasPrefix(part, ".") && !strings.HasPrefix(want[i], ".") {
				return true
			}
		}
		return false
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// shape asks crossplane's tables about a directive: is it known, does it take a
// block, may it have n arguments.
func shape(name string, n int) (known, block, fits bool) {
	const (
		bitBlock = 0x100 // ngx_conf_file.h, NGX_CONF_BLOCK
		bitExpr  = 0x200
		bitFlag  = 0x400
		bitAny   = 0x800
		bit1More = 0x1000
		bit2More = 0x2000
	)
	masks, ok := crossplane.DefaultDirectivesMatchFunc(name)
	if !ok {
		return false, false, true
	}
	blocks := 0
	for _, m := range masks {
		if m&bitBlock != 0 {
			blocks++
		}
		fits = fits || m&(bitAny|bitExpr) != 0 || n < 7 && m&(1<<n) != 0 ||
			m&bitFlag != 0 && n == 1 || m&bit1More != 0 && n >= 1 || m&bit2More != 0 && n >= 2
	}
	if blocks != 0 && blocks != len(masks) || strings.HasSuffix(name, "_by_lua_block") {
		return false, false, fits // `server` is a block in http and a line in upstream
	}
	return true, blocks > 0, fits
}

// swallowed finds where a statement without its ";" has run into the next one:
// the index of the word that begins a line and is a directive. It answers only
// where nginx would refuse too: `server_name a` NEWLINE `root /x;` is one valid
// server_name with three names.
func swallowed(stmt []token, block bool) int {
	name := stmt[0].text
	known, isBlock, fits := shape(name, len(stmt)-1)
	if !known || isBlock && block || fits && !block && name != "listen" {
		return 0
	}
	for i := 1; i < len(stmt); i++ {
		t := stmt[i]
		if t.quoted || t.line == stmt[i-1].line {
			continue
		}
		if slices.Contains([]string{"ssl", "http2", "proxy_protocol", "quic"}, t.text) && name == "listen" {
			continue
		}
		if _, ok := crossplane.DefaultDirectivesMatchFunc(t.text); ok {
			return i
		}
	}
	return 0
}
