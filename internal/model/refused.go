package model

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Refused is a request whose body was too large for somebody, at a page of the
// app that takes bodies.
type Refused struct {
	Page   string
	Size   int64 // 0: the log does not say
	Source fact.Source
}

const (
	// SmallBody is what a form of text without files stays below.
	SmallBody = 64 << 10
	// TinyBody is less than a form of some fields may have.
	TinyBody = 4 << 10
)

// tooLarge is nginx's word for a body over its limit (ngx_http_core_module.c and
// ngx_http_request_body.c, 1.22 to 1.26). A server is named by its first name.
var tooLarge = regex.New(`client intended to send too large (?:chunked )?body: (\d+)(?:\+(\d+))? bytes, client: [^,]*, server: ([^,]*), request: "[A-Z]+ ([^ ?"]+)`)

// refusals looks for small bodies that were refused, where a limit is so small
// that this may be.
func (b *builder) refusals() {
	n, state := b.m.Nginx.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	for _, d := range b.m.Deployments {
		list, _ := d.HandedOn().Look(&b.notes)
		for _, x := range list {
			code, state := x.Code.Look(&b.notes)
			if state == fact.IsUnknown || x.Path != "/" {
				continue
			}
			own, limited := code.BodyLimit()
			if x.MaxBody > 0 && x.MaxBody < SmallBody {
				x.site.refused = b.refusedBy(n, x.site, code)
			}
			if limited && own < TinyBody {
				x.site.refusedBehind = b.refusedBehind(d, x.site, code)
			}
		}
	}
}

// refusedBy are the small bodies that nginx as it runs now has refused.
func (b *builder) refusedBy(n *Nginx, s *Site, code *App) fact.Of[[]Refused] {
	if len(n.Workers) == 0 {
		return fact.Unknown[[]Refused](fact.Why{Text: "nginx's workers were not seen"})
	}
	alive := map[string]bool{}
	for _, w := range n.Workers {
		alive[strconv.Itoa(w.PID)] = true
	}
	return fact.Then(b.tooLarge(s, code), func(all []bodyRefused) []Refused {
		var out []Refused
		for _, r := range all {
			if alive[r.pid] && r.Size < SmallBody {
				out = append(out, r.Refused)
			}
		}
		return out
	})
}

type bodyRefused struct {
	Refused
	pid string
}

// tooLarge are all lines of nginx's error log that speak of too large bodies for
// the site's pages. Absent: no log would tell.
func (b *builder) tooLarge(s *Site, code *App) fact.Of[[]bodyRefused] {
	file := s.errorLog()
	_, d := syntax.Value(s.Server, "error_log")
	if file == "" || d != nil && slices.Contains([]string{"crit", "alert", "emerg"}, d.Arg(1)) {
		return fact.Absent[[]bodyRefused]()
	}
	return fact.Then(b.f.Tail(file), func(text string) []bodyRefused {
		var out []bodyRefused
		for l := range strings.Lines(text) {
			head, m := errorLine.FindStringSubmatch(l), tooLarge.FindStringSubmatch(l)
			if head == nil || m == nil || !slices.Contains(s.Server.Names(), m[3]) || !code.Takes(m[4]) {
				continue
			}
			size, _ := strconv.ParseInt(m[1], 10, 64)
			more, _ := strconv.ParseInt(m[2], 10, 64)
			said, _, _ := strings.Cut(strings.TrimLeft(l[len(head[0]):], "*0123456789 "), ", client: ")
			_, request, _ := strings.Cut(l, ", request: ")
			request, _, _ = strings.Cut(strings.TrimSpace(request), ",")
			out = append(out, bodyRefused{Refused{Page: m[4], Size: size + more, Source: fact.Source{
				Where: file, Text: clip(said + ", request: " + request), Ask: tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail"}}}, head[2]})
		}
		return out
	})
}

// refusedBehind are the bodies that the app has refused since it was started:
// what was answered with 413 more often than nginx tells of itself.
func (b *builder) refusedBehind(d *Deployment, s *Site, code *App) fact.Of[[]Refused] {
	file, why := s.accessLog(s.Server)
	if file == "" {
		return fact.Absent[[]Refused](fact.Source{Where: "nginx's access log", Text: why})
	}
	src := fact.Source{Where: file, Ask: tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail"}}
	return fact.Bind(d.Server.Unit, func(u *Unit) fact.Of[[]Refused] {
		return fact.Bind(b.tooLarge(s, code), func(own []bodyRefused) fact.Of[[]Refused] {
			return fact.Then(b.answers(d), func(all answers) []Refused {
				return all.refused(u.Up.Truncate(time.Second), own, code, src)
			})
		})
	})
}

func (a answers) refused(since time.Time, own []bodyRefused, code *App, src fact.Source) []Refused {
	count := map[string]int{}
	for _, r := range own {
		count[r.Page]--
	}
	var out []Refused
	for _, x := range a {
		if x.status != 413 || x.at.Before(since) || !code.Takes(x.page) {
			continue
		}
		if count[x.page]++; count[x.page] == 1 {
			src.Text = "413 for " + clip(x.page) + ", of which nginx's error log does not speak"
			out = append(out, Refused{Page: x.page, Source: src})
		}
	}
	return out
}

// BodyLimit is the app's own MAX_CONTENT_LENGTH.
func (a *App) BodyLimit() (float64, bool) {
	if a == nil {
		return 0, false
	}
	var n float64
	v, ok := a.Setting("MAX_CONTENT_LENGTH")
	ok = ok && json.Unmarshal(v.Value, &n) == nil && n > 0
	return n, ok
}

// Takes says that one of the app's rules takes a body at a path.
func (a *App) Takes(path string) bool {
	if a == nil {
		return false
	}
	return slices.ContainsFunc(a.Rules, func(r tape.AppRule) bool {
		return takes(r.Rule, path) && slices.ContainsFunc(r.Methods, func(m string) bool { return m == "POST" || m == "PUT" || m == "PATCH" })
	})
}
