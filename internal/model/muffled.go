package model

import (
	"strconv"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Muffled is a unit of whose lines journald has dropped some, in the last day.
type Muffled struct {
	Unit    string
	Dropped int
	Source  fact.Source
}

// Subject is the unit.
func (x *Muffled) Subject() string { return x.Unit }

// Node is a place of its own: no request stands on it.
func (x *Muffled) Node() Node { return Node("muffled:" + x.Unit) }

// journald is the unit in whose own journal that stands.
const journald = "systemd-journald.service"

// suppressed are its words (journald-server.c, systemd 219 to 257); the line comes
// with the next one of the unit that is kept.
var suppressed = regex.New(`^Suppressed (\d+) messages from (\S+)$`)

// Muffled are the app's units that journald has cut short.
func (d *Deployment) Muffled() fact.Of[[]*Muffled] {
	return fact.Bind(d.Units(), func(units []*Unit) fact.Of[[]*Muffled] {
		if len(units) == 0 {
			return fact.Known[[]*Muffled](nil)
		}
		return fact.Then(d.model.journald, func(lines []facts.Entry) []*Muffled {
			x := &Muffled{Unit: units[0].Name}
			for _, l := range lines {
				m := suppressed.FindStringSubmatch(l.Text)
				if m == nil || m[2] != x.Unit || d.model.Machine.Now.Sub(l.At) > 24*time.Hour {
					continue
				}
				n, _ := strconv.Atoi(m[1])
				x.Dropped += n
				x.Source = fact.Source{Where: "journalctl -u " + journald, Text: l.At.Format("2 Jan 15:04:05") + " " + l.Text, Ask: tape.Ask{Kind: tape.KindCommand, Name: "journal", Arg: journald}}
			}
			if x.Dropped == 0 {
				return nil
			}
			return []*Muffled{x}
		})
	})
}
