//go:build real

package audit_test

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// An audit writes nothing: what lies on the disk and in memory before it lies
// there after it, with nginx running and with nginx stopped.
func TestAuditWritesNothing(t *testing.T) {
	m := boot(t, "unix")
	m.look("") // what runs writes its own first things: Python's caches, nginx's logs
	for _, script := range []string{"", "systemctl stop nginx"} {
		m.sh(script + "\nsystemctl stop systemd-timesyncd; sync; sleep .3")
		before := m.contents()
		p := m.look("")
		after := m.contents()
		if len(before) < 300 || p.Counts.Passed == 0 {
			t.Fatalf("%d files, %d passed", len(before), p.Counts.Passed)
		}
		for path, state := range after {
			if before[path] != state && !grows.MatchString(path) {
				t.Errorf("%s: %q, before %q", path, state, before[path])
			}
		}
		for path := range before {
			if _, is := after[path]; !is && !grows.MatchString(path) {
				t.Errorf("%s is gone", path)
			}
		}
	}
}

// grows is what running services write by themselves while they are asked: the
// journal, nginx's log of our requests, PostgreSQL, the metrics of the workers
// that answered; systemd's own files for its bus and its cgroups.
var grows = regexp.MustCompile(`^(upper/)?(/?var/log/journal|/?run/log/journal|/?run/systemd/journal|/?var/log/nginx/(access|error)\.log$|/?var/lib/postgresql|/?run/postgresql|` +
	`/?run/shop/metrics|/?var/log/postgresql|/?var/lib/redis|/?run/systemd/(units|transient|propagate|inhibit))`)

// contents maps each file written since the boot, and each in the memory disks,
// to what tells whether it was touched.
func (m *machine) contents() map[string]string {
	m.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(m.Upper(), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(m.Upper(), p)
		out["upper/"+rel] = fmt.Sprint(i.Mode(), i.Size(), i.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	list := m.sh(`find /run /tmp /var/tmp /dev /var/log -xdev -printf '%p\t%M %s %T@ %C@ %U\n' 2>/dev/null || true`)
	for line := range strings.Lines(list) {
		p, state, _ := strings.Cut(strings.TrimSpace(line), "\t")
		out[p] = state
	}
	if mounts := m.sh("cat /proc/self/mountinfo"); true {
		out["mounts"] = mounts
	}
	return out
}

// writing is a system call that changes the disk; opening for reading is none.
var writing = regexp.MustCompile(`\b(openat?2?|creat|rename\w*|unlink\w*|mkdir\w*|rmdir|chmod|fchmod\w*|chown|lchown|fchown\w*|link|linkat|symlink\w*|truncate|ftruncate|mknod\w*|utime\w*|setxattr|lsetxattr|fsetxattr|removexattr|fallocate|mount|umount2|move_mount|mount_setattr|pivot_root|swapon)\(`)

// harmless is what a line may hold all the same.
var harmless = regexp.MustCompile(`O_RDONLY(\|O_(CLOEXEC|NONBLOCK|NOFOLLOW|NOCTTY|DIRECTORY|LARGEFILE))*[,) ]|O_PATH|"/dev/null"|"/proc/self/|"/proc/thread-self/|\)\s+= -1 `)

// Every process of an audit, watched by the kernel: none but the sealed ones
// opens anything for writing or changes a name.
func TestAuditOpensNothingForWriting(t *testing.T) {
	m := boot(t, "unix")
	m.sh("strace -f -qq -s 300 --pidns-translation -e trace=%file,%desc,clone,clone3,fork,vfork,execve,unshare,setns -o /root/trace " + onHost + " check >/root/report")
	raw, err := os.ReadFile(filepath.Join(m.Root(), "root/trace"))
	if err != nil {
		t.Fatal(err)
	}
	sealed := sealedTree(string(raw))
	for _, name := range []string{"assay-sealed", "assay-sandbox"} {
		if !strings.Contains(string(raw), `["`+name+`"`) {
			t.Errorf("%s was not run, so this proves little", name)
		}
	}
	lines := 0
	for line := range strings.Lines(string(raw)) {
		lines++
		pid, _, _ := strings.Cut(line, " ")
		if slices.Contains(sealed, pid) || !writing.MatchString(line) || harmless.MatchString(line) {
			continue
		}
		t.Error(strings.TrimSpace(line))
	}
	if lines < 1000 {
		t.Errorf("only %d lines were traced", lines)
	}
}

var (
	becomes = regexp.MustCompile(`(?m)^(\d+) +execve\("/proc/self/exe", \["assay-(?:sealed|sandbox)"`)
	forks   = regexp.MustCompile(`(?m)^(\d+) +(?:<\.\.\. )?(?:clone3?|fork|vfork)\b.*= (\d+)(?: /\* (\d+) in strace's PID NS \*/)?$`)
)

// sealedTree is the pids of the processes that seal themselves, in a mount
// namespace of their own, and of their children.
func sealedTree(trace string) []string {
	var out []string
	for _, m := range becomes.FindAllStringSubmatch(trace, -1) {
		out = append(out, m[1])
	}
	for range 5 {
		for _, f := range forks.FindAllStringSubmatch(trace, -1) {
			if child := cmp.Or(f[3], f[2]); slices.Contains(out, f[1]) && !slices.Contains(out, child) {
				out = append(out, child)
			}
		}
	}
	return out
}
