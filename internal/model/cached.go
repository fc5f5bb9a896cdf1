package model

import (
	"encoding/json"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// CachedView is a view whose answers flask-caching keeps.
type CachedView struct {
	Endpoint string
	Rule     string
	View     tape.AppView
	// Own is why an answer is one visitor's: what it is made of.
	Own []string
	// Shown is what its templates put out of it.
	Shown []string
	// Inside: the login is asked for by what the cache keeps, so whoever comes
	// first answers for all.
	Inside bool
	// ByUser: the key or the condition knows who asks.
	ByUser bool
	// Opaque: the key or the condition is a function that does not show it.
	Opaque bool
	// Query: the view reads the query and the key leaves it out.
	Query bool
}

// personal are the names that stand for the visitor.
var personal = []string{"current_user", "session", "get_jwt_identity", "jwt_required", "cookies", "authorization", "set_cookie", "login_required"}

func who(names []string) []string {
	var out []string
	for _, n := range names {
		if slices.Contains(personal, n) {
			out = append(out, n)
		}
	}
	return out
}

// CachedViews are the app's.
func (a *App) CachedViews() []CachedView {
	var out []CachedView
	for _, name := range sortedKeys(a.Views) {
		v := a.Views[name]
		if v.Cached == nil {
			continue
		}
		c := CachedView{Endpoint: name, View: v}
		for _, r := range a.Rules {
			if r.Endpoint == name {
				c.Rule = r.Rule
				break
			}
		}
		own := who(v.Uses)
		if slices.Contains(v.Uses, "g") && a.gIsPersonal() {
			own = append(own, "g")
		}
		c.Shown = a.shows(v.Shows)
		c.Own = own
		c.Inside = insideCache(v)
		k := v.Cached
		keyed := isCall(k.MakeKey) || isCall(k.KeyPrefix)
		c.ByUser = a.knows(k.MakeKeyUses) || a.knows(k.PrefixUses) || a.knows(k.UnlessUses)
		c.Opaque = !c.ByUser && (keyed || isCall(k.Unless) || isCall(k.ResponseOnly))
		c.Query = slices.Contains(v.Uses, "args") && slices.Contains(v.Uses, "request") && !keyed && string(k.QueryString) != "true"
		out = append(out, c)
	}
	return out
}

func (a *App) shows(names []string) []string {
	var out []string
	for _, n := range []string{"current_user", "session", "csrf_token", "get_flashed_messages", "g"} {
		if !slices.Contains(names, n) || n == "g" && !a.gIsPersonal() {
			continue
		}
		switch n {
		case "csrf_token":
			n = "a form's token"
		case "get_flashed_messages":
			n = "messages"
		}
		out = append(out, n)
	}
	return out
}

func (a *App) knows(names []string) bool {
	return len(who(names)) > 0 || slices.Contains(names, "g")
}

func isCall(v json.RawMessage) bool { return string(v) == `"callable"` }

// gIsPersonal: what runs before the views puts the visitor there.
func (a *App) gIsPersonal() bool {
	return slices.ContainsFunc(a.Hooks, func(h tape.AppHook) bool {
		return len(who(h.Uses)) > 0 && slices.Contains(h.Uses, "g")
	})
}

// insideCache finds a login that is asked for behind the cache: decorators are
// told from the outside.
func insideCache(v tape.AppView) bool {
	behind := false
	for _, w := range v.Wraps {
		switch {
		case strings.HasPrefix(w.Module, "flask_caching"):
			behind = true
		case behind && (strings.HasPrefix(w.Module, "flask_login") || strings.HasPrefix(w.Module, "flask_jwt_extended") || len(who(w.Uses)) > 0):
			return true
		}
	}
	return false
}

// Caches says that answers are kept at all: flask-caching's null backend keeps
// nothing.
func (a *App) Caches() bool {
	c, _ := a.Setting("CACHE_TYPE")
	t := strings.ToLower(Text(c))
	return !strings.HasSuffix(t, "null") && !strings.HasSuffix(t, "nullcache")
}

// Place is where the view stands in the app's code.
func (a *App) Place(v tape.AppView) fact.Source {
	return a.At(&tape.Frame{File: v.File, Line: v.Line}, v.Name)
}
