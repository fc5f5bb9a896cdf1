package lockfile

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// fromPylock reads PEP 751's file, which says of each package by itself where it
// is wanted.
func fromPylock(text string) ([]pin, error) {
	var lock struct {
		Version  string   `toml:"lock-version"`
		Defaults []string `toml:"default-groups"`
		Packages []struct {
			Name, Version, Marker   string
			VCS, Directory, Archive map[string]any
			SDist                   *file
			Wheels                  []file
		}
	}
	if err := toml.Unmarshal([]byte(text), &lock); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(lock.Version, "1.") {
		return nil, fmt.Errorf("its lock-version is %q, and 1.0 is known", lock.Version)
	}
	var out []pin
	for _, p := range lock.Packages {
		n := pin{name: p.Name, version: p.Version, marker: decided(p.Marker, lock.Defaults)}
		if p.SDist != nil {
			p.Wheels = append(p.Wheels, *p.SDist)
		}
		n.hashes = hashes(p.Wheels)
		if d, _ := p.Directory["path"].(string); d == "." {
			continue // the app itself
		}
		for where, there := range map[string]bool{"version control": p.VCS != nil, "a folder": p.Directory != nil, "an archive": p.Archive != nil} {
			if there && n.marker != nowhere {
				n.elsewhere = where
			}
		}
		if n.marker != nowhere {
			out = append(out, n)
		}
	}
	return out, nil
}

var selected = regexp.MustCompile(`(?:'([^']*)'|"([^"]*)")\s+(not\s+)?in\s+(extras|dependency_groups)`)

// What pip understands and is always, and what is never, so.
const (
	everywhere = `python_version >= "0"`
	nowhere    = `python_version < "0"`
)

// decided answers what a marker asks about the extras and groups that are wanted:
// no extra, and the default groups. pip knows neither of the two words.
func decided(marker string, groups []string) string {
	out := selected.ReplaceAllStringFunc(marker, func(s string) string {
		m := selected.FindStringSubmatch(s)
		in := m[4] == "dependency_groups" && slices.Contains(groups, m[1]+m[2])
		if in != (m[3] != "") {
			return everywhere
		}
		return nowhere
	})
	if out == everywhere {
		return ""
	}
	return out
}

func fromPipfile(text string) ([]pin, error) {
	var lock struct {
		Default map[string]struct {
			Version, Markers     string
			Hashes               []string
			Git, Path, File, URL string
		}
	}
	if err := json.Unmarshal([]byte(text), &lock); err != nil {
		return nil, err
	}
	var out []pin
	for name, p := range lock.Default {
		n := pin{name: name, version: strings.TrimPrefix(p.Version, "=="), marker: p.Markers, hashes: p.Hashes}
		switch {
		case p.Git != "":
			n.elsewhere = "git"
		case p.Path+p.File+p.URL != "":
			n.elsewhere = p.Path + p.File + p.URL
		}
		out = append(out, n)
	}
	return out, nil
}
