package facts

import (
	"assay/internal/fact"
	"assay/internal/tape"
)

// Key says which public key belongs to a private key's file.
func (f *Facts) Key(path string) fact.Of[tape.KeyReport] {
	return read(f, tape.Ask{Kind: tape.KindKey, Name: path}, path, func(k tape.KeyReport) string {
		switch {
		case k.Public != "":
			return k.Type + " key, its public key has SHA-256 " + k.Public[:min(len(k.Public), 16)] + "…"
		case k.Class == "none":
			return "no private key is in it"
		case k.Class == "unread":
			return "no private key of a kind that is known"
		}
		return k.Class + " private key"
	})
}
