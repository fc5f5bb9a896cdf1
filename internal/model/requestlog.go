package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// RequestLog is who writes down which requests a deployment gets.
type RequestLog struct {
	Server  *AppServer
	Proxied bool                 // nginx leads to it
	Proxy   bool                 // nginx writes them down
	Off     fact.Source          // what keeps nginx from it
	Own     fact.Of[fact.Source] // what makes gunicorn do so; Absent: nothing
	Names   fact.Of[bool]        // gunicorn's has the visitors' addresses
	Empty   fact.Of[OutputFile]  // a file that was meant for gunicorn's, and is given its standard output
}

// OutputFile is a file to which a service's standard output goes.
type OutputFile struct {
	File string
	By   fact.Source
}

// Subject is the app.
func (x *RequestLog) Subject() string { return x.Server.Name }

// Node is a place of its own.
func (x *RequestLog) Node() Node { return Node("requests:" + x.Server.Name) }

// RequestLogs is who writes down the deployment's requests.
func (d *Deployment) RequestLogs() fact.Of[[]*RequestLog] {
	return fact.Bind(d.Gunicorns(), func(l []*AppServer) fact.Of[[]*RequestLog] {
		if len(l) == 0 || l[0].Idle || l[0].settings == nil {
			return fact.Known[[]*RequestLog](nil)
		}
		if why, some := d.unseenConfig(); some {
			return fact.Unknown[[]*RequestLog](why)
		}
		return fact.Then(d.Sites, func(sites []*Site) []*RequestLog {
			x := &RequestLog{Server: l[0], Own: l[0].ownLog(), Names: l[0].namesVisitors(), Empty: l[0].output}
			for _, s := range sites {
				for _, r := range s.Routes {
					off, silent := unlogged(r.Pass.Parent)
					x.Proxied, x.Proxy = true, x.Proxy || !silent
					if x.Off.Where == "" {
						x.Off = off
					}
				}
			}
			return []*RequestLog{x}
		})
	})
}

// unlogged says that no request of a block is written anywhere, and by which line.
func unlogged(at *syntax.Directive) (fact.Source, bool) {
	set := syntax.Effective(at, "access_log")
	for _, l := range set {
		if l.Arg(0) != "off" && l.Arg(0) != "/dev/null" {
			return fact.Source{}, false
		}
	}
	if len(set) == 0 {
		return fact.Source{}, false
	}
	return facts.DirectiveSource(set[0]), true
}

// ownLog is what makes gunicorn write requests down (glogging.py, access).
func (s *AppServer) ownLog() fact.Of[fact.Source] {
	g := s.settings
	for _, name := range ownLoggers {
		if g.given(name) {
			return fact.Known(g.source(g.Resolve(name, g.conf), name))
		}
	}
	return fact.Bind(s.Setting("accesslog"), func(v []string) fact.Of[fact.Source] {
		if v[0] == "" {
			return fact.Absent[fact.Source](fact.Source{Where: "gunicorn", Text: "accesslog is not set"})
		}
		return fact.Known(g.source(g.Resolve("accesslog", g.conf), "accesslog"))
	})
}

// namesVisitors says that gunicorn's lines hold the visitor's address, and not
// that of whoever stands in front. A logging configuration has formats of its own.
func (s *AppServer) namesVisitors() fact.Of[bool] {
	g := s.settings
	if slices.ContainsFunc(ownLoggers, g.given) {
		return fact.Known(true)
	}
	if !g.given("access_log_format") {
		return fact.Known(false)
	}
	return fact.Then(s.Setting("access_log_format"), func(v []string) bool {
		format := strings.ToLower(v[0])
		return slices.ContainsFunc(visitorHeaders, func(h string) bool { return strings.Contains(format, h) })
	})
}

// ownLoggers are settings with which gunicorn logs requests in a way of its own.
var ownLoggers = []string{"logconfig", "logconfig_dict", "logconfig_json", "logger_class", "syslog"}

// visitorHeaders are headers that proxies put the visitor's address into.
var visitorHeaders = []string{"{x-forwarded-for}i", "{x-real-ip}i", "{forwarded}i", "{cf-connecting-ip}i"}

// outputOf finds a file with "access" in its name to which a service's standard
// output goes, by its unit or by supervisord.
func (b *builder) outputOf(s *AppServer) fact.Of[OutputFile] {
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	if state == fact.IsKnown {
		return fact.Bind(u.Files, func(t UnitText) fact.Of[OutputFile] {
			src, set := t.SettingSource("StandardOutput")
			_, file, is := strings.Cut(strings.TrimPrefix(src.Text, "StandardOutput="), ":")
			if !set || !is || !strings.Contains(path.Base(file), "access") {
				return fact.Absent[OutputFile]()
			}
			return fact.Known(OutputFile{file, src}, src)
		})
	}
	env, _ := b.environment(s).Look(&n)
	group := env["SUPERVISOR_GROUP_NAME"].Value
	if group == "" || n.Blind() {
		if n.Blind() {
			return fact.Unknown[OutputFile](n.Why())
		}
		return fact.Absent[OutputFile]()
	}
	files, _ := b.f.Glob("/etc/supervisor/conf.d/*.conf").Look(&n)
	for _, file := range files[:min(len(files), maxPrograms)] {
		text, _ := b.f.File(file).Look(&n)
		if o, ok := programOutputFile(file, text, group); ok {
			return fact.Known(o, o.By)
		}
	}
	if n.Blind() {
		return fact.Unknown[OutputFile](n.Why())
	}
	return fact.Absent[OutputFile]()
}

const maxPrograms = 20

var programHead = regex.New(`^\[(?:program|fcgi-program):([^\]]+)\]`)

// programOutputFile reads one file of supervisord's.
func programOutputFile(file, text, program string) (OutputFile, bool) {
	in := ""
	for i, l := range slices.Collect(strings.Lines(text)) {
		l = strings.TrimSpace(l)
		if m := programHead.FindStringSubmatch(l); m != nil {
			in = strings.TrimSpace(m[1])
		} else if strings.HasPrefix(l, "[") {
			in = ""
		}
		key, value, _ := strings.Cut(l, "=")
		value, _, _ = strings.Cut(strings.TrimSpace(value), " ;")
		if in == program && strings.TrimSpace(key) == "stdout_logfile" && strings.Contains(path.Base(value), "access") {
			return OutputFile{value, fact.Source{Where: file, Line: i + 1, Text: l, Ask: tape.Ask{Kind: tape.KindFile, Name: file}}}, true
		}
	}
	return OutputFile{}, false
}
