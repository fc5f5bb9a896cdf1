package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Machine is what a setup must know of a host before it plans.
type Machine struct {
	ID, Version string // of its os-release: "debian", "12"
	CPUs        int
	Memory      int64 // bytes
	Addresses   []netip.Addr
	SSH         []string // ports that sshd listens at
	Nginx       bool     // it is installed, and so somebody's
	Others      []string // server_name's of nginx's sites, as far as anybody can tell
	Default     bool     // a site of nginx is the default server
	Stock       bool     // Debian's own welcome page is turned on
	Clock       string   // what keeps the time, "" where nothing does
	Firewall    bool     // rules that are not ufw's decide already
	Python      string   // "3.11", "" where there is none yet
}

// Look reads a machine. Everything that it reads belongs to root.
func Look() (Machine, error) {
	m := Machine{SSH: sshPorts()}
	rel, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return m, err
	}
	for l := range strings.Lines(string(rel)) {
		k, v, _ := strings.Cut(strings.TrimSpace(l), "=")
		switch v = strings.Trim(v, `"`); k {
		case "ID":
			m.ID = v
		case "VERSION_ID":
			m.Version = v
		}
	}
	m.CPUs, m.Memory = cpus(), memory()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return m, err
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLoopback() && !p.Addr().IsLinkLocalUnicast() {
			m.Addresses = append(m.Addresses, p.Addr())
		}
	}
	m.sites()
	for _, n := range []string{"chronyd", "ntpd", "ntpsec"} {
		if _, err := os.Stat("/usr/sbin/" + n); err == nil {
			m.Clock = n
		}
	}
	if _, err := os.Stat("/lib/systemd/systemd-timesyncd"); err == nil {
		m.Clock = "systemd-timesyncd"
	}
	if to, err := os.Readlink("/usr/bin/python3"); err == nil {
		m.Python = strings.TrimPrefix(filepath.Base(to), "python")
	}
	if b, err := os.ReadFile("/etc/nftables.conf"); err == nil && bytes.Contains(b, []byte("policy drop")) {
		m.Firewall = true
	}
	return m, nil
}

// cpus are those that this machine may use: a control group may grant less than
// there are (cgroups(7), cpu.max).
func cpus() int {
	n := 0
	b, _ := os.ReadFile("/proc/cpuinfo")
	for l := range strings.Lines(string(b)) {
		if strings.HasPrefix(l, "processor") {
			n++
		}
	}
	if f := limit("/sys/fs/cgroup/cpu.max"); len(f) == 2 {
		quota, err := strconv.Atoi(f[0])
		if period, _ := strconv.Atoi(f[1]); err == nil && period > 0 {
			n = min(n, max(1, quota/period))
		}
	}
	return max(n, 1)
}

func limit(name string) []string {
	b, _ := os.ReadFile(name)
	return strings.Fields(string(b))
}

func memory() int64 {
	var total int64
	b, _ := os.ReadFile("/proc/meminfo")
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) > 1 && f[0] == "MemTotal:" {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			total = kb << 10
		}
	}
	if f := limit("/sys/fs/cgroup/memory.max"); len(f) == 1 {
		if n, err := strconv.ParseInt(f[0], 10, 64); err == nil {
			total = min(total, n)
		}
	}
	return total
}

var sshPort = regexp.MustCompile(`(?im)^\s*port\s+(\d+)`)

func sshPorts() []string {
	files, _ := filepath.Glob("/etc/ssh/sshd_config.d/*.conf")
	var out []string
	for _, f := range append(files, "/etc/ssh/sshd_config") {
		b, _ := os.ReadFile(f)
		for _, m := range sshPort.FindAllStringSubmatch(string(b), -1) {
			out = once(out, m[1])
		}
	}
	if f := strings.Fields(os.Getenv("SSH_CONNECTION")); len(f) == 4 { // the way that the reader came
		out = once(out, f[3])
	}
	if len(out) == 0 {
		out = []string{"22"}
	}
	return out
}

var (
	serverNames = regexp.MustCompile(`(?m)^\s*server_name\s+([^;#]+);`)
	defaults    = regexp.MustCompile(`(?m)^\s*listen\s+[^;#]*default_server`)
)

