package deploy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"assay/internal/host"
)

// Page is one that tells how a release is.
type Page struct {
	Path   string
	Below  int           // its status has to be
	Within time.Duration // as visitors get it; 0 where they get none today
	Today  string        // what it answers now, in words
}

// Pages are what a release is judged by: its own word for how it is, and its first
// page. It has to be as good as what visitors get now.
func Pages(ctx context.Context, w host.Writer, s Site, health string) []Page {
	var out []Page
	for _, p := range slices.Compact([]string{health, "/"}) {
		if p != "" {
			out = append(out, page(ctx, w, s, p, p == health))
		}
	}
	return out
}

const (
	glances = 3
	patient = time.Second // what no visitor is counted slow for
)

func page(ctx context.Context, w host.Writer, s Site, path string, health bool) Page {
	p := Page{Path: path, Below: 500}
	status, _, err := host.Glance(ctx, w, s.Socket(s.Serving), s.Domains[0], path)
	switch {
	case health && status != 401 && status != 403, err == nil && status < 400:
		p.Below = 400
	}
	p.Today = fmt.Sprint(status)
	if err != nil {
		p.Today = err.Error()
	}
	var worst time.Duration
	for range glances {
		front, took, err := host.Glance(ctx, w, "", s.Domains[0], path)
		if err != nil || front >= 500 || err == nil && front >= p.Below {
			return p
		}
		worst = max(worst, took)
	}
	p.Within = max(patient, 4*worst).Round(100 * time.Millisecond)
	return p
}

func proofs(pages []Page) (out []string) {
	for _, p := range pages {
		out = append(out, fmt.Sprintf("%d %s", p.Below, p.Path))
	}
	return out
}

func watched(pages []Page) (out []string) {
	for _, p := range pages {
		if p.Within > 0 {
			out = append(out, fmt.Sprintf("%d %d %s", p.Below, p.Within.Milliseconds(), p.Path))
		}
	}
	return out
}
