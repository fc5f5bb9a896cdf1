package model

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// A SigningKey is a setting that signs what visitors bring back.
type SigningKey struct {
	tape.AppSetting
	Source fact.Source
	Signs  string // what: "sessions"
}

// Empty says that nothing is set, as Flask sees it.
func (k SigningKey) Empty() bool { return k.Secret == "" && k.Len == 0 && !Is(k.AppSetting) }

// Default says that the value is a sample that everybody knows. Harmless words
// come without a token: true, none, 1.
func (k SigningKey) Default() bool {
	return strings.Contains(k.Secret, ":default:") || k.Secret == "" && k.Value != nil && !k.Empty()
}

// Characters is its length.
func (k SigningKey) Characters() int { return max(k.Len, len(Text(k.AppSetting))) }

// Key is SECRET_KEY.
func (a *App) Key() SigningKey {
	return a.signingKey("SECRET_KEY", "sessions")
}

// OtherKeys are the keys of extensions that are set on their own; each falls
// back to SECRET_KEY.
func (a *App) OtherKeys() []SigningKey {
	var out []SigningKey
	for _, k := range [][2]string{{"WTF_CSRF_SECRET_KEY", "form tokens"}, {"JWT_SECRET_KEY", "JWTs"}, {"SECURITY_PASSWORD_SALT", "passwords and reset links"}} {
		if x := a.signingKey(k[0], k[1]); !x.Empty() {
			out = append(out, x)
		}
	}
	return out
}

func (a *App) signingKey(name, signs string) SigningKey {
	c, ok := a.Setting(name)
	if !ok {
		c = tape.AppSetting{Key: name, Type: "NoneType"}
	}
	k := SigningKey{AppSetting: c, Source: a.From(c), Signs: signs}
	if name == "SECRET_KEY" && a.KeyLine != nil {
		k.Source.Where, k.Source.Line = a.KeyLine.File, a.KeyLine.Line
	}
	return k
}

// KeyFallback is the line of an app's code that makes a key by chance where a
// variable is missing, which is there.
type KeyFallback struct {
	Server *AppServer
	App    *App
}

// Subject names it without volatile values.
func (f *KeyFallback) Subject() string { return "the key without " + f.App.KeyLine.Env }

// Node is its place in the model's graph.
func (f *KeyFallback) Node() Node { return f.Server.Node() }

// KeyFallbacks are those of the apps that sign.
func (d *Deployment) KeyFallbacks() fact.Of[[]*KeyFallback] {
	return fact.Bind(d.Apps(), func(list []*AppServer) fact.Of[[]*KeyFallback] {
		var out []*KeyFallback
		for _, s := range list {
			var n fact.Notes
			a, state := s.Code.Look(&n)
			if state == fact.IsUnknown {
				return fact.Unknown[[]*KeyFallback](n.Why())
			}
			if a == nil || a.KeyLine == nil || a.KeyLine.Env == "" || a.KeyLine.Random == "" || a.Key().Empty() {
				continue
			}
			_, signs := a.SignsAt()
			if anew, _ := a.MadeAnew(); signs && !anew {
				out = append(out, &KeyFallback{s, a})
			}
		}
		return fact.Known(out)
	})
}

// Signs is where the app's own code uses its key, first where it keeps a
// session; not ok where nothing was found that does.
func (a *App) SignsAt() (fact.Source, bool) {
	rank := func(s tape.Signer) int {
		return slices.Index([]string{"session", "login_user", "LoginManager", "OAuth", "FlaskForm", "CSRFProtect", "flash"}, s.What) & 0xff
	}
	if list := slices.SortedStableFunc(slices.Values(a.Signs), func(x, y tape.Signer) int { return rank(x) - rank(y) }); len(list) > 0 {
		s := list[0]
		return a.At(&tape.Frame{File: s.File, Line: s.Line}, "imports "+s.What+" from "+s.Module), true
	}
	for _, name := range sortedKeys(a.Views) {
		v := a.Views[name]
		for _, use := range []string{"session", "flash", "current_user", "login_required"} {
			if slices.Contains(v.Uses, use) {
				return a.At(&tape.Frame{File: v.File, Line: v.Line}, v.Name+" uses "+use), true
			}
		}
	}
	for _, e := range a.Extensions {
		if slices.Contains([]string{"csrf", "security", "flask-jwt-extended", "debugtoolbar"}, e.Name) {
			src := a.Source
			src.Text = "app.extensions holds " + e.Name + ", " + e.Class
			return src, true
		}
	}
	return fact.Source{}, false
}

// tokenDists sign with whatever key they are given, mostly this one.
var tokenDists = []string{"pyjwt", "python-jose", "jwcrypto", "authlib", "joserfc"}

// SignsNothing says that nothing was found that takes the key: neither in the
// app's own code nor among what is installed for tokens.
func (a *App) SignsNothing() bool {
	_, signs := a.SignsAt()
	return !signs && !slices.ContainsFunc(tokenDists, func(d string) bool { return a.dist(d) != "" })
}

// Cookies says that sessions are Flask's own: all of one in a signed cookie.
func (a *App) Cookies() bool {
	return a.App.App.Session == "flask.sessions.SecureCookieSessionInterface"
}

// Preload says that gunicorn loads the app before it forks its workers.
func (a *App) Preload() bool { return a.Gunicorn["preload_app"] == true }

// Staff is how many workers there are, and in words how they came to their app.
func (s *AppServer) Staff(w fact.Witness, a *App) (int, string) {
	n := 1
	if f, ok := a.Gunicorn["workers"].(float64); ok && f >= 1 {
		n = int(f)
	} else if list, state := s.Workers.Look(w); state == fact.IsKnown && len(list) > 0 {
		n = len(list)
	}
	switch {
	case n == 1:
		return n, "one worker"
	case a.Preload():
		return n, fmt.Sprintf("%d workers, with preload_app", n)
	}
	return n, fmt.Sprintf("%d workers, each of which imports the app", n)
}

// SetIn is the line of a unit's files that sets a variable.
func (s *AppServer) SetIn(name string) (file string, line int, ok bool) {
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	if state != fact.IsKnown {
		return "", 0, false
	}
	t, _ := u.Files.Look(&n)
	v, ok := t.Env[name]
	return v.File, v.Line, ok && v.Line > 0
}

// EnvFileFor is the file of variables (EnvironmentFile=) that sets one, or, where
// nothing does, the only one that the unit reads.
func (s *AppServer) EnvFileFor(name string) (string, bool) {
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	if state != fact.IsKnown {
		return "", false
	}
	t, state := u.Files.Look(&n)
	if state != fact.IsKnown || len(t.EnvHidden) > 0 {
		return "", false
	}
	var files []string
	for _, x := range t.All("Service", "EnvironmentFile") {
		if x.Value != "" {
			files = append(files, strings.TrimPrefix(x.Value, "-"))
		}
	}
	v, set := t.Env[name]
	if set {
		return v.File, slices.Contains(files, v.File)
	}
	if len(files) != 1 || !strings.HasPrefix(files[0], "/") || strings.ContainsAny(files[0], "*?[%") {
		return "", false
	}
	return files[0], true
}
