package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// App is the app as it became when it was loaded once, in the sandbox.
type App struct {
	tape.App
	Ref    string      // what later asks name it by: "pid 812"
	Source fact.Source // for what has no better one
}

// CodeNode is the app's code, as it would load now.
func (s *AppServer) CodeNode() Node { return Node("code:" + s.Name) }

// loadApp asks for the app as soon as it is known how its service is started.
func (b *builder) loadApp(s *AppServer) {
	s.Loaded = b.loaded(s)
	s.Code = fact.Bind(s.Loaded, func(a *App) fact.Of[*App] {
		switch {
		case a.Ended != "":
			return fact.Unknown[*App](fact.Why{Text: "load the app: " + a.Ended, Ask: a.Source.Ask})
		case a.Error != nil && a.Error.Refused != "":
			why, hint := a.refusal()
			return fact.Unknown[*App](fact.Why{Text: "load the app: " + why, Hint: hint, Ask: a.Source.Ask})
		case a.Error != nil:
			return fact.Unknown[*App](fact.Why{Text: "load the app: " + Line(a.Error), Ask: a.Source.Ask})
		case a.App.App == nil && (a.Kind == "" || a.Kind == "flask"):
			return fact.Unknown[*App](fact.Why{Text: "tell what the app became: " + strings.Join(a.Trouble, "; "), Ask: a.Source.Ask})
		case a.App.App == nil:
			return fact.Absent[*App](fact.Source{Where: a.Source.Where, Text: a.Target + " is no Flask app: " + a.Kind, Ask: a.Source.Ask})
		}
		return fact.Known(a)
	})
}

func (b *builder) loaded(s *AppServer) fact.Of[*App] {
	no := func(why string) fact.Of[*App] { return fact.Unknown[*App](fact.Why{Text: "load the app: " + why}) }
	switch {
	case s.Container != "":
		return no("it runs in a container (" + s.Container + "), which is not entered")
	case s.Idle:
		return no("its unit neither runs nor is enabled")
	}
	var n fact.Notes
	m, up := s.Master.Look(&n)
	_, us := s.Unit.Look(&n)
	u, known := s.User.Look(&n)
	if up == fact.IsUnknown || known != fact.IsKnown {
		return fact.Unknown[*App](n.Why())
	}
	name, id := "unit "+s.unitName, tape.Identity{UID: u.UID, GID: u.GID, Groups: u.Groups}
	if up == fact.IsKnown {
		name = "pid " + strconv.Itoa(m.PID)
		if retitled(m.Args) && us == fact.IsKnown {
			name += " unit " + s.unitName
		}
	} else if us != fact.IsKnown {
		return no("nothing starts it")
	}
	target := ""
	if !s.Gunicorn() {
		target = s.App
	}
	f := b.f.App(name, target, id.String())
	return fact.Then(f, func(p tape.App) *App {
		return &App{App: p, Ref: name, Source: fact.Source{Where: "the app, loaded in a sandbox", Ask: tape.Ask{Kind: tape.KindApp, Name: name, Arg: target, As: id.String()}}}
	})
}

// retitled: setproctitle has written over the command line.
func retitled(args []string) bool {
	return len(args) > 0 && strings.HasPrefix(args[0], "gunicorn: ")
}

// Line is an exception in one line: "KeyError: 'SECRET_KEY'".
func Line(e *tape.AppError) string { return e.Type + ": " + firstLine(cmp.Or(e.Text, e.Cause)) }

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

// Reached is what the app reached for and the sandbox does not have.
func (a *App) Reached() string {
	for _, what := range []string{"connect", "address", "socket", "program"} {
		for _, r := range a.Refused {
			if r.What == what {
				return strings.TrimSpace(map[string]string{"connect": "a connection to", "address": "a connection to", "socket": "the network", "program": "the program"}[what] + " " + r.Target)
			}
		}
	}
	return "the network"
}

