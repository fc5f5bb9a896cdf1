package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sshHosts are the names that an ssh configuration gives to hosts, patterns
// left out, for the shell to complete.
func sshHosts(config string) []string {
	var out []string
	sshNames(config, filepath.Dir(config), 0, func(n string) {
		if !strings.ContainsAny(n, "*?!") && !slices.Contains(out, n) {
			out = append(out, n)
		}
	})
	return out
}

func sshNames(config, home string, depth int, found func(string)) {
	b, err := os.ReadFile(config)
	if err != nil || depth > 3 {
		return // the shell completes nothing then
	}
	for l := range strings.Lines(string(b)) {
		f := strings.Fields(strings.Replace(l, "=", " ", 1))
		if len(f) < 2 {
			continue
		}
		for _, w := range f[1:] {
			w = strings.Trim(w, `"`)
			switch strings.ToLower(f[0]) {
			case "host":
				found(w)
			case "include":
				if rest, is := strings.CutPrefix(w, "~/.ssh/"); is {
					w = rest
				}
				if !filepath.IsAbs(w) {
					w = filepath.Join(home, w)
				}
				files, _ := filepath.Glob(w)
				for _, f := range files {
					sshNames(f, home, depth+1, found)
				}
			}
		}
	}
}
