package model

import (
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Death is one end of a unit that nobody asked for, after it had run well.
type Death struct {
	At  time.Time
	Ran time.Duration
	How string // systemd's words: "Main process exited, code=killed, status=9/KILL"
}

// ranWell is how long a service runs that did not fail at its start: those deaths
// are of a deploy, or of a loop that shows by itself.
const ranWell = 10 * time.Second

// result is how systemd ends the story of a death.
var result = regex.New(`Failed with result '([a-z-]+)'`)

// Deaths are the unit's deaths of two weeks after runs of some length, the
// oldest first, since somebody stopped or restarted it last: what was mended is
// past. Starts that failed are none.
func (u *Unit) Deaths() fact.Of[[]Death] {
	ask := tape.Ask{Kind: tape.KindCommand, Name: "journal-deaths", Arg: u.Name}
	return fact.Bind(u.deaths, func(lines []facts.Entry) fact.Of[[]Death] {
		var out []Death
		var up time.Time
		how := ""
		for _, l := range lines {
			switch {
			case l.Kind == tape.MessageStarted:
				up, how = l.At, ""
			case l.Kind == tape.MessageStopping:
				out, up = nil, time.Time{}
			case l.Kind == tape.MessageEnded:
				_, how, _ = strings.Cut(l.Text, ": ")
			case l.Kind == tape.MessageFailed && !up.IsZero():
				if m := result.FindStringSubmatch(l.Text); m != nil && how == "" {
					how = m[1]
				}
				if ran := l.At.Sub(up); ran >= ranWell {
					out = append(out, Death{At: l.At, Ran: ran, How: how})
				}
				up = time.Time{}
			}
		}
		src := fact.Source{Where: "journalctl -u " + u.Name, Text: "no death in two weeks", Ask: ask}
		if len(out) > 0 {
			last := out[len(out)-1]
			src.Text = last.At.Format("2 Jan 15:04") + ": " + clip(last.How)
		}
		return fact.Known(out, src)
	})
}

// workersLost is what gunicorn said in the last day of workers that it lost,
// since its master was started: in the journal, or in a file of its own.
func (b *builder) workersLost(s *AppServer, u *Unit) fact.Of[[]facts.Entry] {
	return fact.Bind(s.Master, func(m Process) fact.Of[[]facts.Entry] {
		said := b.f.WorkersLost(u.Name)
		if s.errorFile != "" {
			said = fact.Then(b.logTail(s.errorFile), func(j Journal) []facts.Entry { return j.Lines })
		}
		from := s.Now.Add(-24 * time.Hour)
		if m.Start.After(from) {
			from = m.Start
		}
		return fact.Then(said, func(lines []facts.Entry) []facts.Entry {
			var out []facts.Entry
			for _, l := range lines {
				if workerLost.MatchString(l.Text) && !l.At.Before(from) {
					out = append(out, l)
				}
			}
			return out
		})
	})
}

var workerLost = regex.New(tape.WorkerLost)

// Lost is what gunicorn said in the last day of workers that it lost.
func (s *AppServer) Lost() fact.Of[[]facts.Entry] { return s.lost }

// ErrorFile is the file that gunicorn writes its own words to, "" for the journal.
func (s *AppServer) ErrorFile() string { return s.errorFile }
