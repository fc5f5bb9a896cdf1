package facts

import (
	"fmt"
	"time"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Timers is every timer that systemd has loaded.
func (f *Facts) Timers() fact.Of[[]Props] {
	return Remember(f, "timers", func() fact.Of[[]Props] {
		return fact.Then(f.text(tape.Ask{Kind: tape.KindCommand, Name: "timers"}, "systemctl show *.timer"), propsList)
	})
}

// LastTrigger is when a timer last elapsed. systemd 252 to 257 print it as a
// date whatever --timestamp says; commands run in UTC.
func (p Props) LastTrigger() time.Time {
	if t := p.Time("LastTriggerUSec"); !t.IsZero() {
		return t
	}
	t, err := time.Parse("Mon 2006-01-02 15:04:05 MST", p["LastTriggerUSec"])
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// Dumps are the files of a folder in which backups lie, the newest first.
func (f *Facts) Dumps(folder string) fact.Of[[]tape.Dump] {
	return read(f, tape.Ask{Kind: tape.KindDumps, Name: folder}, folder, func(d []tape.Dump) string {
		if len(d) == 0 {
			return "no file"
		}
		return fmt.Sprintf("%s, %d bytes, %s", d[0].Path, d[0].Size, d[0].MTime.UTC().Format("2006-01-02 15:04 UTC"))
	})
}
