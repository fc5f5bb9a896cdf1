package facts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Props are the properties of one unit as `systemctl show` prints them. A
// property that comes several times keeps all its values, a line each.
type Props map[string]string

// Services is every service and socket unit that systemd has loaded.
func (f *Facts) Services() fact.Of[[]Props] {
	return Remember(f, "services", func() fact.Of[[]Props] {
		return fact.Then(f.text(tape.Ask{Kind: tape.KindCommand, Name: "services"}, "systemctl show *.service"), propsList)
	})
}

// Unit is the state of one unit; a unit that systemd cannot find has LoadState
// not-found.
func (f *Facts) Unit(name string) fact.Of[Props] {
	a := tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: name}
	where := "systemctl show " + name
	return fact.Bind(f.text(a, where), func(body string) fact.Of[Props] {
		list := propsList(body)
		if len(list) == 0 {
			return fact.Unknown[Props](fact.Why{Text: "read " + where + ": nothing was printed", Ask: a})
		}
		p := list[0]
		return fact.Known(p)
	})
}

// ManagerEnv is what systemd gives every service besides its unit's own
// variables.
func (f *Facts) ManagerEnv() fact.Of[map[string]string] {
	return fact.Then(f.text(tape.Ask{Kind: tape.KindCommand, Name: "manager-env"}, "systemctl show-environment"), func(body string) map[string]string {
		out := map[string]string{}
		for l := range strings.Lines(body) {
			if k, v, ok := strings.Cut(strings.TrimSpace(l), "="); ok {
				out[k] = v
			}
		}
		return out
	})
}

// RuntimeDirs are the folders in /run that loaded services make, with who does.
func (f *Facts) RuntimeDirs() fact.Of[map[string]string] {
	return fact.Then(f.text(tape.Ask{Kind: tape.KindCommand, Name: "runtime-dirs"}, "systemctl show -p RuntimeDirectory *.service"), func(body string) map[string]string {
		out := map[string]string{}
		for _, p := range propsList(body) {
			for _, d := range strings.Fields(p["RuntimeDirectory"]) {
				d, _, _ = strings.Cut(d, ":")
				out["/run/"+d] = p["Id"]
			}
		}
		return out
	})
}

// Exposure is how much of the machine a service may touch: the number that
// systemd-analyze(1) sums up, from 0 to 10.
func (f *Facts) Exposure(unit string) fact.Of[float64] {
	a := tape.Ask{Kind: tape.KindCommand, Name: "exposure", Arg: unit}
	where := "systemd-analyze security " + unit
	return fact.Bind(f.text(a, where), func(body string) fact.Of[float64] {
		_, rest, ok := strings.Cut(body, "Overall exposure level for ")
		rest, _, _ = strings.Cut(rest, "\n")
		_, score, _ := strings.Cut(rest, ": ")
		score, _, _ = strings.Cut(score, " ")
		n, err := strconv.ParseFloat(score, 64)
		if !ok || err != nil {
			return fact.Unknown[float64](fact.Why{Text: "read " + where + ": it does not say how much", Ask: a})
		}
		return fact.Known(n, fact.Source{Where: where, Text: "Overall exposure level for " + strings.TrimSpace(rest), Ask: a})
	})
}

// UnitSource is what systemctl says of a unit's state.
func UnitSource(name string, p Props) fact.Source {
	text := fmt.Sprintf("ActiveState=%s SubState=%s UnitFileState=%s", p["ActiveState"], p["SubState"], p["UnitFileState"])
	if p["LoadState"] != "loaded" {
		text = "LoadState=" + p["LoadState"] + " " + text
	}
	if p["Result"] != "success" {
		text += fmt.Sprintf(" Result=%s ExecMainStatus=%s", p["Result"], p["ExecMainStatus"])
	}
	if n := p.Int("NRestarts"); n > 0 {
		text += fmt.Sprintf(" NRestarts=%d", n)
	}
	return fact.Source{Where: "systemctl show " + name, Text: text, Ask: tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: name}}
}

// propsList reads blocks of KEY=VALUE with a blank line between.
func propsList(body string) []Props {
	var out []Props
	cur := Props{}
	flush := func() {
		if len(cur) > 0 {
			out = append(out, cur)
		}
		cur = Props{}
	}
	for l := range strings.Lines(body) {
		l = strings.TrimRight(l, "\r\n")
		if l == "" {
			flush()
			continue
		}
		if k, v, ok := strings.Cut(l, "="); ok {
			if old, twice := cur[k]; twice {
				v = old + "\n" + v
			}
			cur[k] = v
		}
	}
	flush()
	return out
}

// Int is a number, 0 when there is none.
func (p Props) Int(key string) int {
	n, _ := strconv.Atoi(p[key])
	return n
}

// Time reads a timestamp in the form of --timestamp=unix: "@1700000000". The
// option came with systemd 247; Debian 11 has it.
func (p Props) Time(key string) time.Time {
	s, ok := strings.CutPrefix(p[key], "@")
	if !ok {
		return time.Time{}
	}
	sec, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(sec, 0).UTC()
}

// Commands are the command lines of ExecStart, as words: argv[] is printed
// joined with blanks, so words that hold blanks come apart.
func (p Props) Commands() [][]string {
	var out [][]string
	for l := range strings.Lines(p["ExecStart"]) {
		_, rest, ok := strings.Cut(l, "argv[]=")
		if !ok {
			continue
		}
		argv, _, _ := strings.Cut(rest, " ; ignore_errors=")
		out = append(out, strings.Fields(argv))
	}
	return out
}

// unitFolders are where an administrator's units lie (systemd.unit(5)); those
// of packages are known to systemd itself once they are enabled.
var unitFolders = []string{"/etc/systemd/system/*.service", "/run/systemd/system/*.service", "/usr/local/lib/systemd/system/*.service"}

// UnitFiles are the service files on disk, loaded or not.
func (f *Facts) UnitFiles() fact.Of[[]string] {
	var out []string
	var n fact.Notes
	for _, g := range unitFolders {
		list, state := f.Glob(g).Look(&n)
		if state == fact.IsUnknown {
			return fact.Unknown[[]string](n.Why())
		}
		out = append(out, list...)
	}
	return fact.Known(out)
}
