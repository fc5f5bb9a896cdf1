package model

import (
	"strconv"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Journal is what a unit said last: its own processes and systemd, oldest first.
type Journal struct {
	Where  string
	Ask    tape.Ask
	Lines  []facts.Entry
	traces map[int]fact.Source // indexes of Lines that end a Python traceback, with its innermost place
}

// journal is the journal of a unit.
func (b *builder) journal(unit string) fact.Of[Journal] {
	return fact.Then(b.f.Journal(unit), func(lines []facts.Entry) Journal {
		return newJournal("journalctl -u "+unit, tape.Ask{Kind: tape.KindCommand, Name: "journal", Arg: unit}, lines)
	})
}

// logTail is gunicorn's error log, for those who let it write a file: then the
// journal holds only what systemd says.
func (b *builder) logTail(file string) fact.Of[Journal] {
	return fact.Then(b.f.Tail(file), func(text string) Journal {
		var lines []facts.Entry
		var at time.Time
		for l := range strings.Lines(text) {
			l = strings.TrimRight(l, "\r\n")
			if m := ownPrefix.FindStringSubmatch(l); m != nil {
				if t, err := time.Parse("2006-01-02 15:04:05 -0700", m[1]); err == nil {
					at = t.UTC()
				}
			}
			lines = append(lines, facts.Entry{At: at, Text: l})
		}
		return newJournal(file, tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail"}, lines)
	})
}

// ownPrefix is what gunicorn puts before a line of its own (gunicorn/glogging.py).
var ownPrefix = regex.New(`^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\] \[\d+\] \[\w+\] `)

func newJournal(where string, ask tape.Ask, lines []facts.Entry) Journal {
	j := Journal{Where: where, Ask: ask, Lines: lines, traces: map[int]fact.Source{}}
	open := map[int]*fact.Source{} // by process: workers fail side by side
	for i, l := range lines {
		place := open[l.PID]
		switch {
		case strings.HasPrefix(l.Text, "Traceback (most recent call last)"):
			open[l.PID] = &fact.Source{}
		case place == nil || l.Text == "":
		case l.Text[0] != ' ' && l.Text[0] != '\t':
			j.traces[i] = *place
			delete(open, l.PID)
		default:
			frame(place, l.Text)
		}
	}
	return j
}

var frameLine = regex.New(`^ +File "([^"<]+)", line (\d+)`)

// frame takes in one line of a traceback: a place, or the code that stands there.
func frame(at *fact.Source, line string) {
	if m := frameLine.FindStringSubmatch(line); m != nil {
		n, _ := strconv.Atoi(m[2])
		*at = fact.Source{Where: m[1], Line: n}
	} else if code := strings.TrimSpace(line); at.Where != "" && at.Text == "" && strings.Trim(code, "^~ ") != "" && !strings.HasPrefix(code, "File ") {
		at.Text = clip(code)
	}
}

// attempts cuts the journal where systemd begins to start the unit; "Starting"
// stands before "Started" only where a start takes time (systemd 252, 257).
func (j Journal) attempts() []int {
	var at []int
	starting := false
	for i, l := range j.Lines {
		if l.PID != 1 {
			continue
		}
		switch {
		case strings.HasPrefix(l.Text, "Starting "):
			at, starting = append(at, i), true
		case strings.HasPrefix(l.Text, "Started "):
			if !starting {
				at = append(at, i)
			}
			starting = false
		}
	}
	return at
}

// lastAttempts are how many starts are searched: the newest may only have
// begun, and a refused one says nothing new ("repeated too quickly").
const lastAttempts = 4

// since leaves out what was said before a moment.
func (j Journal) since(t time.Time) Journal {
	for i, l := range j.Lines {
		if !l.At.Before(t) {
			return newJournal(j.Where, j.Ask, j.Lines[i:])
		}
	}
	return newJournal(j.Where, j.Ask, nil)
}
