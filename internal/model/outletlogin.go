package model

import (
	"path"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Block is nginx's location.
func (w *Outlet) Block() fact.Source { return facts.DirectiveSource(w.Static.loc) }

// Login is why the view is not for everybody, by its code; "" for none.
func (w *Outlet) Login() string {
	if w.View == nil {
		return ""
	}
	return LoginOf(*w.View)
}

// LoginOf is why a view is not for everybody: a decorator, or what its code asks.
func LoginOf(v tape.AppView) string {
	for _, x := range v.Wraps {
		for _, module := range []string{"flask_login", "flask_jwt_extended", "flask_security", "flask_httpauth"} {
			if x.Module == module || strings.HasPrefix(x.Module, module+".") {
				return "a decorator of " + module
			}
		}
		if used := who(x.Uses); len(used) > 0 {
			return used[0] + ", in its decorator"
		}
	}
	if used := who(v.Uses); len(used) > 0 {
		return used[0]
	}
	return ""
}

// guessless is a name that nobody guesses: twenty characters by chance.
var guessless = regex.New(`(?i)([0-9a-f]{20,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9_-]{22,})`)

// Guessable says that the names of some files can be guessed.
func (x *UploadWay) Guessable(w fact.Witness) bool {
	files, _ := x.Files.Look(w)
	some := false
	for _, e := range files {
		if e.Type != "file" || hidden(e.Path) {
			continue
		}
		some = true
		base := path.Base(e.Path)
		if !guessless.MatchString(base) || !strings.ContainsAny(base[:len(base)-len(path.Ext(base))], "0123456789") {
			return true
		}
	}
	return !some
}
