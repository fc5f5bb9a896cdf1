package model

import (
	"strconv"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Capacity is what a gunicorn's processes take, and what they may have.
type Capacity struct {
	*AppServer
	Memory  fact.Of[tape.Memory]
	Allowed fact.Of[Allowance]
	Time    fact.Of[float64] // processors' worth of time that it may have
}

// Allowance is how much memory a service may have, and who says so.
type Allowance struct {
	Bytes int64
	By    string // "MemoryMax= of shop.service", "" the machine
}

// Node is a place of its own.
func (c Capacity) Node() Node { return Node("capacity:" + c.Name) }

// Capacities is what the deployment's gunicorn takes.
func (d *Deployment) Capacities() fact.Of[[]Capacity] {
	return fact.Then(d.Gunicorns(), func(l []*AppServer) []Capacity {
		var out []Capacity
		for _, s := range l {
			out = append(out, Capacity{s, s.memory, s.allowance(), s.time()})
		}
		return out
	})
}

func (b *builder) memoryOf(s *AppServer) fact.Of[tape.Memory] {
	return fact.Bind(s.Master, func(m Process) fact.Of[tape.Memory] {
		pids := []int{m.PID}
		workers, _ := s.Workers.Look(&b.notes)
		for _, w := range workers {
			if w.State != "Z" && len(pids) < maxHolders {
				pids = append(pids, w.PID)
			}
		}
		return b.f.Memory(pids)
	})
}

// Takes is what want workers and their master take: now, and when each takes
// as much again as it did when it took most. The first process is the master.
func Takes(m tape.Memory, want int) (now, most int64) {
	var large, largest int64
	for i, p := range m.Processes {
		now += p.PSS
		if i == 0 {
			most += p.PSS
			continue
		}
		own := p.PSS + max(p.Peak-p.RSS, 0)
		most += own
		large, largest = max(large, p.PSS), max(largest, own)
	}
	if missing := int64(want - (len(m.Processes) - 1)); missing > 0 {
		now, most = now+missing*large, most+missing*largest
	}
	return now, most
}

// Others is what everybody else on the machine takes.
func Others(m tape.Memory) int64 {
	now, _ := Takes(m, 0)
	return max(m.Total-m.Available-now, 0)
}

// allowance is the least that the machine, a control group or the unit gives.
func (s *AppServer) allowance() fact.Of[Allowance] {
	return fact.Bind(s.memory, func(m tape.Memory) fact.Of[Allowance] {
		a := Allowance{Bytes: m.Total}
		for _, g := range m.Limits {
			if g.Memory > 0 && g.Memory < a.Bytes {
				a = Allowance{g.Memory, "the control group " + g.Group}
			}
		}
		return loadedOr(s, "MemoryMax", a, func(u *Unit, v string) Allowance {
			if n, err := strconv.ParseInt(v, 10, 64); err == nil && n > 0 && n <= a.Bytes {
				return Allowance{n, "MemoryMax= of " + u.Name}
			}
			return a
		})
	})
}

// time is how many processors' worth of time the service may have.
func (s *AppServer) time() fact.Of[float64] {
	return fact.Bind(s.memory, func(m tape.Memory) fact.Of[float64] {
		n := float64(max(m.CPUs, 1))
		for _, g := range m.Limits {
			if g.CPUs > 0 {
				n = min(n, g.CPUs)
			}
		}
		return loadedOr(s, "CPUQuotaPerSecUSec", n, func(_ *Unit, v string) float64 {
			if d, err := span(v); err == nil && d > 0 {
				return min(n, d.Seconds())
			}
			return n
		})
	})
}

// loadedOr makes something of a property of the server's unit; or is what holds
// where it has none.
func loadedOr[T any](s *AppServer, property string, or T, to func(*Unit, string) T) fact.Of[T] {
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	switch state {
	case fact.IsUnknown:
		return fact.Unknown[T](n.Why())
	case fact.IsAbsent:
		return fact.Known(or)
	}
	return fact.Then(u.Property(property), func(v string) T { return to(u, v) })
}
