package model

import "assay/internal/fact"

// FlaskEnv is an app with the variable FLASK_ENV of its service.
type FlaskEnv struct {
	*AppServer
	Value fact.Of[EnvValue] // Absent: it is not set
}

// FlaskEnvs is the app, where a service runs it.
func (d *Deployment) FlaskEnvs() fact.Of[[]*FlaskEnv] {
	return fact.Then(d.Apps(), func(list []*AppServer) []*FlaskEnv {
		var out []*FlaskEnv
		for _, s := range list {
			out = append(out, &FlaskEnv{s, d.flaskEnv})
		}
		return out
	})
}

func (b *builder) flaskEnv(s *AppServer) fact.Of[EnvValue] {
	return fact.Bind(b.environment(s), func(env map[string]EnvValue) fact.Of[EnvValue] {
		v, ok := env["FLASK_ENV"]
		if !ok {
			return fact.Absent[EnvValue]()
		}
		return fact.Known(v, fact.Source{Where: v.File, Line: v.Line, Text: "FLASK_ENV=" + v.Value})
	})
}
