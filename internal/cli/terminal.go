package cli

import (
	"strconv"
	"strings"

	"assay/internal/report"
)

// The values of --color.
const (
	auto   = "auto"
	always = "always"
)

// textOptions are what the terminal can do. A file has no columns and no
// colours of its own.
func (a *app) textOptions(color string, toFile bool) report.TextOptions {
	o := report.TextOptions{Width: 80, ASCII: a.ascii()}
	terminal := !toFile && a.IsTerminal(1)
	if terminal {
		if n := a.Columns(1); n > 0 {
			o.Width = n
		}
	}
	if n, err := strconv.Atoi(a.Getenv("COLUMNS")); err == nil && n > 0 && !toFile {
		o.Width = n
	}
	switch color {
	case always:
		o.Color = true
	case auto:
		o.Color = terminal && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb"
	}
	return o
}

// ascii says whether the locale knows UTF-8. The console of the kernel (TERM
// is linux) knows it, but its fonts have no ✓.
func (a *app) ascii() bool {
	if a.Getenv("TERM") == "linux" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := a.Getenv(name); v != "" {
			v = strings.ToLower(v)
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	return true
}
