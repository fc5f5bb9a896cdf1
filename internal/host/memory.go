package host

import (
	"context"
	"errors"
	"path"
	"strconv"
	"strings"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// memory tells what the processes of one service take, and what they may have.
func (l *local) memory(ctx context.Context, a tape.Ask) tape.Answer {
	pids, ok := pidList(a.Name)
	if !ok {
		return unseen("read the memory of processes", "not process ids: "+short(a.Name))
	}
	info, err := readProc("/proc/meminfo", 64<<10)
	if err != nil {
		return l.failed("read /proc/meminfo", err)
	}
	m := tape.Memory{Total: int64(kibibytes(info, "MemTotal:")), Available: int64(kibibytes(info, "MemAvailable:")),
		SwapTotal: int64(kibibytes(info, "SwapTotal:")), SwapFree: int64(kibibytes(info, "SwapFree:")), Processes: []tape.ProcMemory{}}
	for _, pid := range pids {
		if ctx.Err() != nil {
			return stopped(ctx, a)
		}
		dir := "/proc/" + strconv.Itoa(pid)
		rollup, err := readProc(dir+"/smaps_rollup", 64<<10)
		switch {
		case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ESRCH): // it has ended
			continue
		case err != nil:
			return l.failed("read "+dir+"/smaps_rollup", err)
		}
		status, err := readProc(dir+"/status", 64<<10)
		if err != nil {
			continue
		}
		if len(m.Processes) == 0 {
			m.CPUs = cpuCount(field(status, "Cpus_allowed_list:"))
			group, _ := readProc(dir+"/cgroup", 64<<10)
			m.Limits = groupLimits(string(group))
		}
		m.Processes = append(m.Processes, tape.ProcMemory{PID: pid, PSS: int64(kibibytes(rollup, "Pss:")),
			RSS: int64(kibibytes(status, "VmRSS:")), Peak: int64(kibibytes(status, "VmHWM:"))})
	}
	if len(m.Processes) == 0 {
		return absent()
	}
	return tape.Encode(m)
}

func field(text []byte, key string) string {
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, key); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// cpuCount counts a list such as "0-3,8".
func cpuCount(list string) int {
	total := 0
	for part := range strings.SplitSeq(list, ",") {
		from, to, ranged := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		if err != nil {
			continue
		}
		b := a
		if ranged {
			b, _ = strconv.Atoi(to)
		}
		total += max(b-a+1, 0)
	}
	return total
}

// groupLimits reads what each group on the way to a process's own allows: of
// the one hierarchy of version 2, or of memory and cpu of version 1.
func groupLimits(cgroup string) []tape.GroupLimit {
	var out []tape.GroupLimit
	for line := range strings.Lines(cgroup) {
		p := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(p) != 3 || strings.Contains(p[2], "..") {
			continue
		}
		for group := path.Clean("/" + p[2]); ; group = path.Dir(group) {
			if g := limitsAt(p[1], group); g.Memory > 0 || g.CPUs > 0 {
				out = append(out, g)
			}
			if group == "/" {
				break
			}
		}
	}
	return out
}

func limitsAt(controllers, group string) tape.GroupLimit {
	g := tape.GroupLimit{Group: group}
	read := func(folder, file string) string {
		b, err := readProc(path.Join("/sys/fs/cgroup", folder, group, file), 256)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(b))
	}
	switch {
	case controllers == "":
		g.Memory, _ = strconv.ParseInt(read("", "memory.max"), 10, 64)
		if f := strings.Fields(read("", "cpu.max")); len(f) == 2 {
			g.CPUs = share(f[0], f[1])
		}
	case strings.Contains(","+controllers+",", ",memory,"):
		g.Memory, _ = strconv.ParseInt(read("memory", "memory.limit_in_bytes"), 10, 64)
		if g.Memory > 1<<60 { // the kernel's word for none
			g.Memory = 0
		}
	case strings.Contains(","+controllers+",", ",cpu,"):
		g.CPUs = share(read("cpu", "cpu.cfs_quota_us"), read("cpu", "cpu.cfs_period_us"))
	}
	return g
}

func share(quota, period string) float64 {
	q, err := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err != nil || err2 != nil || q <= 0 || p <= 0 {
		return 0
	}
	return q / p
}
