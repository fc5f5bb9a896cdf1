package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// children are what our own program becomes when it is started under another
// name; none of them returns.
var children = map[string]func(){sealedName: sealedProgram, sandboxName: sandboxed, jailName: jailed, enterName: entered, clientName: logged, stagedName: staged}

// Child is the first thing that main and TestMain call: started under the name
// of a child, it does that work and never returns. Otherwise it returns false
// at once.
func Child() bool {
	if len(os.Args) == 0 || children[os.Args[0]] == nil {
		return false
	}
	children[os.Args[0]]()
	return true
}

// sealedProgram seals the disk and becomes the program that it was told to run.
//
// It runs in mount, pid and ipc namespaces of its own, and keeps the host's
// network: a configuration may bind to the host's addresses and name upstreams
// that only the host's resolver knows. Within them every mount is read-only,
// without devices and setuid programs; only /usr and its like can be executed
// or mapped, so a configuration cannot load a module from a user's folder; the
// scratch folders and /dev are small memory disks; and no capability is left
// with which this could be undone.
func sealedProgram() {
	runtime.LockOSThread() // capabilities are per thread, and exec takes this one's
	var job seal
	err := json.NewDecoder(os.Stdin).Decode(&job)
	if err == nil {
		err = job.become()
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(sealFailed)
}

func (job seal) become() error {
	if os.Getpid() != 1 {
		return errors.New("not in a pid namespace of its own")
	}
	nodes := holdDevices()
	for _, s := range job.Scratch {
		// Seen before they are covered: what lies in them is to be there again, empty.
		nodes.skeletons = append(nodes.skeletons, outline(s)...)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := readOnly(); err != nil {
		return err
	}
	for _, s := range append([]string{"/dev"}, job.Scratch...) {
		if err := memoryDisk(s); err != nil {
			return fmt.Errorf("cover %s: %w", s, err)
		}
	}
	if err := nodes.rebuild(); err != nil {
		return err
	}
	if err := unprivileged(); err != nil {
		return err
	}
	null, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("open /dev/null: %w", err)
	}
	if err := unix.Dup3(null, 0, 0); err != nil {
		return err
	}
	unix.CloseOnExec(null)
	unix.Umask(0o022)
	return fmt.Errorf("run %s: %w", job.Program, syscall.Exec(job.Program, job.Argv, job.Env))
}

// programs are the folders from which code may come.
var programs = []string{"/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin"}

// readOnly seals what is mounted, and opens programs for execution again. Where
// mount_setattr is missing (before Linux 5.12), mount by mount.
func readOnly() error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC}
	err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &attr)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		err = readOnlyEach()
	}
	if err != nil {
		return fmt.Errorf("make the disk read-only: %w", err)
	}
	for _, p := range programs {
		if fi, err := os.Lstat(p); err != nil || !fi.IsDir() {
			continue // a link into /usr
		}
		if err := unix.Mount(p, p, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s: %w", p, err)
		}
		if err := unix.Mount("", p, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
			return fmt.Errorf("open %s for execution: %w", p, err)
		}
	}
	return nil
}

func readOnlyEach() error {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 6 {
			continue
		}
		at := unescape.Replace(f[4])
		const flags = unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
		err := unix.Mount("", at, "", flags, "")
		// A mount that another one covers has no path, and cannot be reached either.
		if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

func memoryDisk(at string) error {
	fi, err := os.Lstat(at)
	if errors.Is(err, os.ErrNotExist) || err == nil && !fi.IsDir() {
		return nil // absent, or a link to another scratch folder
	}
	if err != nil {
		return err
	}
	mode := fmt.Sprintf("mode=%o,size=16m,nr_inodes=4096", fi.Mode().Perm())
	return unix.Mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, mode)
}

// unprivileged leaves what a server's self-test needs: to read root's files,
// to own its folders, to bind low ports.
func unprivileged() error {
	keep := []uintptr{
		unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH, unix.CAP_FOWNER,
		unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_NET_BIND_SERVICE,
	}
	for c := uintptr(0); c < 64; c++ {
		if slices.Contains(keep, c) {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			break // the kernel knows no more
		}
		if err != nil {
			return fmt.Errorf("drop the capabilities: %w", err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	const megabyte = 1 << 20
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 16 * megabyte, Max: 16 * megabyte})
	return nil
}

// rebuilt is what the memory disks are furnished with.
type rebuilt struct {
	devices   map[string]int
	skeletons []folder
}

type folder struct {
	path     string
	mode     uint32
	uid, gid int
}

func holdDevices() *rebuilt {
	r := &rebuilt{devices: map[string]int{}}
	for _, n := range []string{"null", "zero", "full", "random", "urandom"} {
		if fd, err := unix.Open("/dev/"+n, unix.O_PATH|unix.O_CLOEXEC, 0); err == nil {
			r.devices["/dev/"+n] = fd
		}
	}
	return r
}

// outline notes the folders of a scratch folder, two levels deep: a log's
// folder must be there for a log to be opened.
func outline(top string) []folder {
	const most = 500
	var out []folder
	for _, pattern := range []string{"/*", "/*/*"} {
		found, _ := filepath.Glob(top + pattern)
		for _, p := range found[:min(len(found), most)] {
			var st unix.Stat_t
			if unix.Lstat(p, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
				out = append(out, folder{p, st.Mode & 0o7777, int(st.Uid), int(st.Gid)})
			}
		}
	}
	return out
}

func (r *rebuilt) rebuild() error {
	for _, f := range r.skeletons {
		if os.Mkdir(f.path, 0o700) == nil {
			unix.Chown(f.path, f.uid, f.gid)
			unix.Chmod(f.path, f.mode)
		}
	}
	for at, fd := range r.devices {
		if err := os.WriteFile(at, nil, 0o600); err != nil {
			return fmt.Errorf("make %s: %w", at, err)
		}
		if err := unix.Mount("/proc/self/fd/"+strconv.Itoa(fd), at, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("bind %s: %w", at, err)
		}
		if err := unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NOEXEC, ""); err != nil {
			return fmt.Errorf("open %s: %w", at, err)
		}
	}
	for name, to := range map[string]string{"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"} {
		if err := os.Symlink("/proc/self/fd"+to, "/dev/"+name); err != nil {
			return fmt.Errorf("make /dev/%s: %w", name, err)
		}
	}
	return nil
}
