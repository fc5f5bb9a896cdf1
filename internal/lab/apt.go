package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// apt is an apt of its own: this machine's program and mirror, another host's
// installed packages, none of this machine's state.
type apt struct {
	dir string // its world
	env []string
}

// newApt makes one in dir that believes what is installed in a root.
func newApt(ctx context.Context, dir, suite, root string) (*apt, error) {
	m, err := ownMirrors()
	if err != nil {
		return nil, err
	}
	for _, d := range []string{"etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "lists/partial", "cache", "none/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	status, err := os.ReadFile(filepath.Join(root, "var/lib/dpkg/status"))
	if err != nil {
		return nil, err
	}
	conf := []string{
		fmt.Sprintf(`Dir::Etc "%s/etc/apt"`, dir),
		fmt.Sprintf(`Dir::State "%s"`, dir),
		fmt.Sprintf(`Dir::State::status "%s/status"`, dir),
		fmt.Sprintf(`Dir::Cache "%s/cache"`, dir),
		`APT::Sandbox::User "root"`,
		`Acquire::Languages "none"`,
	}
	conf = append(conf, aptOptions(ctx)...)
	for file, text := range map[string]string{
		"status":               string(status),
		"apt.conf":             strings.Join(conf, ";\n") + ";\n",
		"etc/apt/sources.list": strings.Join(m.lines(suite), "\n") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	a := &apt{dir, append(os.Environ(), "APT_CONFIG="+filepath.Join(dir, "apt.conf"), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")}
	_, err = a.run(ctx, "apt-get", "-q", "update")
	return a, err
}

func (a *apt) run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = a.env
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w%s", name, err, quote(said.String()))
	}
	return string(out), nil
}

// deb is one package file: Name and Version as apt has them, File as its cache
// calls it.
type deb struct{ name, version, file string }

// plan tells which package files an installation would fetch.
func (a *apt) plan(ctx context.Context, args ...string) ([]deb, error) {
	out, err := a.run(ctx, "apt-get", append([]string{"-qq", "-y", "--print-uris",
		"-o", "Dir::Cache::archives=" + filepath.Join(a.dir, "none"), "install"}, args...)...)
	if err != nil {
		return nil, err
	}
	var all []deb
	for line := range strings.SplitSeq(out, "\n") { // 'URI' FILE SIZE HASH
		f := strings.Fields(line)
		if len(f) < 3 || !strings.HasPrefix(f[0], "'") {
			continue
		}
		part := strings.Split(f[1], "_")
		if len(part) != 3 {
			return nil, fmt.Errorf("plan: file name %s", f[1])
		}
		all = append(all, deb{part[0], strings.ReplaceAll(part[1], "%3a", ":"), f[1]})
	}
	return all, nil
}

// fetch downloads what an installation needs and the folder does not hold yet.
func (a *apt) fetch(ctx context.Context, archives string, args ...string) error {
	_, err := a.run(ctx, "apt-get", append([]string{"-qq", "-y", "--download-only",
		"-o", "Dir::Cache::archives=" + archives, "install"}, args...)...)
	return err
}

// records are the packages' entries in the mirror's index.
func (a *apt) records(ctx context.Context, debs []deb) ([]string, error) {
	args := []string{"show"}
	for _, d := range debs {
		args = append(args, d.name+"="+d.version)
	}
	out, err := a.run(ctx, "apt-cache", args...)
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSpace(out), "\n\n"), nil
}

// field reads one line's field of an index entry.
func field(record, name string) string {
	for line := range strings.SplitSeq(record, "\n") {
		if v, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
