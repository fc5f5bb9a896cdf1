package nginx

import (
	"regexp"
	"strings"
)

// Location is the head of a location block.
type Location struct {
	Modifier  string // "" prefix, "=", "^~", "~", "~*", "@" named
	Path      string // prefix, path, pattern, or name with its "@"
	Directive *Directive
}

// ParseLocation reads the head of a location block; a modifier may stand
// without a blank, as in `location =/x` (ngx_http_core_location).
func ParseLocation(d *Directive) (Location, bool) {
	if d == nil || d.Name != "location" || !d.isBlock {
		return Location{}, false
	}
	l := Location{Directive: d}
	switch len(d.Args) {
	case 1:
		l.Path = d.Args[0]
		for _, m := range []string{"=", "^~", "~*", "~"} {
			if rest, ok := strings.CutPrefix(l.Path, m); ok {
				l.Modifier, l.Path = m, rest
				return l, true
			}
		}
		if strings.HasPrefix(l.Path, "@") {
			l.Modifier = "@"
		}
	case 2:
		l.Modifier, l.Path = d.Args[0], d.Args[1]
	default:
		return Location{}, false
	}
	return l, true
}

// Locations are the location blocks directly in d.
func (d *Directive) Locations() []Location {
	var out []Location
	for _, c := range d.Find("location") {
		if l, ok := ParseLocation(c); ok {
			out = append(out, l)
		}
	}
	return out
}

// IsRegex tells the two kinds of patterns from the rest.
func (l Location) IsRegex() bool { return l.Modifier == "~" || l.Modifier == "~*" }

// Match is where a request path ends.
type Match struct {
	Location   *Directive // nil: no location, the server block itself answers
	Redirect   string     // not "": nginx answers 301 to this path (`location /x/ {proxy_pass}` asked for /x)
	CannotTell string     // not "": why; Location is then nil
	Doubt      *Directive // the location whose pattern we cannot run
}

// Match finds the location of a path as nginx 1.22 does
// (ngx_http_core_find_location): the exact one, else the longest prefix; unless
// that one says ^~ the first regex that matches wins; then the same again in
// the locations nested in it. uri is the path, decoded and normalised ("//",
// "/./" and "/../" resolved), a query is ignored. Rewrites, try_files and error
// pages come after and are left aside.
//
// Patterns are PCRE and are run by Go's regexp; one that does not compile there
// (look-ahead, back-reference) and could decide makes the answer CannotTell.
func (d *Directive) Match(uri string) Match {
	uri, _, _ = strings.Cut(uri, "?")
	m, _ := find(d, uri, 0)
	return m
}

// find also says whether the answer is final: an exact match, a redirect or a
// regex ends the search of the outer levels; a nested prefix does not.
func find(block *Directive, uri string, depth int) (m Match, final bool) {
	locs := block.Locations()
	best, redirect := longest(locs, uri)
	if best.Modifier == "=" {
		return Match{Location: best.Directive}, true
	}
	if best.Path != uri && redirect != nil {
		return Match{Location: redirect, Redirect: uri + "/"}, true
	}
	if best.Directive != nil {
		m.Location = best.Directive
		if depth < maxNest {
			if in, done := find(best.Directive, uri, depth+1); done {
				return in, true
			} else if in.Location != nil {
				m = in
			}
		}
	}
	if best.Modifier == "^~" {
		return m, false
	}
	for _, l := range locs {
		if !l.IsRegex() {
			continue
		}
		re, err := compile(l.Path, l.Modifier == "~*")
		if err != nil {
			return Match{CannotTell: "cannot run the pattern " + l.Path, Doubt: l.Directive}, true
		}
		if !re.MatchString(uri) {
			continue
		}
		m = Match{Location: l.Directive}
		if depth < maxNest {
			if in, done := find(l.Directive, uri, depth+1); done || in.Location != nil {
				return in, true
			}
		}
		return m, true
	}
	return m, false
}

// longest is the exact location or else the longest prefix, and the location
// that redirects PATH to PATH/.
func longest(locs []Location, uri string) (best Location, redirect *Directive) {
	for _, l := range locs {
		switch l.Modifier {
		case "=":
			if l.Path == uri {
				return l, nil
			}
		case "", "^~":
			if strings.HasPrefix(uri, l.Path) && (best.Directive == nil || len(l.Path) > len(best.Path)) {
				best = l
			}
			if l.Path == uri+"/" && passes(l.Directive) {
				redirect = l.Directive
			}
		}
	}
	return best, redirect
}

// passes is nginx's auto_redirect: set by each *_pass in a location whose name
// ends with "/".
func passes(loc *Directive) bool {
	for name := range handlers {
		if len(loc.Find(name)) > 0 {
			return true
		}
	}
	return false
}

// compile makes a Go pattern of a PCRE one. What Go cannot say is an error.
func compile(pattern string, fold bool) (*regexp.Regexp, error) {
	if fold {
		pattern = "(?i)" + pattern
	}
	return regexp.Compile(pattern)
}

// FileFor is the file that a static location serves for a path, as
// ngx_http_map_uri_to_path has it: root + path, or alias + what follows the
// prefix of the location that has the alias, glued without a slash. So
// `location /static` with `alias /x/static/` makes /x/static//a.css of
// /static/a.css, and `location /static/` with `alias /x` makes /xa.css.
//
// ok is false when the text alone does not say: a variable in the path, an alias
// in a regex location, a root that is relative or absent (nginx then takes a
// folder of its build). try_files and index are left aside.
func FileFor(loc *Directive, uri string) (file string, ok bool) {
	uri, _, _ = strings.Cut(uri, "?")
	for d := loc; d != nil; d = d.Parent {
		set := d.Find("root", "alias")
		if len(set) == 0 {
			continue
		}
		to := set[len(set)-1]
		dir := to.Arg(0)
		if strings.Contains(dir, "$") || !strings.HasPrefix(dir, "/") {
			return "", false
		}
		if to.Name == "root" {
			return strings.TrimSuffix(dir, "/") + uri, true
		}
		l, isLoc := ParseLocation(d)
		if !isLoc || l.IsRegex() || l.Modifier == "@" || !strings.HasPrefix(uri, l.Path) {
			return "", false
		}
		return dir + uri[len(l.Path):], true
	}
	return "", false
}
