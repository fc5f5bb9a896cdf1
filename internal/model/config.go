package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Rehearsal is a configuration in force that is named for development or for
// tests: no later class or file took its place.
func (a *App) Rehearsal() (tape.ConfigLoad, bool) {
	for i := len(a.Loads) - 1; i >= 0; i-- {
		l := a.Loads[i]
		if l.How == "from_mapping" || l.How == "from_prefixed_env" || !l.Loaded || l.Error != "" {
			continue
		}
		if !rehearses(l) {
			return tape.ConfigLoad{}, false
		}
		ruled := slices.ContainsFunc(a.Config, func(c tape.AppSetting) bool { return c.By != nil && *c.By == i })
		return l, ruled
	}
	return tape.ConfigLoad{}, false
}

var (
	humps     = regex.New(`([a-z0-9])([A-Z])`)
	divides   = regex.New(`[^A-Za-z0-9]+`)
	rehearsal = []string{"dev", "develop", "development", "debug", "test", "tests", "testing"}
)

// rehearses looks at the words of the last part of a name: DevelopmentConfig,
// config.testing, /srv/shop/dev.cfg; not LatestConfig.
func rehearses(l tape.ConfigLoad) bool {
	name := l.Name
	if strings.ContainsAny(name, "/") || l.How == "from_pyfile" || l.How == "from_file" || l.How == "from_envvar" || l.How == "from_json" {
		if l.File != "" {
			name = l.File
		}
		name = path.Base(name)
		name = strings.TrimSuffix(name, path.Ext(name))
	} else if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	for _, word := range divides.Split(humps.ReplaceAllString(name, "$1 $2"), -1) {
		if slices.Contains(rehearsal, strings.ToLower(word)) {
			return true
		}
	}
	return false
}

// Without are the files that the app was told to load, and starts without.
func (a *App) Without() []tape.ConfigLoad {
	var out []tape.ConfigLoad
	for _, l := range a.Loads {
		if l.Silent && !l.Loaded && l.Error == "" {
			out = append(out, l)
		}
	}
	return out
}

// Supplied says that the app is given its configuration from outside its code
// all the same: its key stands in the environment or in a file beside the code.
func (a *App) Supplied() bool {
	key, ok := a.Setting("SECRET_KEY")
	if !ok || !Is(key) && key.Secret == "" {
		return slices.ContainsFunc(a.Env, func(e tape.EnvRead) bool {
			return e.Set && !strings.HasPrefix(e.Key, "FLASK_") && e.Key != "PATH" && e.Key != "HOME"
		})
	}
	if len(key.From) == 0 {
		return a.Again != "different"
	}
	return slices.ContainsFunc(key.From, func(p tape.SecretPlace) bool { return p.Kind == "environ" || path.Ext(p.Name) != ".py" })
}

var chooses = regex.New(`(?i)(^|_)(config|env|settings|environment|mode|stage)$`)

// Selector is the variable by which the app chooses its configuration.
func (a *App) Selector() (tape.EnvRead, bool) {
	for _, e := range a.Env {
		if chooses.MatchString(e.Key) {
			return e, true
		}
	}
	return tape.EnvRead{}, false
}

// Configured is an app with what it throws at requests, as it is configured.
type Configured struct {
	*AppServer
	Thrown fact.Of[[]Thrown]
}

// Node is the app's configuration.
func (x *Configured) Node() Node { return x.ConfigNode() }

// ConfigNode is the app's configuration: which database it uses stands on it.
func (s *AppServer) ConfigNode() Node { return Node("config:" + s.Name) }

// Configs is the app, where a service runs it.
func (d *Deployment) Configs() fact.Of[[]*Configured] {
	return fact.Then(d.Apps(), func(list []*AppServer) []*Configured {
		var out []*Configured
		for _, s := range list {
			x := &Configured{s, fact.Absent[[]Thrown]()}
			if d.throwing != nil {
				x.Thrown = d.throwing.Thrown
			}
			out = append(out, x)
		}
		return out
	})
}
