package lab

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// debian is what dpkg knows of a root's Python packages.
type debian struct {
	owner   map[string]string   // a path under dist-packages: the package that brings it
	files   map[string][]string // a package: its paths under dist-packages
	depends map[string][]string // a package: those it depends on
}

func readDebian(root string) (*debian, error) {
	d := &debian{map[string]string{}, map[string][]string{}, map[string][]string{}}
	lists, err := filepath.Glob(filepath.Join(root, "var/lib/dpkg/info/*.list"))
	if err != nil {
		return nil, err
	}
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			return nil, err
		}
		name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(list), ".list"), ":")
		for line := range strings.SplitSeq(string(b), "\n") {
			if p, ok := strings.CutPrefix(line, "/"+distPackages+"/"); ok {
				d.owner[p] = name
				d.files[name] = append(d.files[name], p)
			}
		}
	}
	status, err := os.ReadFile(filepath.Join(root, "var/lib/dpkg/status"))
	if err != nil {
		return nil, err
	}
	for record := range strings.SplitSeq(string(status), "\n\n") {
		name := field(record, "Package")
		for p := range strings.SplitSeq(field(record, "Depends"), ",") {
			if words := strings.FieldsFunc(p, func(r rune) bool { return strings.ContainsRune(" (|:", r) }); len(words) > 0 {
				d.depends[name] = append(d.depends[name], words[0])
			}
		}
	}
	return d, nil
}

var requirement = regexp.MustCompile(`^Requires-Dist: *([\w.-]+) *(\[[^\]]*\])?[^;]*(;.*)?$`)

// require writes what a wheel requires as Debian has it. dh_python3 takes away
// from the metadata what it has made a Depends of, so those come back; what
// Debian's build does without goes; and the bounds go: Debian has one version of
// each and has made them fit (Debian 12: Flask-Migrate wants alembic 1.9, and
// runs on 1.8.1).
func (w *wheel) require(depends []string, known map[string]*wheel) {
	head, body, _ := strings.Cut(w.meta, "\n\n")
	var out []string
	has := map[string]bool{w.key(): true}
	for line := range strings.SplitSeq(strings.TrimRight(head, "\n"), "\n") {
		if m := requirement.FindStringSubmatch(line); m != nil {
			if known[normal(m[1])] == nil && !strings.Contains(m[3], "extra") {
				continue
			}
			line = strings.TrimSpace("Requires-Dist: " + m[1] + m[2] + m[3])
			has[normal(m[1])] = has[normal(m[1])] || m[3] == ""
		}
		out = append(out, line)
	}
	for _, name := range depends {
		if !has[normal(name)] {
			has[normal(name)] = true
			out = append(out, "Requires-Dist: "+name)
		}
	}
	w.meta = strings.Join(out, "\n") + "\n\n" + body
}
