package nginx

import (
	"slices"
	"strings"
)

// Resolve are the values that the argument of a proxy_pass or its like may have,
// as far as their address goes: `set` and `map` are followed. all is false where
// there may be others, which a client or something unread decides.
func (c *Config) Resolve(pass *Directive) (values []string, all bool) {
	all = true
	for _, r := range c.Read(pass, pass.Arg(0)) {
		text, open := "", false
		for _, p := range r.Pieces {
			if open = p.From != "" || p.Doubt != ""; open {
				if p.From == "$request_uri" || p.From == "$uri" || p.From == "$document_uri" { // begins with a slash
					text, open = text+"/", false
				}
				break
			}
			text += p.Text
		}
		if open && !wholeAddress(text) {
			all = false
			continue
		}
		if !slices.Contains(values, text) {
			values = append(values, text)
		}
	}
	return values, all && len(values) > 0
}

// wholeAddress says that a text goes beyond the address in it.
func wholeAddress(text string) bool {
	_, rest, found := strings.Cut(text, "://")
	if !found {
		rest = text
	}
	if path, is := strings.CutPrefix(rest, "unix:"); is {
		return strings.Contains(path, ":")
	}
	return strings.ContainsAny(rest, "/?#")
}
