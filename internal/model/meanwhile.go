package model

import (
	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// fallsMeanwhile looks again at a service that was young when it was looked at,
// since its site does not answer: it may have died in between.
func (b *builder) fallsMeanwhile(d *Deployment) {
	if d.Server == nil {
		return
	}
	var n fact.Notes
	u, state := d.Server.Unit.Look(&n)
	if state != fact.IsKnown || !u.Young() || u.Looping() {
		return
	}
	after := fact.Then(b.f.JournalAfter(u.Name), func(lines []facts.Entry) Journal {
		return newJournal("journalctl -u "+u.Name, tape.Ask{Kind: tape.KindCommand, Name: "journal-after", Arg: u.Name}, lines)
	})
	j, state := after.Look(&n)
	if state != fact.IsKnown || j.Said(ends, u.Up) == 0 && j.Said(begins, u.Up) < 2 {
		return
	}
	u.Journal = after
	if file := d.Server.errorFile; file != "" {
		u.ErrorLog = b.logTail(file)
	}
	b.f.Leaf(func() { u.Context = b.execContext(u) })
}

// begins is systemd's word for a start.
var begins = regex.New(`^Start(ing|ed) `)

// Young says that it has not run for long enough to be trusted to stay up.
func (u *Unit) Young() bool { return u.Running() && u.Now.Sub(u.Up) < loopFor }

// GaveUp says that systemd refuses to start it again, since it was started too
// often (StartLimitBurst=).
func (u *Unit) GaveUp(w fact.Witness) bool {
	if u.Result == "start-limit-hit" {
		return true
	}
	j, state := u.Journal.Look(w)
	if state != fact.IsKnown {
		return false
	}
	for i := len(j.Lines) - 1; i >= 0; i-- {
		l := j.Lines[i]
		switch {
		case l.PID != 1:
		case tooOften.MatchString(l.Text):
			return true
		case begins.MatchString(l.Text):
			return false
		}
	}
	return false
}

// tooOften is systemd's word for the start limit (248 to 257).
var tooOften = regex.New(`Start request repeated too quickly`)
