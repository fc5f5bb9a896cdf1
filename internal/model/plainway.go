package model

import (
	"net/url"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// DeepPage is a page that nobody has, with a query.
const DeepPage = "/assay/page?b=1"

// PlainWay is where visitors come who type, without https, one of the names that
// one block answers first.
type PlainWay struct{ All []*Journey }

// Subject is what is typed, the first of them.
func (w *PlainWay) Subject() string { return w.All[0].Start }

// Node is the way.
func (w *PlainWay) Node() Node { return w.All[0].node }

// PlainWays are the ways by http to the names of a deployment that have https.
func (d *Deployment) PlainWays() fact.Of[[]*PlainWay] {
	return fact.Then(d.Journeys(), func(all []*Journey) []*PlainWay {
		var out []*PlainWay
		at := map[*syntax.Directive]*PlainWay{}
		for _, j := range all {
			if !j.Secure || !strings.HasPrefix(j.Start, "http://") {
				continue
			}
			w := at[j.door]
			if w == nil {
				w = &PlainWay{}
				at[j.door] = w
				out = append(out, w)
			}
			w.All = append(w.All, j)
		}
		return out
	})
}

// Name is what is typed, without scheme and slash.
func (j *Journey) Name() string {
	_, name, _ := strings.Cut(strings.TrimSuffix(j.Start, "/"), "://")
	return name
}

// deeper asks for a page by the way, where the first page is sent to https.
func (b *builder) deeper(j *Journey, n *Name) {
	j.Secure, j.Deep = n.Secure(), fact.Absent[tape.HTTPReply]()
	at, err := url.Parse(j.Start)
	if err != nil || !j.Secure {
		return
	}
	server, endpoint := b.arrival(at)
	j.door = server
	if endpoint != "" && len(j.Steps) > 0 && strings.HasPrefix(j.Steps[0].To, "https://") {
		j.Deep = b.f.HTTP(endpoint, at.Host, DeepPage)
	}
}
