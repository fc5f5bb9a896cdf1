package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Tried is what the app's hooks and handlers made of requests in the sandbox.
func (a *App) Tried() fact.Of[tape.Trial] {
	why := fact.Why{Text: "send requests to the app with a stop in the place of its views", Ask: a.Source.Ask}
	switch {
	case a.Trial == nil:
		why.Text += ": they did not come back"
		why.Hint = "make a new recording with this version of assay"
		return fact.Unknown[tape.Trial](why)
	case a.Trial.Late:
		why.Text += ": its hooks took more than three seconds"
		return fact.Unknown[tape.Trial](why)
	}
	return fact.Known(*a.Trial)
}

// Debugging says that flask.debug has what the app does with errors.
func (a *App) Debugging() bool { return Is(a.App.App.Debug) || Is(a.App.App.Testing) }

// Failing is an app with whether nginx puts pages of its own in the place of its
// errors.
type Failing struct {
	*AppServer
	Masked fact.Of[bool]
}

// Failings is the app, with what visitors see of its errors.
func (d *Deployment) Failings() fact.Of[[]*Failing] {
	return fact.Then(d.Apps(), func(list []*AppServer) []*Failing {
		var out []*Failing
		for _, s := range list {
			masked := fact.Then(fromWhole(d, intercepted), func(all []bool) bool { return len(all) > 0 && !slices.Contains(all, false) })
			out = append(out, &Failing{s, masked})
		}
		return out
	})
}

// intercepted says of each way to the app whether nginx answers a 500 itself.
func intercepted(s *Site) []bool {
	var out []bool
	for _, r := range s.Routes {
		v, _ := syntax.Value(r.Pass.Parent, "proxy_intercept_errors")
		own := slices.ContainsFunc(syntax.Effective(r.Pass.Parent, "error_page"), func(d *syntax.Directive) bool { return slices.Contains(d.Args, "500") })
		out = append(out, v == "on" && own)
	}
	return out
}

// entrance are views at which nobody is logged in yet, or is let go.
var entrance = regex.New(`(?i)log-?in|log-?out|sign-?in|sign-?up|sign-?out|register|webhook|callback`)

// Unguarded are the views that change something for who is logged in by a
// cookie, and that a form of another site reaches. Unsure are those of which the
// trial does not tell: a hook ended the request in its own way.
func (a *App) Unguarded(t tape.Trial) (open, unsure []tape.ForgedTry) {
	wtf := true
	if c, ok := a.Setting("WTF_CSRF_ENABLED"); ok && !Is(c) {
		wtf = false
	}
	for _, f := range t.Forged {
		v, ok := a.Views[f.Endpoint]
		if !ok || !ownFile(v.File) || entrance.MatchString(f.Endpoint) || !byCookie(v) || asksToken(f.Tokens, wtf) {
			continue
		}
		switch {
		case f.Reached:
			open = append(open, f)
		case f.Error != "" || f.Status < 400 || f.Status == 401 || f.Status >= 500:
			unsure = append(unsure, f)
		}
	}
	return open, unsure
}

// byCookie says that a view knows its visitor by the session.
func byCookie(v tape.AppView) bool {
	uses := slices.Clone(v.Uses)
	for _, w := range v.Wraps {
		uses = append(uses, w.Uses...)
		if strings.HasPrefix(w.Module, "flask_login") {
			uses = append(uses, "current_user")
		}
	}
	return (slices.Contains(uses, "current_user") || slices.Contains(uses, "session")) &&
		!slices.ContainsFunc(uses, func(u string) bool {
			return u == "authorization" || u == "jwt_required" || u == "get_jwt_identity"
		})
}

// asksToken: a form's own validation looks at its token (FlaskForm, unless
// WTF_CSRF_ENABLED is off); JSON needs a preflight, which another site does not
// get.
func asksToken(tokens []string, wtf bool) bool {
	return slices.ContainsFunc(tokens, func(n string) bool { return wtf || n != "validate_on_submit" && n != "validate" })
}

// Extends says that the app has an extension.
func (a *App) Extends(name string) bool {
	return slices.ContainsFunc(a.Extensions, func(e tape.Extension) bool { return e.Name == name })
}
