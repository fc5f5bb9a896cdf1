package facts

import (
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Visit is who looks, where and when.
func (f *Facts) Visit() fact.Of[tape.Visit] {
	return read[tape.Visit](f, tape.Ask{Kind: tape.KindSelf}, "this visit", nil)
}

// Addrs are the addresses of the interfaces.
func (f *Facts) Addrs() fact.Of[[]tape.Addr] {
	return read(f, tape.Ask{Kind: tape.KindAddrs}, "addresses of this host", func(a []tape.Addr) string {
		var s []string
		for _, x := range a {
			if x.Iface != "lo" {
				s = append(s, x.CIDR)
			}
		}
		return strings.Join(s, ", ")
	})
}

// OS is PRETTY_NAME of /etc/os-release.
func (f *Facts) OS() fact.Of[string] {
	return fact.Bind(f.File("/etc/os-release"), func(t string) fact.Of[string] {
		for l := range strings.Lines(t) {
			if v, ok := strings.CutPrefix(strings.TrimSpace(l), "PRETTY_NAME="); ok {
				return fact.Known(strings.Trim(v, `"'`))
			}
		}
		return fact.Absent[string]()
	})
}

// Release is what /etc/os-release calls the system for programs.
type Release struct {
	ID, Version string // debian, 12
	Text        string // the line that says the version
	Line        int
}

// Release reads it.
func (f *Facts) Release() fact.Of[Release] {
	return fact.Then(f.File("/etc/os-release"), func(t string) Release {
		var r Release
		no := 0
		for l := range strings.Lines(t) {
			no++
			name, v, _ := strings.Cut(strings.TrimSpace(l), "=")
			switch v = strings.Trim(v, `"'`); name {
			case "ID":
				r.ID = v
			case "VERSION_ID":
				r.Version, r.Text, r.Line = v, strings.TrimSpace(l), no
			}
		}
		return r
	})
}
