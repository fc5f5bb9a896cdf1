package lab

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// gatherDebs makes a Debian archive of what fresh hosts may install. The files
// are kept in a cache of their own; those that the roots' cache has are linked.
func gatherDebs(ctx context.Context, suite, fresh, to string) error {
	pool := filepath.Join(cacheDir(), "pool-"+suite)
	if err := os.MkdirAll(filepath.Join(pool, "partial"), 0o755); err != nil {
		return err
	}
	had, _ := filepath.Glob(filepath.Join(cacheDir(), "debs-"+suite, "*.deb"))
	for _, file := range had {
		if err := os.Link(file, filepath.Join(pool, filepath.Base(file))); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	world := to + ".apt"
	defer os.RemoveAll(world)
	a, err := newApt(ctx, world, suite, fresh)
	if err != nil {
		return err
	}
	var debs []deb
	for _, list := range [][]string{
		append([]string{"--install-recommends"}, strings.Fields(reachPackages)...),
		append([]string{"--no-install-recommends"}, strings.Fields(reachPlain)...),
	} {
		wanted, err := a.plan(ctx, list...)
		if err != nil {
			return err
		}
		if err := a.fetch(ctx, pool, list...); err != nil {
			return err
		}
		debs = append(debs, wanted...)
	}
	records, err := a.records(ctx, debs)
	if err != nil {
		return err
	}
	index, err := linkDebs(pool, to, debs, records)
	if err != nil {
		return err
	}
	return writeDists(to, suite, index)
}

// linkDebs puts each package where its index entry says, as the archive has it,
// and returns the index.
func linkDebs(pool, to string, debs []deb, records []string) (string, error) {
	files := map[deb]string{}
	for _, d := range debs {
		files[deb{d.name, d.version, ""}] = filepath.Join(pool, d.file)
	}
	var index strings.Builder
	for _, r := range records {
		key := deb{field(r, "Package"), field(r, "Version"), ""}
		file, ok := files[key]
		if !ok {
			continue // the same version out of a second archive
		}
		delete(files, key)
		at := filepath.Join(to, field(r, "Filename"))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return "", err
		}
		if err := os.Link(file, at); err != nil {
			return "", err
		}
		fmt.Fprintf(&index, "%s\n\n", r)
	}
	for d := range files {
		return "", fmt.Errorf("index: no entry of %s %s", d.name, d.version)
	}
	return index.String(), nil
}

// writeDists writes the three suites of a real mirror; all packages stand in
// the first.
func writeDists(to, suite, index string) error {
	for _, s := range []struct{ name, label, index string }{
		{suite, "Debian", index}, {suite + "-updates", "Debian", ""}, {suite + "-security", "Debian-Security", ""},
	} {
		list := "main/binary-" + runtime.GOARCH + "/Packages"
		dir := filepath.Join(to, "dists", s.name)
		release := fmt.Sprintf("Origin: Debian\nLabel: %s\nSuite: %s\nCodename: %s\nDate: %s\nArchitectures: %s\nComponents: main\nSHA256:\n %x %d %s\n",
			s.label, s.name, s.name, time.Now().UTC().Format(time.RFC1123), runtime.GOARCH, sha256.Sum256([]byte(s.index)), len(s.index), list)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, list)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, list), []byte(s.index), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "Release"), []byte(release), 0o644); err != nil {
			return err
		}
	}
	return nil
}
