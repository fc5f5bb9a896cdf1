package facts

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Procs is every process, kernel threads left out.
func (f *Facts) Procs() fact.Of[[]tape.Proc] {
	return Remember(f, "procs", func() fact.Of[[]tape.Proc] {
		return read(f, tape.Ask{Kind: tape.KindProcs}, "processes", func(p []tape.Proc) string {
			return fmt.Sprintf("%d processes", len(p))
		})
	})
}

// ProcSource is the source of what one process is.
func ProcSource(p tape.Proc) fact.Source {
	return fact.Source{Where: fmt.Sprintf("process %d", p.PID), Text: short(strings.Join(p.Args, " ")),
		Ask: tape.Ask{Kind: tape.KindProcs}}
}

// Environ is the environment of a process as it was started.
func (f *Facts) Environ(pid int) fact.Of[map[string]string] {
	a := tape.Ask{Kind: tape.KindEnviron, Name: strconv.Itoa(pid)}
	list := read[[]string](f, a, fmt.Sprintf("environment of process %d", pid), nil)
	return fact.Then(list, func(l []string) map[string]string {
		m := make(map[string]string, len(l))
		for _, kv := range l {
			if k, v, ok := strings.Cut(kv, "="); ok {
				m[k] = v
			}
		}
		return m
	})
}

// Sockets is every listening socket of this host's network.
func (f *Facts) Sockets() fact.Of[[]tape.Socket] {
	return Remember(f, "sockets", func() fact.Of[[]tape.Socket] {
		return read(f, tape.Ask{Kind: tape.KindSockets}, "listening sockets", func(s []tape.Socket) string {
			return fmt.Sprintf("%d listening sockets", len(s))
		})
	})
}
