package gunicorn

import (
	"fmt"
	"strings"
)

// Effective is the value of a setting after gunicorn's order: default, then
// configuration file, then GUNICORN_CMD_ARGS, then command line.
type Effective struct {
	State  State    // Literal: Values hold; Absent: gunicorn's default; Unknown: Why
	Values []string // as text; a list setting has several; True, False, "" for None
	Place  Place
	Why    string
	Conf   ConfValue // what the configuration file says, if it decides
}

// Resolve works out one setting. conf is nil if the process reads no
// configuration file, or there is none; a file that exists and could not be read
// is to be passed as Conf{Err: ...}.
func (s Settings) Resolve(name string, conf *Conf) Effective {
	if !s.Is || s.Lost != "" {
		return Effective{Why: s.Lost}
	}
	if vs := s.Options[name]; len(vs) > 0 {
		e := Effective{State: Literal, Place: vs[len(vs)-1].Place}
		for _, v := range vs {
			e.Values = append(e.Values, v.Text)
			if v.Variables {
				e.State, e.Why = Unknown, "it holds a variable: "+v.Text
			}
		}
		return e
	}
	if name == "wsgi_app" && s.App.Module != "" {
		return Effective{State: Literal, Values: []string{s.App.String()}, Place: s.App.Place}
	}
	if conf == nil {
		return Effective{State: Absent}
	}
	v := conf.Get(name)
	e := Effective{State: v.State, Why: v.Why, Conf: v}
	if v.State != Absent {
		e.Place = Place{Kind: "conf", File: conf.File, Line: v.Line}
	}
	if v.State == Literal {
		e.Values = Texts(v.Value)
	}
	return e
}

// Texts is a literal in the form that command line values have.
func Texts(v any) []string {
	switch x := v.(type) {
	case nil:
		return []string{""}
	case bool:
		return []string{strings.ToUpper(fmt.Sprint(x)[:1]) + fmt.Sprint(x)[1:]}
	case []any:
		var out []string
		for _, e := range x {
			out = append(out, Texts(e)...)
		}
		return out
	case []Item:
		var out []string
		for _, e := range x {
			out = append(out, strings.Join(Texts(e.Key), ",")+"="+strings.Join(Texts(e.Value), ","))
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}
