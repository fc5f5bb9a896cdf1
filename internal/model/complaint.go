package model

import (
	"fmt"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/regex"
)

// Complaint is the one line that says best why a unit does not run.
type Complaint struct {
	At     time.Time
	Text   string // without gunicorn's own prefix
	Source fact.Source
	Place  fact.Source // the line of code that a traceback ends in; Where is "" without one
	weight int
}

// Complaint finds the line in the newest attempt that has one worth telling.
func (j Journal) Complaint() (Complaint, bool) {
	return j.complaintIn(j.cuts())
}

func (j Journal) cuts() []int {
	at := j.attempts()
	if len(at) == 0 || len(at) < lastAttempts && at[0] > 0 {
		at = append([]int{0}, at...)
	}
	if len(at) > lastAttempts {
		at = at[len(at)-lastAttempts:]
	}
	return at
}

func (j Journal) complaintIn(cuts []int) (Complaint, bool) {
	end := len(j.Lines)
	var best Complaint
	for k := len(cuts) - 1; k >= 0; k-- {
		if c := j.worst(cuts[k], end); c.weight > best.weight && best.weight < telling {
			best = c
		}
		end = cuts[k]
	}
	return best, best.weight > 0
}

func (j Journal) worst(from, to int) Complaint {
	var best Complaint
	for i := from; i < to; i++ {
		if w := j.weight(i); w > 0 && w >= best.weight {
			best = j.complaint(i, w)
		}
	}
	return best
}

func (j Journal) complaint(i, w int) Complaint {
	text := plainLine(j.Lines[i].Text)
	src := fact.Source{Where: j.Where, Text: clip(text), Ask: j.Ask}
	at := j.Lines[i].At
	if !at.IsZero() {
		src.Text = at.UTC().Format("15:04:05") + " " + src.Text
	}
	c := Complaint{At: at, Text: text, Source: src, Place: j.traces[i], weight: w}
	c.Place.Ask = j.Ask
	if strings.HasPrefix(text, "SyntaxError") || strings.HasPrefix(text, "IndentationError") { // which say no place themselves
		c.Text += fmt.Sprintf(" (%s, line %d)", c.Place.Where, c.Place.Line)
	}
	return c
}

// plainLine drops what stands before the message itself.
func plainLine(s string) string {
	s = ownPrefix.ReplaceAllString(s, "")
	if m := unitPrefix.FindString(s); m != "" {
		s = s[len(m):]
	}
	if _, tail, ok := strings.Cut(s, "[emerg] "); ok { // nginx
		s = pidMark.ReplaceAllString(tail, "")
	}
	return strings.TrimSpace(s)
}

var weights = []struct {
	weight int
	say    *regex.Regex
}{
	// systemd 252 and 257: src/core/execute.c, exec-invoke.c, service.c.
	{decisive, regex.New(`Failed to (load environment files|locate executable|execute |determine (user|group) credentials|set up mount namespacing|set up standard (output|error)|open |create )` +
		`|Changing to the requested working directory failed|killed by the OOM killer|[Oo]peration timed out|reception only permitted|code=(killed|dumped)`)},
	{some, regex.New(`Can't connect to|still could not bind|was sent SIG|terminated due to signal|WORKER TIMEOUT|not found$|^Error: `)},
	// What gunicorn 20.1 to 23 says before it gives up, and nginx's last word.
	{telling, regex.New(`Failed to find (attribute|application)|Connection in use|connection to .* failed: |Application object must be callable|Invalid (value|address|setting)|: error: |Failed to parse|isn't a valid|doesn't exist|\[emerg\]|was skipped because of|Dependency failed for`)},
	{vague, regex.New(`Worker failed to boot|App failed to load|Exception in worker process|Main process exited|Failed with result`)},
}

// exception is the last line of a traceback whose first line is out of sight.
var exception = regex.New(`^[A-Za-z_][\w.]*(Error|Exception)(: |$)`)

func (j Journal) weight(i int) int {
	text := j.Lines[i].Text
	if _, ends := j.traces[i]; ends || exception.MatchString(text) {
		if strings.Contains(text, "HaltServer") || strings.HasPrefix(text, "SystemExit") {
			return vague // the master's own way out, after the worker's exception
		}
		return precise
	}
	for _, w := range weights {
		if w.say.MatchString(text) {
			return w.weight
		}
	}
	return 0
}

// Stopped is when somebody had the unit stopped, where the last thing that
// systemd did was that.
func (j Journal) Stopped() (Complaint, bool) {
	for i := len(j.Lines) - 1; i >= 0; i-- {
		l := j.Lines[i]
		if l.PID != 1 {
			continue
		}
		switch {
		case strings.HasPrefix(l.Text, "Stopping "):
			return j.complaint(i, telling), true
		case strings.HasPrefix(l.Text, "Starting "), strings.HasPrefix(l.Text, "Started "):
			return Complaint{}, false
		}
	}
	return Complaint{}, false
}

// Sources are the line, and the place that it speaks of.
func (c Complaint) Sources() []fact.Source {
	if c.Place.Where == "" {
		return []fact.Source{c.Source}
	}
	return []fact.Source{c.Source, c.Place}
}

