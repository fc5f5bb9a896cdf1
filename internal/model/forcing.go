package model

import (
	"net/url"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Forcing is an app that itself sends visitors to https, as one of them meets it.
type Forcing struct {
	*Journey
	Leg  *Leg     // on which it does
	From []string // all that visitors type or are sent to who meet it so
	Host string   // the name by which nginx asks it, "" where that is the visitor's own
	At   fact.Source
	of   string
	Told bool // it takes the visitor's scheme from the proxy
}

// Subject is the app, by the way on which it is met.
func (x *Forcing) Subject() string { return x.of + " by " + strings.SplitN(x.Leg.From, ":", 2)[0] }

// Node is the journey, which stands on its blocks.
func (x *Forcing) Node() Node { return x.Journey.Node() }

// Forcings are the ways on which the app does so.
func (d *Deployment) Forcings() fact.Of[[]*Forcing] {
	if d.Server == nil || d.Server.Idle || d.Contained() {
		return fact.Known[[]*Forcing](nil)
	}
	return fact.Bind(d.HandedOn(), func(ways []*Handed) fact.Of[[]*Forcing] {
		return fact.Bind(d.Journeys(), func(all []*Journey) fact.Of[[]*Forcing] {
			var out []*Forcing
			var unseen fact.Notes
			for _, j := range all {
				x := forcing(j, ways)
				if x == nil && j.End == JourneyUnseen {
					_, _ = j.Steps[len(j.Steps)-1].Reply.Look(&unseen)
				}
				if x == nil {
					continue
				}
				x.of = d.Name
				if i := slices.IndexFunc(out, func(o *Forcing) bool { return o.Host == x.Host && o.At == x.At && o.plain() == x.plain() }); i >= 0 {
					out[i].From = append(out[i].From, x.From...)
					continue
				}
				out = append(out, x)
			}
			switch {
			case len(out) == 0 && unseen.Blind():
				return fact.Unknown[[]*Forcing](unseen.Why())
			case len(out) == 0:
				return fact.Known(out)
			}
			return fact.Bind(d.Server.Code, func(a *App) fact.Of[[]*Forcing] {
				trusts, _ := a.Believes().Look(&fact.Notes{})
				for _, x := range out {
					x.Told = slices.ContainsFunc(trusts, func(t tape.Trust) bool { return t.Into == "scheme" })
				}
				return fact.Known(out)
			})
		})
	})
}

func (x *Forcing) plain() bool { return strings.HasPrefix(x.Leg.From, "http:") }

func forcing(j *Journey, ways []*Handed) *Forcing {
	for _, l := range j.Steps {
		from, err := url.Parse(l.From)
		to, err2 := url.Parse(l.To)
		if !l.App || err != nil || err2 != nil || to.Scheme != "https" || strings.TrimSuffix(to.Path, "/") != strings.TrimSuffix(from.Path, "/") {
			continue
		}
		x := &Forcing{Journey: j, Leg: l, From: []string{l.From}}
		for _, w := range ways {
			if w.Prefix == "/" && w.Host != "" && w.Host == to.Host && slices.Contains(w.site.Names, from.Hostname()) && w.site.takes(from.Scheme, 0) {
				x.Host, x.At = w.Host, w.HostAt
			}
		}
		return x
	}
	return nil
}
