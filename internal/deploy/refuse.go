package deploy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"assay/internal/setup"
	"assay/internal/syntax/envfile"
)

// Refuse says why a release of an app cannot come out well here, before anything
// is changed.
func Refuse(s Site, app setup.App) error {
	var faults []error
	text, err := os.ReadFile(s.EnvFile())
	if err != nil {
		return err
	}
	given := envfile.Parse(s.EnvFile(), string(text))
	now, _ := setup.Read(s.Release(s.Serving)) // what it does without, or does in a way that nobody reads, is no fault
	for _, n := range app.Needs {
		if _, ok := given.Get(n); !ok && !slices.Contains(now.Needs, n) {
			faults = append(faults, fmt.Errorf("the app does not start without %s, and %s has none\nhint: add a line %s=... there", n, s.EnvFile(), n))
		}
	}
	if slices.Contains(now.Entries, s.Entry) && !slices.Contains(app.Entries, s.Entry) {
		module, _, _ := strings.Cut(s.Entry, ":")
		faults = append(faults, fmt.Errorf("the unit starts %s, and no %s of this folder makes an app of that name", s.Entry, strings.ReplaceAll(module, ".", "/")+".py"))
	}
	return setup.Together(append(faults, room(s)...))
}

// spare is what a host has to have left when both releases are there.
const spare = 64 << 20

func room(s Site) (faults []error) {
	size, files := weight(s.Release(s.Serving))
	var disk unix.Statfs_t
	if err := unix.Statfs(s.Releases(), &disk); err != nil {
		return []error{err}
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < size+spare {
		faults = append(faults, fmt.Errorf("%s has %d MB left, and another release takes some %d\nhint: take old releases away, or make room there", s.Releases(), free>>20, (size+spare)>>20))
	}
	if disk.Files > 0 && int64(disk.Ffree) < files+1000 {
		faults = append(faults, fmt.Errorf("%s has %d inodes left, and another release takes some %d", s.Releases(), disk.Ffree, files))
	}
	used, free := resident(s), available()
	if used > 0 && free > 0 && free < used+spare {
		faults = append(faults, fmt.Errorf("memory: %d MB are left, and two releases run for a while: another %d are needed", free>>20, (used+spare)>>20))
	}
	return faults
}

// resident is the memory that the serving release holds and nobody can take from
// it; 0 where the kernel's account of it cannot be read.
func resident(s Site) int64 {
	found, _ := filepath.Glob("/sys/fs/cgroup/system.slice/*/" + s.Unit(s.Serving) + "/memory.stat")
	for _, name := range found {
		b, _ := os.ReadFile(name)
		return number(b, "anon ")
	}
	return 0
}

func available() int64 {
	b, _ := os.ReadFile("/proc/meminfo")
	return number(b, "MemAvailable:") << 10
}

// number is the one behind a word at the beginning of a line.
func number(b []byte, word string) int64 {
	for l := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(l, []byte(word)); ok {
			f := bytes.Fields(rest)
			if len(f) > 0 {
				n, _ := strconv.ParseInt(string(f[0]), 10, 64)
				return n
			}
		}
	}
	return 0
}

// Alike says that an app asks for the packages that the serving release was made
// with, and that the host's Python is the one that it was made for.
func Alike(s Site, app setup.App) bool {
	dir := s.Release(s.Serving)
	now, err := setup.Read(dir)
	if err != nil || now.List != app.List || now.Listed != app.Listed || others.MatchString(app.Listed) {
		return false
	}
	python, err := os.Readlink("/usr/bin/python3")
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, "venv/lib", filepath.Base(python), "site-packages"))
	return err == nil
}

// others are lines of a list that lead to other lists, or to code that changes
// while its name stays.
var others = regexp.MustCompile(`(?m)^\s*(-|\.|/|[^#\n]*(@|://))`)
