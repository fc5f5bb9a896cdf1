package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	nameField    = regexp.MustCompile(`(?mi)^Name: (.*)\n`)
	versionField = regexp.MustCompile(`(?mi)^Version: (.*)\n`)
)

// readMeta reads a dist-info, or an egg-info: a folder, or, of distutils, a file.
func (w *wheel) readMeta(info string) error {
	var text []byte
	var err error
	for _, at := range []string{"METADATA", "PKG-INFO", "."} {
		text, err = os.ReadFile(filepath.Join(info, at))
		if err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	meta := strings.TrimRight(string(text), "\n") + "\n"
	name, version := nameField.FindStringSubmatch(meta), versionField.FindStringSubmatch(meta)
	if name == nil || version == nil {
		return errors.New("metadata without name or version")
	}
	// Debian's builds from a tag call themselves a release to come.
	w.name, w.version = strings.TrimSpace(name[1]), strings.TrimSuffix(strings.TrimSpace(version[1]), ".dev0")
	w.meta = versionField.ReplaceAllString(nameField.ReplaceAllString(meta, ""), "")
	for _, file := range []string{"entry_points.txt", "top_level.txt"} {
		if b, err := os.ReadFile(filepath.Join(info, file)); err == nil {
			w.extra[file] = string(b)
		}
	}
	requires, err := os.ReadFile(filepath.Join(info, "requires.txt"))
	if err != nil || strings.Contains(w.meta, "\nRequires-Dist: ") {
		return nil // it needs nothing, or has said so
	}
	head, body, _ := strings.Cut(w.meta, "\n\n")
	w.meta = strings.TrimRight(head, "\n") + "\n" + requiresDist(string(requires)) + "\n" + body
	return nil
}

// requiresDist turns an egg-info's requires.txt into lines of METADATA. Its
// sections are [extra], [:marker] and [extra:marker].
func requiresDist(text string) string {
	var out strings.Builder
	var condition string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "["):
			extra, marker, _ := strings.Cut(strings.Trim(line, "[]"), ":")
			var all []string
			if marker != "" {
				all = append(all, "("+marker+")")
			}
			if extra != "" {
				all = append(all, fmt.Sprintf("extra == %q", extra))
				fmt.Fprintf(&out, "Provides-Extra: %s\n", extra)
			}
			condition = "; " + strings.Join(all, " and ")
		default:
			fmt.Fprintf(&out, "Requires-Dist: %s%s\n", line, condition)
		}
	}
	return out.String()
}
