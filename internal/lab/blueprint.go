package lab

import (
	"context"
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"
)

// hosts holds what the blueprints are made of: per layer a folder with files/,
// copied to /, and setup.sh, run on the booted host. all: because Python's
// __init__.py begins with an underscore.
//
//go:embed all:hosts
var hosts embed.FS

// The addresses are the same in every host's pair of namespaces, which never
// meet: so recordings of two runs agree. All are of TEST-NET-3 (RFC 5737),
// which plays the public internet.
const (
	Address         = "203.0.113.10" // of the host
	VisitorAddress  = "203.0.113.20" // of its visitor
	ResolverAddress = "203.0.113.53" // of the DNS server, on the visitor's side
	gateway         = "203.0.113.1"
)

// blueprint names a kind of host.
type blueprint struct {
	name   string
	suite  string
	layers []string      // folders of hosts/, upwards from the root
	names  []string      // that the DNS gives the host's address
	certs  []CertOptions // issued afresh for each host: a layer grows old
	site   string        // answers 200 when the host is up; empty: not waited for
	fresh  bool          // stands on the fresh root, with packages and an ACME server in reach
	setup  bool          // its site is set up by the program under test
	about  string        // for the list of cmd/lab
}

var blueprints = []blueprint{
	{
		name: "guide000", suite: "bookworm", layers: []string{"base", "guide000"},
		names: []string{"your-domain.com", "www.your-domain.com"},
		certs: []CertOptions{{Names: []string{"your-domain.com", "www.your-domain.com"}}},
		about: "Debian 12, a checklist from the web followed to the letter, faults included",
	},
	{
		name: "guide001", suite: "trixie", layers: []string{"base", "guide001"},
		names: []string{"example.com"},
		certs: []CertOptions{{Names: []string{"example.com"}}},
		about: "Debian 13, a guide from the web followed to the letter, faults included",
	},
	{
		name: "unix", suite: "bookworm", layers: []string{"base", "unix"},
		names: []string{"shop.example", "www.shop.example"},
		certs: []CertOptions{{Names: []string{"shop.example", "www.shop.example"}}},
		site:  "https://shop.example/health",
		about: "Debian 12, healthy: gunicorn on a unix socket",
	},
	{
		name: "tcp", suite: "trixie", layers: []string{"base", "tcp"},
		names: []string{"myapp.example", "www.myapp.example"},
		certs: []CertOptions{{Names: []string{"myapp.example", "www.myapp.example"}}},
		site:  "https://myapp.example/health",
		about: "Debian 13, healthy: gunicorn on 127.0.0.1:8000",
	},
	{name: "bare12", suite: "bookworm", layers: []string{"base"}, about: "Debian 12, nothing deployed"},
	{name: "bare13", suite: "trixie", layers: []string{"base"}, about: "Debian 13, nothing deployed"},
	{
		name: "fresh12", suite: "bookworm", layers: []string{"fresh"}, fresh: true,
		names: []string{"shop.example", "www.shop.example"},
		about: "Debian 12 as a provider hands it over, packages in reach; a shop to be deployed in /home/dev/shop",
	},
	{
		name: "fresh13", suite: "trixie", layers: []string{"fresh"}, fresh: true,
		names: []string{"shop.example", "www.shop.example"},
		about: "Debian 13 as a provider hands it over, packages in reach; a shop to be deployed in /home/dev/shop",
	},
	{
		name: "site13", suite: "trixie", layers: []string{"fresh", "packages"}, fresh: true, setup: true,
		names: []string{"shop.example", "www.shop.example"},
		certs: []CertOptions{{Names: []string{"shop.example", "www.shop.example"}}},
		site:  "https://shop.example/health",
		about: "Debian 13, that shop as `assay setup` deploys it",
	},
}

// Blueprints tells of every kind of host there is: name and what it is.
func Blueprints() [][2]string {
	var all [][2]string
	for _, b := range blueprints {
		all = append(all, [2]string{b.name, b.about})
	}
	return all
}

func find(name string) (blueprint, error) {
	i := slices.IndexFunc(blueprints, func(b blueprint) bool { return b.name == name })
	if i < 0 {
		var all []string
		for _, b := range blueprints {
			all = append(all, b.name)
		}
		return blueprint{}, fmt.Errorf("no blueprint %q: there are %s", name, strings.Join(all, ", "))
	}
	return blueprints[i], nil
}

func (b blueprint) records() map[string][]string {
	r := map[string][]string{}
	for _, n := range b.names {
		r[n] = []string{Address}
	}
	return r
}

// SiteNames are those that a visitor of such a host types.
func SiteNames(name string) []string {
	b, _ := find(name)
	return b.names
}

// build returns the folders a host of this blueprint stands on, the topmost
// first, and builds those that are missing.
func (b blueprint) build(ctx context.Context, log io.Writer) ([]string, error) {
	kind := fullRoot
	if b.fresh {
		kind = freshRoot
		if _, err := repository(ctx, b.suite, log); err != nil {
			return nil, err
		}
		if _, err := pebble(ctx, log); err != nil {
			return nil, err
		}
	}
	bottom, err := root(ctx, kind, b.suite, log)
	if err != nil {
		return nil, err
	}
	lower := []string{bottom}
	for _, name := range b.layers {
		dir, err := layer(ctx, b, name, lower, log)
		if err != nil {
			return nil, fmt.Errorf("build layer %s on %s: %w", name, b.suite, err)
		}
		lower = append([]string{dir}, lower...)
	}
	return lower, nil
}

// Build makes every root and layer that is missing, so that Up need not, and
// removes those that no blueprint stands on any more. What a fresh host stands
// on is left until one is asked for the first time: few need it.
func Build(ctx context.Context, log io.Writer) error {
	wanted := map[string]bool{}
	for _, b := range blueprints {
		if b.fresh && !present(freshRoot.path(b.suite)) {
			continue
		}
		lower, err := b.build(ctx, log)
		if err != nil {
			return err
		}
		for _, dir := range lower {
			wanted[dir] = true
		}
		wanted[repositoryPath(b.suite)] = true
	}
	return prune(wanted, log)
}
