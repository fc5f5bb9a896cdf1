package host

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// installed says that all of these packages are.
func installed(h hands, ctx context.Context, names []string) (bool, error) {
	for _, n := range names {
		out, err := h.work(ctx, 20*time.Second, "dpkg-query", "-W", "-f", "${db:Status-Status}\n", n)
		if err != nil || strings.TrimSpace(out) != "installed" {
			return false, nil // dpkg-query fails for a package that it never heard of
		}
	}
	return true, nil
}

// listsAge is how old apt's lists may be: a mirror drops what a security update
// replaces.
const listsAge = 12 * time.Hour

func install(h hands, ctx context.Context, names []string) error {
	const wait = "-oDPkg::Lock::Timeout=180" // of unattended-upgrades
	if _, err := h.work(ctx, 5*time.Minute, "dpkg", "--configure", "-a"); err != nil {
		return err
	}
	if !fresh(time.Now()) {
		if _, err := h.work(ctx, 5*time.Minute, "apt-get", "-qq", wait, "update"); err != nil {
			return err
		}
	}
	_, err := h.work(ctx, 15*time.Minute, append([]string{"apt-get", "-qq", wait, "-y", "--no-install-recommends", "-oDpkg::Options::=--force-confold", "install"}, names...)...)
	return err
}

func fresh(now time.Time) bool {
	lists, _ := filepath.Glob("/var/lib/apt/lists/*Packages*")
	var newest time.Time
	for _, l := range lists {
		if st, err := os.Stat(l); err == nil && st.ModTime().After(newest) {
			newest = st.ModTime()
		}
	}
	// The lists bear the archive's own date; the folder that of the last update.
	if st, err := os.Stat("/var/lib/apt/lists/partial"); err == nil && len(lists) > 0 && st.ModTime().After(newest) {
		newest = st.ModTime()
	}
	return now.Sub(newest) < listsAge
}

func packagesStay(h hands, ctx context.Context, names []string) (string, error) {
	var there []string
	for _, n := range names {
		if ok, _ := installed(h, ctx, []string{n}); ok {
			there = append(there, n)
		}
	}
	if len(there) == 0 {
		return "", nil
	}
	return "the packages " + strings.Join(there, " ") + ": they stay installed (apt-get remove takes them away)", nil
}
