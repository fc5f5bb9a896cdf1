package model

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Spills are what a deployment's logs hold that nobody should read there.
type Spills struct {
	Name    string
	Server  *AppServer
	Formats []SpillFormat
	// Lines are secrets and passwords in lines that were written.
	Lines fact.Of[[]SpillLine]
}

// Subject is the deployment.
func (x *Spills) Subject() string { return x.Name }

// Node is a place of its own: no request stands on it.
func (x *Spills) Node() Node { return Node("spills:" + x.Name) }

// SpillFormat is a format of nginx's with a part that is a login.
type SpillFormat struct {
	File   string
	Part   string // $http_cookie
	Log    fact.Source
	Format fact.Source
}

// SpillLine is a line of a log that holds a secret.
type SpillLine struct {
	Name  string // of the secret: SECRET_KEY, DATABASE_URL; "" for a password in an address
	Where string
	Line  fact.Source
}

// Spills is what the logs hold, once for each deployment.
func (d *Deployment) Spills() fact.Of[[]*Spills] {
	return fact.Then(fromWhole(d, func(s *Site) []SpillFormat { return s.spills() }), func(formats []SpillFormat) []*Spills {
		if d.Server == nil || d.Server.Idle {
			return nil
		}
		x := &Spills{Name: d.Name, Server: d.Server, Lines: d.spilt}
		for _, f := range formats {
			if !slices.ContainsFunc(x.Formats, func(o SpillFormat) bool { return o.File == f.File && o.Part == f.Part }) {
				x.Formats = append(x.Formats, f)
			}
		}
		return []*Spills{x}
	})
}

// loginParts are what a request brings that is as good as a password.
var loginParts = regex.New(`\$\{?(http_cookie|http_authorization|http_x_api_key|request_body|cookie_(?:session|remember_token|sessionid|access_token_cookie)|arg_(?:password|token|api_key))\b`)

func (s *Site) spills() []SpillFormat {
	var out []SpillFormat
	var n fact.Notes
	cfg, state := s.nginx.Config.Look(&n)
	if state != fact.IsKnown || len(s.Routes) == 0 {
		return nil
	}
	for _, log := range syntax.Effective(s.Server, "access_log") {
		for _, f := range cfg.Root.All("log_format") {
			m := loginParts.FindStringSubmatch(strings.Join(f.Args, " "))
			if m != nil && f.Arg(0) == log.Arg(1) && log.Arg(1) != "" && log.Arg(0) != "/dev/null" {
				out = append(out, SpillFormat{log.Arg(0), "$" + m[1], facts.DirectiveSource(log), facts.DirectiveSource(f)})
			}
		}
	}
	return out
}

// masked is a secret on the tape: its length, whether it is a known default, and
// a mark by which it is the same as another one.
var masked = regex.New(`\[masked:(\d+):([0-9a-f]+)\]`)

// inAddress is a password that a form sent with GET.
var inAddress = regex.New(`(?i)"(?:GET|POST|HEAD) ([^ ?"]*)\?[^ "]*\b(password|passwd|passwort|pwd)=\[masked:`)

// shortSecret is less than what is replaced in each line for sure to be one.
const shortSecret = 12

// spilt looks for the app's own secrets in what its service and nginx wrote.
func (b *builder) spilt(d *Deployment) fact.Of[[]SpillLine] {
	s := d.Server
	var n fact.Notes
	secrets := b.secretMarks(s, &n)
	var out []SpillLine
	found := func(where string, ask tape.Ask, text string) {
		for _, m := range masked.FindAllString(text, -1) {
			if name := secrets[m]; name != "" && !slices.ContainsFunc(out, func(o SpillLine) bool { return o.Name == name }) {
				out = append(out, SpillLine{name, where, fact.Source{Where: where, Text: clip(strings.TrimSpace(text)), Ask: ask}})
			}
		}
	}
	if u, state := s.Unit.Look(&n); state == fact.IsKnown {
		j, _ := u.Journal.Look(&n)
		for _, l := range j.Lines {
			found(j.Where, j.Ask, l.Text)
		}
	}
	files := []string{s.errorFile}
	sites, _ := d.Sites.Look(&n)
	for _, site := range sites {
		if file, _ := site.accessLog(site.Server); len(site.Routes) > 0 {
			files = append(files, file)
		}
	}
	for i, file := range files {
		if file == "" || slices.Contains(files[:i], file) {
			continue
		}
		text, _ := b.f.Tail(file).Look(&n)
		ask := tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail"}
		for l := range strings.Lines(text) {
			found(file, ask, l)
			if m := inAddress.FindStringSubmatch(l); m != nil && !slices.ContainsFunc(out, func(o SpillLine) bool { return o.Name == "" }) {
				out = append(out, SpillLine{"", file, fact.Source{Where: file, Text: m[1] + "?…" + m[2] + "=…", Ask: ask}})
			}
		}
	}
	if len(out) == 0 && n.Blind() {
		return fact.Unknown[[]SpillLine](n.Why())
	}
	return fact.Known(out)
}

// secretMarks are the marks of the service's secrets, by the variable or the
// setting that holds each.
func (b *builder) secretMarks(s *AppServer, n *fact.Notes) map[string]string {
	out := map[string]string{}
	add := func(text, name string) {
		for _, m := range masked.FindAllStringSubmatch(text, -1) {
			if size, _ := strconv.Atoi(m[1]); size >= shortSecret && out[m[0]] == "" {
				out[m[0]] = name
			}
		}
	}
	env, _ := b.environment(s).Look(n)
	for _, k := range sortedKeys(env) {
		add(env[k].Value, k)
	}
	if a, state := s.Code.Look(n); state == fact.IsKnown {
		for _, c := range a.Config {
			add(c.Secret, c.Key)
		}
	}
	return out
}
