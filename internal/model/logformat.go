package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
)

// LogFormats are the formats of a deployment's own that nginx logs its requests in.
type LogFormats struct {
	Name    string
	Formats []LogFormat
	Server  *AppServer
}

// LogFormat is one log_format that an access_log in force uses.
type LogFormat struct {
	Name    string
	File    string
	JSON    bool // it begins as an object
	Escapes bool // it says escape=json
	ID      bool // it has $request_id
	Told    bool // and what is handed to the app has it as well
	Log     fact.Source
	Format  fact.Source
	Pass    fact.Source // where the app is not told
}

// Subject is the deployment.
func (x *LogFormats) Subject() string { return x.Name }

// Node is a place of its own: no request stands on it.
func (x *LogFormats) Node() Node { return Node("logformats:" + x.Name) }

// LogFormats are what its sites log in, once for each deployment.
func (d *Deployment) LogFormats() fact.Of[[]*LogFormats] {
	return fact.Then(fromWhole(d, (*Site).logFormats), func(list []LogFormat) []*LogFormats {
		if d.Server == nil || d.Server.Idle {
			return nil
		}
		return []*LogFormats{{Name: d.Name, Formats: list, Server: d.Server}}
	})
}

func (s *Site) logFormats() []LogFormat {
	cfg, state := s.nginx.Config.Look(&fact.Notes{})
	if state != fact.IsKnown {
		return nil
	}
	var out []LogFormat
	for _, r := range s.Routes {
		for _, log := range syntax.Effective(r.Pass, "access_log") {
			for _, f := range cfg.Root.All("log_format") {
				if f.Arg(0) == log.Arg(1) && log.Arg(1) != "" && log.Arg(0) != "/dev/null" {
					out = append(out, logFormat(r, log, f))
				}
			}
		}
	}
	return out
}

func logFormat(r *Route, log, f *syntax.Directive) LogFormat {
	text := f.Args[1:]
	x := LogFormat{Name: f.Arg(0), File: log.Arg(0), Log: facts.DirectiveSource(log), Format: facts.DirectiveSource(f), Pass: facts.DirectiveSource(r.Pass)}
	if len(text) > 0 && strings.HasPrefix(text[0], "escape=") {
		x.Escapes, text = text[0] == "escape=json", text[1:]
	}
	all := strings.Join(text, "")
	x.JSON = strings.HasPrefix(strings.TrimSpace(all), "{") && strings.Contains(all, `"`)
	x.ID = strings.Contains(all, "$request_id") || strings.Contains(all, "${request_id}")
	header := setters[r.Pass.Name][0]
	x.Told = header == "" || slices.ContainsFunc(syntax.Effective(r.Pass, header), func(d *syntax.Directive) bool { return strings.Contains(d.Arg(1), "request_id") })
	return x
}
