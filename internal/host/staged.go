package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Staged is a change of files that is tried before it is made.
type Staged struct {
	Swaps []StagedSwap `json:"swaps"`
	Tests []Validator  `json:"tests"`
}

// StagedSwap is what Writer.Swap takes. The bodies travel beside the images.
type StagedSwap struct {
	Path     string `json:"path"`
	Mark     string `json:"mark"`
	From, To Image
	Was, Is  []byte
}

// Validator is one call of Writer.Test.
type Validator struct {
	Name string `json:"name"`
	Arg  string `json:"arg"`
}

// ErrNoStage says that this machine cannot show a change to a validator before it
// is made: in a container without rights, say.
var ErrNoStage = errors.New("there is no staging here")

const stagedName = "assay-staged"

// trial is what the child writes.
type trial struct{ Refused, Failed string }

// Stage implements Writer: a child in a mount namespace of its own lays a memory
// disk over the folders that change, changes them there, and asks the validators.
func (h hands) Stage(ctx context.Context, s Staged) error {
	s.Swaps = slices.DeleteFunc(slices.Clone(s.Swaps), func(c StagedSwap) bool { return c.To.Kind == HeldFile }) // validators are root
	for i := range s.Swaps {
		s.Swaps[i].Was, s.Swaps[i].Is = s.Swaps[i].From.Body, s.Swaps[i].To.Body
	}
	job, err := json.Marshal(s)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Args = []string{stagedName}
	cmd.Stdin = bytes.NewReader(job)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
	out, err := cmd.Output()
	var v trial
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil || json.Unmarshal(out, &v) != nil:
		return fmt.Errorf("%w: %v", ErrNoStage, err)
	case v.Failed != "":
		return fmt.Errorf("%w: %s", ErrNoStage, v.Failed)
	case v.Refused != "":
		return errors.New(v.Refused)
	}
	return nil
}

func staged() {
	runtime.LockOSThread()
	var s Staged
	var v trial
	err := json.NewDecoder(os.Stdin).Decode(&s)
	if err == nil {
		err = s.lay()
	}
	if err != nil {
		v.Failed = err.Error()
	} else if err := s.test(); err != nil {
		v.Refused = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(v)
	os.Exit(0)
}

func (s Staged) lay() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	tops, err := s.folders()
	if err != nil {
		return err
	}
	// The layers lie on a memory disk that has no path any more once it is in use.
	disk := "/tmp"
	if slices.ContainsFunc(tops, func(t string) bool { return below(t, disk) || below(disk, t) }) {
		disk = "/run"
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0700,size=64m"); err != nil {
		return fmt.Errorf("make a memory disk: %w", err)
	}
	for i, top := range tops {
		up, work := fmt.Sprintf("%s/%d.up", disk, i), fmt.Sprintf("%s/%d.work", disk, i)
		if err := errors.Join(os.Mkdir(up, 0o700), os.Mkdir(work, 0o700), likeness(up, top)); err != nil {
			return err
		}
		escape := strings.NewReplacer(`\`, `\\`, `,`, `\,`, `:`, `\:`)
		opt := "lowerdir=" + escape.Replace(top) + ",upperdir=" + up + ",workdir=" + work
		if err := unix.Mount("overlay", top, "overlay", 0, opt); err != nil {
			return fmt.Errorf("lay a memory disk over %s: %w", top, err)
		}
	}
	if err := unix.Unmount(disk, unix.MNT_DETACH); err != nil {
		return err
	}
	for _, c := range s.Swaps {
		c.From.Body, c.To.Body = c.Was, c.Is
		if err := (hands{}).swap(c.Path, c.Mark, c.From, c.To, true); err != nil {
			return fmt.Errorf("%s: %w", c.Path, err)
		}
	}
	return nil
}

// likeness gives a layer the owner and mode of the folder that it covers: the
// layer's are the ones that count.
func likeness(up, top string) error {
	var st unix.Stat_t
	if err := unix.Stat(top, &st); err != nil {
		return err
	}
	return errors.Join(unix.Chown(up, int(st.Uid), int(st.Gid)), unix.Chmod(up, st.Mode&0o7777))
}

// folders are the deepest that are there and hold all that changes; none lies in
// another. What is mounted below one would not be seen through its cover.
func (s Staged) folders() ([]string, error) {
	var all []string
	for _, c := range s.Swaps {
		dir := path.Dir(c.Path)
		for ; ; dir = path.Dir(dir) {
			if fi, err := os.Stat(dir); err == nil && fi.IsDir() {
				break
			}
		}
		real, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, real)
	}
	slices.Sort(all)
	var tops []string
	for _, dir := range slices.Compact(all) {
		if !slices.ContainsFunc(tops, func(t string) bool { return below(dir, t) }) {
			tops = append(tops, dir)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	for l := range strings.Lines(string(mounts)) {
		f := strings.Fields(l)
		for _, t := range tops {
			if len(f) > 4 && t != f[4] && below(f[4], t) {
				return nil, fmt.Errorf("%s is mounted below %s", f[4], t)
			}
		}
	}
	return tops, nil
}

func below(p, dir string) bool { return dir == "/" || p == dir || strings.HasPrefix(p, dir+"/") }

func (s Staged) test() error {
	h := Hands(Options{})
	for _, t := range s.Tests {
		if err := h.Test(context.Background(), t.Name, t.Arg); err != nil {
			return err
		}
	}
	return nil
}
