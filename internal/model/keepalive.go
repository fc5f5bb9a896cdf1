package model

import (
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// KeptAlive is how nginx keeps connections to an app for later requests.
type KeptAlive struct {
	By   fact.Source // the line that lets it
	Idle int         // seconds after which it closes one that nobody uses
}

// Keeps says that nginx keeps connections to the app: an upstream with keepalive,
// HTTP/1.1, and no "Connection: close", which is its default (ngx_http_proxy_module
// up to 1.29.6).
func (x *Handed) Keeps() (KeptAlive, bool) {
	cfg, _ := x.site.nginx.Config.Look(&fact.Notes{})
	_, addr, _, _ := syntax.ParseProxyPass(x.Pass.Arg(0))
	up, ok := cfg.Upstream(addr)
	if !ok {
		return KeptAlive{}, false
	}
	keep := up.Directive.Find("keepalive")
	version, _ := syntax.Value(x.Pass.Parent, "proxy_http_version")
	header := named(syntax.Effective(x.Pass.Parent, "proxy_set_header"), "Connection")
	if len(keep) == 0 || keep[0].Arg(0) == "0" || version == "" || version == "1.0" || header == nil || header.Arg(1) != "" {
		return KeptAlive{}, false
	}
	k := KeptAlive{By: facts.DirectiveSource(keep[0]), Idle: 60}
	if d := up.Directive.Find("keepalive_timeout"); len(d) > 0 {
		n, ok := Seconds(d[0].Arg(0))
		if k.Idle = n; !ok {
			return KeptAlive{}, false
		}
	}
	return k, true
}

// Cut are the lines of nginx's error log about a connection that the app closed
// while nginx waited for the answer.
func (x *Handed) Cut() fact.Of[[]fact.Source] { return x.site.cut }

var cutOff = regex.New(`(upstream prematurely closed connection|Connection reset by peer\)) while reading response header from upstream`)

func (b *builder) cutOffs(s *Site) fact.Of[[]fact.Source] {
	file := s.errorLog()
	if file == "" {
		return fact.Known[[]fact.Source](nil)
	}
	return fact.Then(b.f.Tail(file), func(text string) []fact.Source {
		var out []fact.Source
		for l := range strings.Lines(text) {
			_, rest, _ := strings.Cut(l, ", server: ")
			name, _, _ := strings.Cut(rest, ",")
			if !cutOff.MatchString(l) || len(s.Names) > 0 && name != s.Server.Names()[0] {
				continue
			}
			said, _, _ := strings.Cut(l, ", client: ")
			out = append(out, fact.Source{Where: file, Text: clip(strings.TrimSpace(said)), Ask: tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail"}})
		}
		return out
	})
}

// KeepAlive is after how many idle seconds the app server closes a connection; 0:
// after each request.
func (s *AppServer) KeepAlive(w fact.Witness) (int, bool) {
	class, _ := s.Setting("worker_class").Open(w)
	threads, _ := s.Number("threads").Open(w)
	if OneByOne(class, threads) { // gunicorn/workers/sync.py closes each
		return 0, true
	}
	v, ok := s.Setting("keepalive").Open(w)
	if !ok || len(v) == 0 {
		return 0, false
	}
	n, err := strconv.Atoi(v[len(v)-1])
	return n, err == nil
}
