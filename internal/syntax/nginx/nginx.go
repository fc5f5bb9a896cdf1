// Package nginx reads nginx configuration as nginx itself does: includes
// resolved in place, levels inheriting, the server and the location that a
// request ends in. It reads no disk: files come through a Source.
//
// The words are cut by crossplane's lexer; the tree, the includes and all rules
// are here, since a broken file must still give the part that can be read.
// Rules are those of nginx 1.22 to 1.26 (src/core/ngx_conf_file.c,
// src/http/ngx_http_core_module.c, src/http/ngx_http.c).
package nginx

import "fmt"

// Source gives the bytes of files. Paths are absolute, with slashes.
type Source interface {
	// Read returns the whole file. Its error is kept in ParseError.Err.
	Read(path string) ([]byte, error)
	// Glob returns the names that match a glob(3) pattern, in any order.
	Glob(pattern string) ([]string, error)
}

// Config is one nginx configuration with all its includes.
type Config struct {
	Root   *Directive   // the main context: no name, Block holds the top directives
	Errors []ParseError // what nginx would refuse, in the order met
	Files  []string     // every file that was read, once, in the order of the first reading
}

// Directive is one statement, simple or block.
//
// Args are unquoted and unescaped as nginx does it; for `if` the parentheses
// are gone: `if ($a = b)` has Args "$a", "=", "b". A Lua block is one argument.
// An `include` stays in the tree, in front of what it brought in.
type Directive struct {
	Name   string
	Args   []string
	File   string // the file that holds the statement, also for included ones
	Line   int    // 1-based line of the name
	Block  []*Directive
	Parent *Directive // nil for Config.Root alone

	isBlock bool
	src     *source // of File; nil for Config.Root
}

// ParseError is a place where nginx would refuse to load.
type ParseError struct {
	File string // file and line of the statement (for an include: of the include)
	Line int    // 0: the file as a whole
	Path string // the file that could not be read, if that is the reason
	Text string
	Err  error // what Source returned, or nil
}

// Error is "FILE:LINE: TEXT".
func (e ParseError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Text)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Unwrap is the error that Source returned.
func (e ParseError) Unwrap() error { return e.Err }

// IsBlock tells `server {}` from `server x;`.
func (d *Directive) IsBlock() bool { return d != nil && d.isBlock }

// Arg is argument i, or "" if there are fewer.
func (d *Directive) Arg(i int) string {
	if d == nil || i < 0 || i >= len(d.Args) {
		return ""
	}
	return d.Args[i]
}

// Find returns the direct children with one of these names, in order.
func (d *Directive) Find(names ...string) []*Directive {
	if d == nil {
		return nil
	}
	var out []*Directive
	for _, c := range d.Block {
		for _, n := range names {
			if c.Name == n {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// All returns every descendant with this name, in the order of the text. The
// entries of maps, types and the like are data and are not entered.
func (d *Directive) All(name string) []*Directive {
	if d == nil {
		return nil
	}
	var out []*Directive
	for _, c := range d.Block {
		if c.Name == name {
			out = append(out, c)
		}
		if !mapLike[c.Name] {
			out = append(out, c.All(name)...)
		}
	}
	return out
}

// In returns the nearest enclosing block with this name, d itself included.
func (d *Directive) In(name string) *Directive {
	for ; d != nil; d = d.Parent {
		if d.Name == name && d.isBlock {
			return d
		}
	}
	return nil
}

// Servers returns the server blocks of http, in configuration order (the order
// decides the default server). Those of a broken file, where a brace too many
// closed http early, count too; those of stream and mail do not.
func (c *Config) Servers() []*Directive {
	var out []*Directive
	for _, s := range c.Root.All("server") {
		if s.isBlock && (s.Parent.Name == "http" || s.Parent == c.Root) {
			out = append(out, s)
		}
	}
	return out
}

// mapLike are the blocks whose statements are data, not directives.
var mapLike = map[string]bool{
	"map": true, "geo": true, "types": true, "split_clients": true,
	"charset_map": true, "match": true, "geoip2": true,
}
