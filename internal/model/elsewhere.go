package model

import "assay/internal/fact"

// secureElsewhere says that another machine answers https for a name of the
// deployment.
func (d *Deployment) secureElsewhere() fact.Of[bool] {
	var n fact.Notes
	if _, state := d.model.Machine.Addresses.Look(&n); state == fact.IsUnknown {
		return fact.Unknown[bool](n.Why()) // whose an address is
	}
	for _, name := range d.names {
		ends, _ := name.TLS.Look(&n)
		for _, e := range ends {
			if shake, state := e.Shake.Look(&n); !e.Own && state == fact.IsKnown && shake.Error == "" {
				return fact.Known(true, n.Sources[len(n.Sources)-1])
			}
		}
	}
	if n.Blind() {
		return fact.Unknown[bool](n.Why())
	}
	return fact.Known(false)
}
