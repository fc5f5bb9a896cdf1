// Package htmltest says what is wrong with a page: for tests of whoever writes one.
package htmltest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// elements are what a page may be made of, and attributes what they may have.
var (
	elements = strings.Fields("html head meta title style body script header footer main nav section h1 h2 h3 h4 p span strong a i code pre " +
		"div ul ol li details summary time button table thead tbody tr th td wbr svg g path circle line")
	attributes = strings.Fields("lang charset http-equiv content name class id href hidden type open datetime tabindex scope " +
		"aria-label aria-labelledby aria-hidden viewbox overflow d x y x1 y1 x2 y2 cx cy r transform")
	void = []string{"meta", "wbr"}
)

// page is what was met on the way through one.
type page struct {
	faults []string
	open   []string
	ids    map[string]int
	refs   []string
	level  int // of the last heading
	counts map[string]int
	shape  []string
	policy string
	codes  map[string]string // the style and the script
}

func (p *page) fault(format string, args ...any) {
	if len(p.faults) < 20 {
		p.faults = append(p.faults, fmt.Sprintf(format, args...))
	}
}

// Faults are the complaints about a page: tags that do not pair, elements and
// attributes that it has no use for, addresses that lead out of it, ids that
// are not there or not alone, headings out of order, a policy that lets more in
// than its own style and script.
func Faults(doc string) []string {
	p := read(doc)
	for _, id := range p.refs {
		if p.ids[id] == 0 {
			p.fault("nothing has the id %q", id)
		}
	}
	for _, one := range []string{"html", "head", "title", "body", "h1", "main", "style", "script"} {
		if p.counts[one] != 1 {
			p.fault("%d %s", p.counts[one], one)
		}
	}
	for kind, code := range p.codes {
		sum := sha256.Sum256([]byte(code))
		if want := kind + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(p.policy, want) {
			p.fault("the policy does not hold %s", want)
		}
	}
	if !strings.HasPrefix(p.policy, "default-src 'none'; ") || strings.Contains(p.policy, "unsafe") {
		p.fault("policy %q", p.policy)
	}
	p.repaired(doc)
	return p.faults
}

// Shape is the elements of a page in their order, without the places where a
// word may be broken: hostile text does not change it.
func Shape(doc string) []string {
	return slices.DeleteFunc(read(doc).shape, func(tag string) bool { return tag == "wbr" })
}

func read(doc string) *page {
	p := &page{ids: map[string]int{}, counts: map[string]int{}, codes: map[string]string{}}
	z := html.NewTokenizer(strings.NewReader(doc))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(p.open) > 0 {
				p.fault("left open: %v", p.open)
			}
			return p
		case html.StartTagToken:
			p.start(z.Token())
		case html.EndTagToken:
			p.end(z.Token().Data)
		case html.TextToken:
			if n := len(p.open); n > 0 && (p.open[n-1] == "style" || p.open[n-1] == "script") {
				p.codes[p.open[n-1]] += string(z.Raw())
			}
		case html.SelfClosingTagToken, html.CommentToken:
			p.fault("%s", z.Token())
		}
	}
}

func (p *page) start(t html.Token) {
	p.counts[t.Data]++
	p.shape = append(p.shape, t.Data)
	if !slices.Contains(elements, t.Data) {
		p.fault("element %s", t)
	}
	if !slices.Contains(void, t.Data) {
		p.open = append(p.open, t.Data)
	}
	if len(t.Data) == 2 && t.Data[0] == 'h' && t.Data[1] >= '1' && t.Data[1] <= '6' {
		level := int(t.Data[1] - '0')
		if level > p.level+1 {
			p.fault("h%d after h%d", level, p.level)
		}
		p.level = level
	}
	seen := map[string]bool{}
	for _, a := range t.Attr {
		if !slices.Contains(attributes, a.Key) || seen[a.Key] {
			p.fault("attribute %s of %s", a.Key, t)
		}
		seen[a.Key] = true
		p.attribute(t, a)
	}
}

func (p *page) attribute(t html.Token, a html.Attribute) {
	switch a.Key {
	case "id":
		if p.ids[a.Val]++; p.ids[a.Val] > 1 {
			p.fault("the id %q twice", a.Val)
		}
	case "href":
		id, within := strings.CutPrefix(a.Val, "#")
		if !within {
			p.fault("an address: %s", t)
		}
		p.refs = append(p.refs, id)
	case "aria-labelledby":
		p.refs = append(p.refs, a.Val)
	case "http-equiv":
		for _, b := range t.Attr {
			if a.Val == "Content-Security-Policy" && b.Key == "content" {
				p.policy = b.Val + ";"
			}
		}
	}
}

func (p *page) end(tag string) {
	n := len(p.open)
	if n == 0 || p.open[n-1] != tag {
		p.fault("</%s> closes %v", tag, p.open[max(n-1, 0):])
		return
	}
	p.open = p.open[:n-1]
}

// repaired compares with what a browser makes of the page: what pairs may still
// stand where it may not.
func (p *page) repaired(doc string) {
	root, err := html.Parse(strings.NewReader(doc))
	if err != nil {
		p.fault("parse: %v", err)
		return
	}
	var got []string
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			got = append(got, n.Data)
		}
	}
	for i, want := range p.shape {
		if i >= len(got) || !strings.EqualFold(got[i], want) {
			p.fault("a browser repairs the page at element %d, %s", i, want)
			return
		}
	}
	if len(got) != len(p.shape) {
		p.fault("a browser makes %d elements of %d", len(got), len(p.shape))
	}
}
