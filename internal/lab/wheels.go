package lab

import (
	"crypto/sha256"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const distPackages = "usr/lib/python3/dist-packages"

// gatherWheels makes a Python index (PEP 503) of the distributions that a root
// has as Debian packages: wheels/ holds the files, simple/ the pages.
func gatherWheels(root, to string) error {
	for _, d := range []string{"wheels", "simple"} {
		if err := os.MkdirAll(filepath.Join(to, d), 0o755); err != nil {
			return err
		}
	}
	wheels, err := readWheels(root)
	if err != nil {
		return err
	}
	pages := map[string][]string{}
	for _, w := range wheels {
		if err := w.publish(to, pages); err != nil {
			return err
		}
		// What people ask for: on PyPI it is psycopg2 with a libpq of its own.
		if w.name == "psycopg2" {
			w.name = "psycopg2-binary"
			if err := w.publish(to, pages); err != nil {
				return err
			}
		}
	}
	ready, _ := filepath.Glob(filepath.Join(root, "usr/share/python-wheels/*.whl")) // pip's own, for `pip install -U pip`
	for _, file := range ready {
		name, _, _ := strings.Cut(filepath.Base(file), "-")
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := publish(to, normal(name), filepath.Base(file), body, pages); err != nil {
			return err
		}
	}
	return writePages(to, pages)
}

// readWheels reads all distributions of a root, each name once.
func readWheels(root string) (map[string]*wheel, error) {
	debian, err := readDebian(root)
	if err != nil {
		return nil, err
	}
	infos, _ := filepath.Glob(filepath.Join(root, distPackages, "*.dist-info"))
	eggs, _ := filepath.Glob(filepath.Join(root, distPackages, "*.egg-info"))
	wheels, brings := map[string]*wheel{}, map[string][]string{}
	for _, info := range append(infos, eggs...) {
		w, err := readWheel(root, info, debian)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(info), err)
		}
		if len(w.files) > 0 && wheels[w.key()] == nil {
			wheels[w.key()] = w
			brings[w.debian] = append(brings[w.debian], w.name)
		}
	}
	for _, w := range wheels {
		var depends []string
		for _, p := range debian.depends[w.debian] {
			depends = append(depends, brings[p]...)
		}
		w.require(depends, wheels)
	}
	return wheels, nil
}

var separators = regexp.MustCompile(`[-_.]+`)

// normal is a distribution's name as an index spells it (PEP 503).
func normal(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

// publish writes a wheel and notes its line for the page of its name.
func publish(to, key, file string, body []byte, pages map[string][]string) error {
	pages[key] = append(pages[key], fmt.Sprintf(`<a href="../../wheels/%s#sha256=%x">%s</a><br>`, html.EscapeString(strings.ReplaceAll(file, "+", "%2B")), sha256.Sum256(body), html.EscapeString(file)))
	return os.WriteFile(filepath.Join(to, "wheels", file), body, 0o644)
}

func writePages(to string, pages map[string][]string) error {
	var all []string
	for key, lines := range pages {
		if err := os.MkdirAll(filepath.Join(to, "simple", key), 0o755); err != nil {
			return err
		}
		if err := writePage(filepath.Join(to, "simple", key), lines); err != nil {
			return err
		}
		all = append(all, fmt.Sprintf(`<a href="%s/">%s</a><br>`, key, key))
	}
	slices.Sort(all)
	return writePage(filepath.Join(to, "simple"), all)
}

func writePage(dir string, lines []string) error {
	text := "<!DOCTYPE html>\n<html><body>\n" + strings.Join(lines, "\n") + "\n</body></html>\n"
	return os.WriteFile(filepath.Join(dir, "index.html"), []byte(text), 0o644)
}
