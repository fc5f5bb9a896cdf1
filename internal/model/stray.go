package model

import (
	"slices"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
)

// strays are the server blocks that belong to no deployment: what one of them
// gives away is the host's own matter.
func (m *Model) strays() fact.Of[[]*Site] {
	if len(m.Blind) > 0 { // a block may be that of a deployment that was not seen
		return fact.Unknown[[]*Site](m.Blind[0])
	}
	return fact.Bind(m.Proxy(), func(l []*Nginx) fact.Of[[]*Site] {
		var taken, out []*Site
		var n fact.Notes
		for _, d := range m.Deployments {
			sites, state := d.Sites.Look(&n)
			if state == fact.IsUnknown {
				return fact.Unknown[[]*Site](n.Why())
			}
			taken = append(taken, sites...)
		}
		for _, x := range l {
			for _, s := range x.Sites {
				if !slices.Contains(taken, s) {
					out = append(out, s)
				}
			}
		}
		return fact.Known(out)
	})
}

// kept says that a location answers only some visitors: by address, password,
// or not at all.
func kept(loc *syntax.Directive) bool {
	for _, d := range syntax.Effective(loc, "deny") {
		if d.Arg(0) == "all" {
			return true
		}
	}
	for _, name := range []string{"auth_basic", "auth_request", "auth_jwt"} {
		if v, d := syntax.Value(loc, name); d != nil && v != "off" {
			return true
		}
	}
	return asksCertificate(loc)
}

func asksCertificate(loc *syntax.Directive) bool {
	v, _ := syntax.Value(loc, "ssl_verify_client")
	return v == "on"
}
