package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Split is a line that puts a decoded path where a line feed begins a new header.
type Split struct {
	By     *syntax.Directive
	Alike  []*syntax.Directive // it, and those of its kind in the block that do the same
	Text   string              // the argument
	Onward bool                // into what is sent to the app; else into the answer
	URL    string              // that tries it
	Curl   string
	Reply  fact.Of[tape.HTTPReply] // Absent: it does not show in an answer
	site   *Site
}

// Subject is the block and the line's kind.
func (x *Split) Subject() string { return x.site.Subject() + " " + x.By.Name }

// Node is the block.
func (x *Split) Node() Node { return x.site.Node() + "/splitting" }

// Site is the block.
func (x *Split) Site() *Site { return x.site }

// Splits are such lines of a deployment's blocks.
func (d *Deployment) Splits() fact.Of[[]*Split] {
	return fromWhole(d, func(s *Site) []*Split { return s.splits })
}

// Splitting is the header that a try would put into the answer.
const Splitting = "X-Assay-Split"

// decoded are the variables that hold the path as nginx decoded it, %0a and all.
var decoded = regex.New(`\$(\{(document_)?uri\}|(document_)?uri\b)`)

// splits finds lines with a decoded path in a header, the first of each kind.
func (b *builder) splits(s *Site) []*Split {
	var out []*Split
	for _, name := range []string{"return", "rewrite", "add_header", "proxy_set_header", "proxy_pass"} {
		for _, d := range s.Server.All(name) {
			i := slices.IndexFunc(d.Args, decoded.MatchString)
			if i < 0 || !intoHeader(d, i) || kept(d) {
				continue
			}
			at, ok := beginning(d)
			if !ok {
				continue
			}
			x := &Split{By: d, Text: d.Args[i], Onward: strings.HasPrefix(name, "proxy_"), Reply: fact.Absent[tape.HTTPReply](), site: s}
			end, host := s.Endpoint()
			q := tape.Request{Method: "GET", Host: host, Path: at + "%0d%0a" + Splitting + ":1"}
			for _, o := range s.Server.All(name) {
				if i := slices.IndexFunc(o.Args, decoded.MatchString); i >= 0 && intoHeader(o, i) {
					x.Alike = append(x.Alike, o)
				}
			}
			if !x.Onward {
				sf := &Surface{Endpoint: end, Host: host}
				x.URL, x.Curl = sf.URL()+q.Path, strings.Replace(sf.Curl(q.Path), "curl -s", "curl -si", 1)
				x.Reply = b.f.Request(end, q, "Location", Splitting)
			}
			out = append(out, x)
			break
		}
	}
	return out
}

// intoHeader says that an argument becomes a part of a header: the address of a
// redirect, a header's value, the first line of what the app is asked.
func intoHeader(d *syntax.Directive, i int) bool {
	switch d.Name {
	case "return":
		return strings.HasPrefix(d.Arg(0), "30") || len(d.Args) == 1
	case "rewrite":
		last := d.Arg(len(d.Args) - 1)
		return i == 1 && (last == "permanent" || last == "redirect" || strings.Contains(d.Arg(1), "://"))
	case "proxy_pass":
		return true
	}
	return i > 0
}

// beginning is the beginning of a path that comes to a line, where its location is a
// beginning: what a pattern lets through is not judged.
func beginning(d *syntax.Directive) (string, bool) {
	if d.Name == "rewrite" && !slices.Contains([]string{"^", "^/", "^(.*)$", "^/(.*)$", ".*", "/"}, d.Arg(0)) {
		return "", false
	}
	if d.Name == "rewrite" && strings.HasSuffix(d.Arg(0), "$") {
		return "", false // a dot takes no line feed
	}
	loc := d.In("location")
	if loc == nil {
		return "/", true
	}
	l, ok := syntax.ParseLocation(loc)
	return strings.TrimSuffix(l.Path, "/") + "/", ok && (l.Modifier == "" || l.Modifier == "^~") && len(loc.Find("internal")) == 0
}
