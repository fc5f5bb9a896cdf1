package model

import "assay/internal/fact"

// Attempt is what a renewal came to when it last ran.
type Attempt struct{ *Renewal }

// Node is the renewal's own where its files or plugins are at fault: those make
// the attempt fail, and nothing else does.
func (a Attempt) Node() Node {
	var n fact.Notes
	plain, _ := a.Plain.Look(&n)
	missing, _ := a.Plugins.Look(&n)
	if len(plain)+len(missing) > 0 {
		return a.Renewal.Node()
	}
	return Node("attempt:" + a.Lineage)
}

// Attempts are the last runs of a deployment's renewals.
func (d *Deployment) Attempts() fact.Of[[]Attempt] {
	return fact.Then(d.Renewals(), func(list []*Renewal) []Attempt {
		var out []Attempt
		for _, r := range list {
			out = append(out, Attempt{r})
		}
		return out
	})
}

// Loading is what lets nginx load what a renewal brought.
type Loading struct{ *Renewal }

// Node is apart from the renewal's: it fails by itself.
func (l Loading) Node() Node { return Node("loading:" + l.Lineage) }

// Loadings are those of a deployment's renewals.
func (d *Deployment) Loadings() fact.Of[[]Loading] {
	return fact.Then(d.Renewals(), func(list []*Renewal) []Loading {
		var out []Loading
		for _, r := range list {
			out = append(out, Loading{r})
		}
		return out
	})
}

// grew: a certificate comes near its end since the newer one beside it was not
// loaded, or since none came.
func (b *builder) grew(l *Leaf, renewals []*Renewal) {
	for _, r := range renewals {
		if f := l.Ends[0].File; f == nil || f.Lineage != r.Lineage {
			continue
		}
		try, load := Attempt{r}, Loading{r}
		if b.m.Grew[l.Node()] = []Node{try.Node()}; l.newer() {
			b.m.Grew[l.Node()] = []Node{load.Node()}
		}
		if try.Node() != r.Node() {
			b.m.Grew[try.Node()] = []Node{r.Node()}
		}
	}
}

// newer says that the disk has a later certificate than the one that is served.
func (l *Leaf) newer() bool {
	var n fact.Notes
	s, _ := l.Ends[0].Shake.Look(&n)
	disk, _ := l.Ends[0].File.Chain.Look(&n)
	served := Chain(s)
	return len(served) > 0 && len(disk) > 0 && disk[0].NotAfter.After(served[0].NotAfter)
}