// refusal says why the sandbox, and not the app, made the import fail.
func (a *App) refusal() (why, hint string) {
	last := "(" + Line(a.Error) + ")"
	switch a.Error.Refused {
	case "network":
		return "it needs " + a.Reached() + " while it is imported, which a sandbox does not have", "connect when the first request comes, not at import"
	case "disk":
		return "it writes to the disk while it is imported, which a sandbox does not let it do " + last, "write when the first request comes, not at import"
	case "hidden":
		return "it reads what lies in /run or /tmp, which are empty in a sandbox " + last, ""
	case "rights":
		return "its service runs as root, and it was loaded as nobody " + last, "give the service a user of its own: User= in its unit"
	}
	return "it came to a limit of the sandbox " + last, ""
}

// Setting finds a value of app.config.
func (a *App) Setting(key string) (tape.AppSetting, bool) {
	for _, c := range a.Config {
		if c.Key == key {
			return c, true
		}
	}
	return tape.AppSetting{}, false
}

// Is says that a setting is Python's True (or text that Python takes for true).
func Is(c tape.AppSetting) bool {
	var v any
	if json.Unmarshal(c.Value, &v) != nil {
		return c.Len > 0 || c.Count > 0 || len(c.Items) > 0
	}
	switch v := v.(type) {
	case bool:
		return v
	case float64:
		return v != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	}
	return false
}

// Text is a setting's value where it is text that may come out, else "".
func Text(c tape.AppSetting) string {
	var s string
	_ = json.Unmarshal(c.Value, &s)
	return s
}

// From says which line of the app set a value.
func (a *App) From(c tape.AppSetting) fact.Source {
	src := a.Source
	src.Text = c.Key + " = " + a.show(c)
	switch {
	case c.At != nil:
		src.Where, src.Line = c.At.File, c.At.Line
	case c.By != nil && *c.By >= 0 && *c.By < len(a.Loads):
		l := a.Loads[*c.By]
		src.Text += " by " + l.How + " " + l.Name
		if l.At != nil {
			src.Where, src.Line = l.At.File, l.At.Line
		}
	case c.Default:
		src.Text += " (Flask's default)"
	}
	return src
}

func (a *App) show(c tape.AppSetting) string {
	switch {
	case c.Secret != "":
		return c.Secret
	case c.URL != "":
		return c.URL
	case c.Value != nil:
		return string(c.Value)
	case c.Len > 0:
		return fmt.Sprintf("%s of %d characters", c.Type, c.Len)
	}
	return c.Type
}

// MadeAnew says that each import makes a key of its own: a second one did, or
// the line that sets the key calls for random bytes, and the key stands in no
// variable and no file. known is false where neither tells.
func (a *App) MadeAnew() (yes, known bool) {
	switch {
	case a.Again != "":
		return a.Again == "different", true
	case len(a.Key().From) > 0:
		return false, true
	case a.KeyLine != nil && a.KeyLine.Random != "":
		return true, true
	}
	return false, false
}

// At makes a place in the app's code evidence.
func (a *App) At(f *tape.Frame, text string) fact.Source {
	src := a.Source
	src.Text = text
	if f != nil {
		src.Where, src.Line = f.File, f.Line
	}
	return src
}

// Apps are the app servers whose app can be loaded.
func (d *Deployment) Apps() fact.Of[[]*AppServer] {
	return of(d, func() fact.Of[[]*AppServer] {
		if d.Server == nil || d.Server.Idle {
			return fact.Known[[]*AppServer](nil)
		}
		return fact.Known([]*AppServer{d.Server})
	})
}

// Blame are the frames of a failed import that say most: the last of the app's
// own code, and the last of all where that is another one.
func (a *App) Blame() []tape.Frame {
	if a.Error == nil || len(a.Error.Frames) == 0 {
		return nil
	}
	f := a.Error.Frames
	last := f[len(f)-1]
	for i := len(f) - 1; i >= 0; i-- {
		if f[i].Own && i < len(f)-1 {
			return []tape.Frame{f[i], last}
		}
		if f[i].Own {
			break
		}
	}
	return []tape.Frame{last}
}

// ReachedAt is the app's own line that reached for what the sandbox does not
// have.
func (a *App) ReachedAt() (tape.Frame, bool) {
	if a.Error != nil {
		for i := len(a.Error.Frames) - 1; i >= 0; i-- {
			if f := a.Error.Frames[i]; f.Own {
				return f, true
			}
		}
	}
	for _, r := range a.Refused {
		if r.At != nil {
			return *r.At, true
		}
	}
	return tape.Frame{}, false
}
