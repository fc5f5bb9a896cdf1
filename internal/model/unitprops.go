package model

import (
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Property is one of the unit's properties as systemd has it loaded; unknown
// where systemd is too old to have it.
func (u *Unit) Property(key string) fact.Of[string] {
	ask := tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: u.Name}
	v, told := u.props[key]
	if !told {
		return fact.Unknown[string](fact.Why{Text: "read " + key + " of " + u.Name + ": systemctl show does not tell it", Ask: ask,
			Hint: "make a new recording with this version of assay; systemd 247 and later tell it"})
	}
	return fact.Known(v, fact.Source{Where: "systemctl show " + u.Name, Text: key + "=" + v, Ask: ask})
}

// Forever is how long systemd waits with a limit of "infinity".
const Forever = 1000 * time.Hour

// StopTime is how long systemd waits for the service to end before it kills it.
func (u *Unit) StopTime() fact.Of[time.Duration] {
	return fact.Bind(u.Property("TimeoutStopUSec"), func(v string) fact.Of[time.Duration] {
		if v == "infinity" {
			return fact.Known(Forever)
		}
		d, err := span(v)
		if err != nil {
			return fact.Unknown[time.Duration](fact.Why{Text: "read TimeoutStopUSec=" + v + " of " + u.Name})
		}
		return fact.Known(d)
	})
}

// span reads a time as systemctl prints it: "1min 30s" (systemd.time(7)).
func span(text string) (time.Duration, error) {
	r := strings.NewReplacer("min", "m", "month", "", "us", "us", "ms", "ms", " ", "", "d", "", "w", "", "y", "")
	return time.ParseDuration(r.Replace(text))
}

// Exposure is how much of the machine the service may touch, 0 to 10, as
// systemd-analyze(1) sums it up.
func (u *Unit) Exposure() fact.Of[float64] { return u.exposure }

// Served are the units that run the app, once they are loaded.
func (d *Deployment) Served() fact.Of[[]*Unit] {
	return fact.Then(d.Units(), func(all []*Unit) []*Unit {
		var out []*Unit
		for _, u := range all {
			if u.Load == "loaded" && !u.Oneshot {
				out = append(out, u)
			}
		}
		return out
	})
}

// OwnSecrets are the variables with a secret value that the unit's own files
// set, sorted. A key of a service that its own web pages show is none.
func (u *Unit) OwnSecrets() []string {
	t, state := u.Files.Look(&fact.Notes{})
	if state != fact.IsKnown {
		return nil
	}
	var out []string
	for _, name := range sortedKeys(t.Env) {
		v := t.Env[name]
		if (v.File == u.Fragment || slices.Contains(u.DropIns, v.File)) && strings.Contains(v.Value, "[masked:") && !shown.MatchString(name) {
			out = append(out, name)
		}
	}
	return out
}

// shown are names of what visitors get to see: keys for the browser, and
// Sentry's DSN, which its own pages carry.
var shown = regex.New(`(?i)PUBLIC|PUBLISHABLE|SITE_?KEY|^SENTRY_DSN$`)
