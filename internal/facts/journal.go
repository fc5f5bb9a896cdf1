package facts

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Entry is one line of the journal.
type Entry struct {
	At       time.Time
	Priority int
	PID      int
	Text     string
	Kind     string // MESSAGE_ID, where it was asked for
}

// Journal is the last lines of one unit, oldest first.
func (f *Facts) Journal(unit string) fact.Of[[]Entry] { return f.journal("journal", unit) }

// JournalAfter is Journal, read once our own requests were answered.
func (f *Facts) JournalAfter(unit string) fact.Of[[]Entry] { return f.journal("journal-after", unit) }

// Warnings are what systemd itself warned of.
func (f *Facts) Warnings(unit string) fact.Of[[]Entry] { return f.journal("journal-systemd", unit) }

// Deaths is when a unit was started and when it ended, of two weeks.
func (f *Facts) Deaths(unit string) fact.Of[[]Entry] { return f.journal("journal-deaths", unit) }

// WorkersLost is what gunicorn said in a day of workers that it lost.
func (f *Facts) WorkersLost(unit string) fact.Of[[]Entry] { return f.journal("journal-workers", unit) }

func (f *Facts) journal(row, unit string) fact.Of[[]Entry] {
	return f.entries(tape.Ask{Kind: tape.KindCommand, Name: row, Arg: unit}, "journalctl -u "+unit)
}

// KernelLog is the kernel's last warnings and worse, oldest first.
func (f *Facts) KernelLog() fact.Of[[]Entry] {
	return f.entries(tape.Ask{Kind: tape.KindCommand, Name: "journal-kernel"}, "journalctl -k")
}

// OutOfMemory is what the kernel and systemd said in two weeks of processes that
// were killed for want of memory.
func (f *Facts) OutOfMemory() fact.Of[[]Entry] {
	return f.entries(tape.Ask{Kind: tape.KindCommand, Name: "journal-oom"}, "journalctl")
}

func (f *Facts) entries(a tape.Ask, where string) fact.Of[[]Entry] {
	return fact.Then(f.text(a, where), func(body string) []Entry {
		var out []Entry
		for l := range strings.Lines(body) {
			if e, ok := entry(l); ok {
				out = append(out, e)
			}
		}
		return out
	})
}

// entry reads one line of `journalctl -o json`. MESSAGE is an array of bytes
// when it holds anything but printable UTF-8 (systemd, JSON export format).
func entry(l string) (Entry, bool) {
	var raw struct {
		Message  json.RawMessage `json:"MESSAGE"`
		Priority string          `json:"PRIORITY"`
		PID      string          `json:"_PID"`
		At       string          `json:"__REALTIME_TIMESTAMP"`
		Kind     string          `json:"MESSAGE_ID"`
	}
	if json.Unmarshal([]byte(l), &raw) != nil {
		return Entry{}, false
	}
	e := Entry{Kind: raw.Kind}
	if json.Unmarshal(raw.Message, &e.Text) != nil {
		var bytes []byte
		var nums []int
		if json.Unmarshal(raw.Message, &nums) != nil {
			return e, false
		}
		for _, n := range nums {
			bytes = append(bytes, byte(n))
		}
		e.Text = strings.ToValidUTF8(string(bytes), "�")
	}
	us, _ := strconv.ParseInt(raw.At, 10, 64)
	e.At = time.UnixMicro(us).UTC()
	e.Priority, _ = strconv.Atoi(raw.Priority)
	e.PID, _ = strconv.Atoi(raw.PID)
	return e, true
}