// Telling says that the line gives a reason, and not only that it ended.
func (c Complaint) Telling() bool { return c.weight >= some }

// Said counts the lines since a moment that match.
func (j Journal) Said(what *regex.Regex, since time.Time) int {
	n := 0
	for _, l := range j.Lines {
		if !l.At.Before(since) && what.MatchString(l.Text) {
			n++
		}
	}
	return n
}

// Complaint says why the unit does not run: the journal's line, or that of the
// error log which its gunicorn writes instead.
func (u *Unit) Complaint() (Complaint, bool) {
	var n fact.Notes
	j, state := u.Journal.Look(&n)
	best, ok := Complaint{}, false
	var from time.Time
	if state == fact.IsKnown {
		cuts := j.cuts()
		if u.Running() && !u.Looping() && len(cuts) > 1 {
			cuts = cuts[len(cuts)-1:] // what was said before is healed
		}
		best, ok = j.complaintIn(cuts)
		if len(cuts) > 0 && len(j.Lines) > 0 {
			from = j.Lines[cuts[0]].At.Truncate(time.Second)
		}
	}
	if log, s := u.ErrorLog.Look(&n); s == fact.IsKnown && !from.IsZero() {
		recent := log.since(from)
		if c := recent.worst(0, len(recent.Lines)); c.weight > best.weight {
			best, ok = c, true
		}
	}
	return best, ok
}

// ErrorFile is the file that its gunicorn writes its errors to, "" for none.
func (u *Unit) ErrorFile() string {
	var n fact.Notes
	j, _ := u.ErrorLog.Look(&n)
	return j.Where
}

// loopFor is how long a service must have run before systemd's restarts of it
// are history: an app takes seconds to import, and gunicorn says that it is
// ready before its workers have (20.1 to 23).
const loopFor = 30 * time.Second

// Looping says that systemd starts the unit again and again, in whichever
// phase of that it is seen. NRestarts is reset by hand alone, so it says
// nothing of a service that has been up for a while.
func (u *Unit) Looping() bool {
	switch {
	case u.Running() && u.Now.Sub(u.Up) < loopFor && u.fell():
		return true
	case u.Restarts < 1:
		return u.Sub == "auto-restart" // after its first death
	case u.Running() && u.Restarts < 3:
		return u.Now.Sub(u.Up) < justNow
	case u.Running():
		return u.Now.Sub(u.Up) < loopFor
	}
	return u.Sub == "auto-restart" || u.Active == "activating" || u.Active == "deactivating"
}

// fell says that the service has died since systemd last called it active:
// gunicorn says that it is ready before its workers have imported the app.
func (u *Unit) fell() bool {
	var n fact.Notes
	j, state := u.Journal.Look(&n)
	return state == fact.IsKnown && j.Said(ends, j.startedAt(u.Up)) > 0
}

// startedAt is when, within a second, systemd called the unit started: it tells
// seconds alone (systemctl show, 252 to 257), and the end of the one before may
// stand in the same one.
func (j Journal) startedAt(second time.Time) time.Time {
	at := second
	for _, l := range j.Lines {
		if l.PID == 1 && strings.HasPrefix(l.Text, "Started ") && !l.At.Before(second) && l.At.Before(second.Add(time.Second)) {
			at = l.At
		}
	}
	return at
}

// Retrying says that its gunicorn tries again and again to open its socket: five
// times in five seconds, before it gives up (gunicorn/sock.py, 20.1 to 23).
func (u *Unit) Retrying() bool {
	var n fact.Notes
	j, state := u.Journal.Look(&n)
	at := j.attempts()
	if state != fact.IsKnown || len(at) == 0 {
		return false
	}
	last := ""
	for _, l := range j.Lines[at[len(at)-1]:] {
		if m := opens.FindString(l.Text); m != "" {
			last = m
		}
	}
	return strings.HasPrefix(last, "Retrying")
}

var opens = regex.New(`Retrying in 1 second|Listening at: `)

var ends = regex.New(`Worker failed to boot|App failed to load|Main process exited|Failed with result`)

// justNow is how long ago a service may have been started again after a death
// or two for that to be the news: nothing shows yet that it stays up.
const justNow = 5 * time.Second

// Stopped says that the unit was stopped and did not fail, and by which line.
func (u *Unit) Stopped() (Complaint, bool) {
	var n fact.Notes
	j, state := u.Journal.Look(&n)
	if state != fact.IsKnown || u.Result != "success" {
		return Complaint{}, false
	}
	return j.Stopped()
}

func clip(s string) string {
	if r := []rune(s); len(r) > 180 {
		return string(r[:179]) + "…"
	}
	return s
}

var (
	unitPrefix = regex.New(`^[A-Za-z0-9:_.\\@-]+\.(service|socket): `)
	pidMark    = regex.New(`^\d+#\d+: `)
)

// How much a line tells.
const (
	vague    = 1 // that it ended
	some     = 2
	telling  = 3 // what gunicorn, nginx or systemd itself ran into
	precise  = 4 // the app's own exception
	decisive = 5 // systemd or the kernel ended it: whatever the app said before
)
