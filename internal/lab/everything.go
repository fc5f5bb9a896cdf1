package lab

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"assay/internal/host"
)

// Everything is the state that a change of the host can touch: each path under
// the folders of configuration and of sites with its owner, mode, ACLs,
// attributes, link and content, and what systemd does with the site's units.
func (h *Host) Everything(ctx context.Context) (string, error) {
	var out strings.Builder
	for _, top := range []string{"etc", "srv", "var/www", "home", "opt", "usr/local"} {
		err := filepath.WalkDir(filepath.Join(h.Root(), top), func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return nil // it went away meanwhile
			case d.IsDir() && (d.Name() == "__pycache__" || d.Name() == "site-packages"):
				return fs.SkipDir
			}
			i, err := host.Inspect(p)
			if err != nil {
				return nil // a socket, a pipe
			}
			_, err = fmt.Fprintf(&out, "%s %s %o %d:%d %s %x %v\n", strings.TrimPrefix(p, h.Root()), i.Kind, i.Mode, i.UID, i.GID, i.Target, sha256.Sum256(i.Body), i.Attrs)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	units, err := h.Run(ctx, "systemctl show -p Id,ActiveState,UnitFileState nginx shop myapp redis-server postgresql@15-main postgresql@17-main || true")
	// What failed, was stopped, or is tried again and again does not run: which of
	// these it is hangs on the moment.
	units = regexp.MustCompile(`ActiveState=(inactive|failed|activating|deactivating)`).ReplaceAllString(units, "ActiveState=not running")
	for u := range strings.SplitSeq(units, "\n\n") {
		fmt.Fprintf(&out, "unit:%s\n", strings.Join(strings.Fields(u), ","))
	}
	return out.String(), err
}

// Differ are the lines that one text has and the other has not.
func Differ(a, b string) string {
	var out strings.Builder
	was, is := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, l := range was {
		if !slices.Contains(is, l) {
			out.WriteString("- " + l + "\n")
		}
	}
	for _, l := range is {
		if !slices.Contains(was, l) {
			out.WriteString("+ " + l + "\n")
		}
	}
	return out.String()
}