// sites reads what nginx serves already. Debian's own default site is nobody's.
func (m *Machine) sites() {
	if _, err := os.Stat("/usr/sbin/nginx"); err != nil {
		return
	}
	m.Nginx = true
	var files []string
	for _, g := range []string{"/etc/nginx/sites-enabled/*", "/etc/nginx/conf.d/*.conf"} {
		f, _ := filepath.Glob(g)
		files = append(files, f...)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if stock(f) {
			m.Stock = true
			continue
		}
		if err != nil {
			continue
		}
		m.Default = m.Default || defaults.Match(b)
		for _, s := range serverNames.FindAllStringSubmatch(string(b), -1) {
			m.Others = append(m.Others, strings.Fields(s[1])...)
		}
	}
}

// stock says that a site is the one that Debian's package brings.
func stock(name string) bool {
	to, err := filepath.EvalSymlinks(name)
	return err == nil && filepath.Base(name) == "default" && to == "/etc/nginx/sites-available/default"
}

// Refuse says why a setup cannot come out well on this machine, before anything
// is changed.
func Refuse(ctx context.Context, i Intent, a App, m Machine) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, err := range []error{m.known(), m.free(i)} {
		if err != nil {
			faults = append(faults, err)
		}
	}
	if a.Python != "" && m.Python != "" && older(m.Python, a.Python) {
		fault("the app wants Python %s, and this host has %s", a.Python, m.Python)
	}
	for _, n := range a.Needs {
		if _, given := i.Env[n]; !given && i.value(n, a) == "" {
			fault("the app does not start without %s, and nobody knows its value\nhint: --env-file FILE with a line %s=...", n, n)
		}
	}
	if i.Store == PostgreSQL && !a.Has("psycopg2", "psycopg2-binary", "psycopg", "pg8000", "asyncpg") {
		fault("PostgreSQL is wanted, and no driver for it stands in %s\nhint: add psycopg2-binary to it", a.List)
	}
	for _, d := range i.Domains {
		if slices.Contains(m.Others, d) && !m.ours(i) {
			fault("nginx serves %s already: a setup touches nothing of what is there", d)
		}
	}
	if by := holder80(); by != "" && !m.Nginx {
		fault("port 80 is taken by %s", by)
	}
	if !i.Elsewhere {
		faults = append(faults, i.leads(ctx, m)...)
	}
	return Together(faults)
}

// Together is one error of several: what is wrong in one line, then the hints.
func Together(faults []error) error {
	var what, hints []string
	for _, f := range faults {
		text, hint, _ := strings.Cut(f.Error(), "\nhint: ")
		what = append(what, text)
		if hint != "" {
			hints = once(hints, hint)
		}
	}
	if len(what) == 0 {
		return nil
	}
	text := strings.Join(what, "; ")
	if len(hints) > 0 {
		text += "\nhint: " + strings.Join(hints, "; ")
	}
	return errors.New(text)
}

// ours says that the site of this name is one that setup has made.
func (m Machine) ours(i Intent) bool {
	_, err := os.Stat("/etc/systemd/system/" + i.Template())
	return err == nil
}

func older(have, want string) bool {
	minor := func(s string) int {
		_, m, _ := strings.Cut(s, ".")
		n, _ := strconv.Atoi(m)
		return n
	}
	return minor(have) < minor(want)
}

// holder80 says that somebody who is not nginx listens at port 80.
func holder80() string {
	l, err := net.Listen("tcp", ":80")
	if err == nil {
		_ = l.Close()
		return ""
	}
	return "another program: " + err.Error()
}

// leads asks whether each domain leads to this machine: the authority proves it in
// this way, and visitors come by it.
func (i Intent) leads(ctx context.Context, m Machine) (faults []error) {
	for _, d := range i.Domains {
		if err := m.leads(ctx, d); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

// leads says why a name does not lead to this machine.
func (m Machine) leads(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return fmt.Errorf("%s leads nowhere: %w\nhint: set its address in the DNS first; with --elsewhere it is not asked", name, err)
	}
	for _, a := range found {
		a = a.Unmap()
		// Behind a provider's translation only private addresses are ours.
		translated := a.Is4() && !a.IsPrivate() && private(m.Addresses)
		if !slices.Contains(m.Addresses, a) && !translated {
			return fmt.Errorf("%s leads to %s, and this host is %s\nhint: mend the DNS, or say --elsewhere if something stands in front of this host", name, a, words(m.Addresses))
		}
	}
	return nil
}

// private says that a machine has no public IPv4 address of its own: its provider
// translates, and nobody here can tell the one that visitors use.
func private(all []netip.Addr) bool {
	return !slices.ContainsFunc(all, func(a netip.Addr) bool { return a.Is4() && !a.IsPrivate() })
}

func words(all []netip.Addr) string {
	var out []string
	for _, a := range all {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}
