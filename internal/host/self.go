package host

import (
	"context"
	"net"
	"os"
	"runtime"

	"assay/internal/tape"
)

func (l *local) self(ctx context.Context, a tape.Ask) tape.Answer {
	name, err := os.Hostname()
	if err != nil {
		return unseen("read the host's name", cause(err))
	}
	boot, err := bootTime()
	if err != nil {
		return unseen("read /proc/stat", cause(err))
	}
	return tape.Encode(tape.Visit{
		Now:      l.opt.Now().UTC(),
		UID:      os.Geteuid(),
		Hostname: name,
		Boot:     boot.UTC(),
		CPUs:     runtime.NumCPU(),
		Version:  l.opt.Version,
		Deep:     l.opt.Deep,
		Page:     l.opt.Page,
		Declares: true,
	})
}

func (l *local) addrs(ctx context.Context, a tape.Ask) tape.Answer {
	faces, err := net.Interfaces()
	if err != nil {
		return unseen("list the network interfaces", cause(err))
	}
	out := []tape.Addr{}
	for _, f := range faces {
		list, err := f.Addrs()
		if err != nil {
			continue // the interface went away meanwhile
		}
		for _, n := range list {
			out = append(out, tape.Addr{Iface: f.Name, CIDR: n.String()})
		}
	}
	return tape.Encode(out)
}
