package model

import (
	"cmp"

	"assay/internal/fact"
	"assay/internal/facts"
)

// Service is how a unit starts its program: for whoever starts the same program
// once more, to look at it.
type Service struct {
	Argv []string
	Env  []string // NAME=value, sorted
	Dir  string
}

// ServiceOf reads a unit's service, as its files say it.
func ServiceOf(f *facts.Facts, name string) fact.Of[Service] {
	b := &builder{f: f, m: &Model{Needs: map[Node][]Node{}, Grew: map[Node][]Node{}}, units: map[string]fact.Of[*Unit]{}}
	if !b.machine() {
		return fact.Unknown[Service](b.lastWhy())
	}
	return fact.Bind(b.unit(name), func(u *Unit) fact.Of[Service] {
		return fact.Bind(u.Files, func(t UnitText) fact.Of[Service] {
			switch {
			case len(t.EnvHidden) > 0:
				return fact.Unknown[Service](t.EnvHidden[0])
			case len(t.Exec) == 0:
				return fact.Unknown[Service](fact.Why{Text: "read the program of " + name + ": " + cmp.Or(t.ExecErr, "it has no ExecStart=")})
			}
			env := values(t.Env)
			s := Service{Argv: t.Exec[len(t.Exec)-1].WithEnv(env), Dir: cmp.Or(u.WorkingDir, "/")}
			// What systemd gives every system service (systemd.exec(5), 252).
			for k, v := range map[string]string{
				"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "USER": u.User, "LOGNAME": u.User,
			} {
				if _, set := env[k]; !set && v != "" {
					env[k] = v
				}
			}
			for _, k := range sortedKeys(env) {
				s.Env = append(s.Env, k+"="+env[k])
			}
			return fact.Known(s)
		})
	})
}
