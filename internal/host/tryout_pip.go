package host

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// borrow unpacks packages of the system's without installing them: a bare image
// of Debian's has neither pip nor the libraries that a driver stands on.
func (y *tryout) borrow(ctx context.Context) error {
	if program, v := y.program(ctx, "run python3", bin("python3")); program == "" {
		return unknown("%s", firstOf(v.Why, "this host has no python3 yet"))
	}
	names := slices.Clone(y.System)
	wheels := func(root string) string {
		all, _ := filepath.Glob(root + "/usr/share/python-wheels/pip-*.whl")
		return strings.Join(all[:min(1, len(all))], "")
	}
	if y.pip = wheels(""); y.pip == "" {
		names = append(names, "python3-pip-whl")
	}
	there := func(n string) bool { ok, _ := installed(y.hands, ctx, []string{n}); return ok }
	if names = slices.DeleteFunc(names, there); len(names) == 0 {
		return nil
	}
	// apt keeps its own lists and archives there, and takes no lock: nothing of it
	// is the host's.
	apt := []string{"apt-get", "-qq", "-oDebug::NoLocking=1", "-oDir::Cache=" + y.system + "/cache", "-oAcquire::Retries=0", "-oAcquire::http::Timeout=20", "-oAcquire::https::Timeout=20"}
	if said, err := y.as(ctx, time.Minute, nil, "install", "-d", y.system+"/lists/partial", y.system+"/cache/archives/partial"); err != nil {
		return unknown("%s", lastWord(said))
	}
	if !fresh(time.Now()) {
		apt = append(apt, "-oDir::State::lists="+y.system+"/lists")
		if said, err := y.as(ctx, 3*time.Minute, nil, append(slices.Clone(apt), "update")...); err != nil {
			return unknown("apt's lists could not be had: %s", lastWord(said))
		}
	}
	get := append(slices.Clone(apt), "-y", "--no-install-recommends", "--download-only", "install")
	if said, err := y.as(ctx, 5*time.Minute, nil, append(get, names...)...); err != nil {
		return unknown("%s could not be had: %s", strings.Join(names, " and "), lastWord(said))
	}
	debs, _ := filepath.Glob(y.system + "/cache/archives/*.deb")
	for _, d := range debs {
		if said, err := y.as(ctx, time.Minute, nil, "dpkg-deb", "-x", d, y.tree); err != nil {
			return unknown("%s", lastWord(said))
		}
	}
	if y.pip == "" {
		y.pip = wheels(y.tree)
	}
	if y.pip == "" {
		return unknown("pip could not be had")
	}
	return nil
}

// install makes the app's own environment, as the deed "venv" does.
func (y *tryout) install(ctx context.Context) error {
	const most = 10 * time.Minute
	python := venvOf(y.release) + "/bin/python3"
	if said, err := y.as(ctx, most, nil, "python3", "-m", "venv", "--without-pip", venvOf(y.release)); err != nil {
		return unknown("no environment could be made: %s", lastWord(said))
	}
	for _, what := range wanted(y.at(y.List), y.More) {
		// -vv: what an index answered is not said else (pip 23, 25).
		argv := append([]string{python, "-m", "pip", "-vv", "--retries=1", "--timeout=15"}, pipInstall...)
		said, err := y.as(ctx, most, []string{"PYTHONPATH=" + y.pip}, append(append(argv, "--no-compile"), what...)...)
		if err == nil {
			continue
		}
		if why := pipRefuses(said); why != "" {
			return fmt.Errorf("the app's packages do not install: %s", strings.ReplaceAll(why, tryouts+"/", ""))
		}
		why := pipSays(said)
		if l := unfetched.FindString(said); l != "" && strings.Contains(said, "(from versions: none)") {
			why = short(l)
		}
		return unknown("the app's packages could not be installed ahead: %s", why)
	}
	return nil
}

var (
	pipErrors   = regexp.MustCompile(`(?m)^\s*ERROR: (.+)$`)
	pipVersions = regexp.MustCompile(`\(from versions: (?:[^)]*, )?([^,)]+)\)`)
	pipConflict = regexp.MustCompile(`(?m)^The conflict is caused by:\n((?: +.+\n)+)`)
	pipUnlocked = regexp.MustCompile(`ERROR: [^\n]*--require-hashes mode[^\n]*\n\s*(\S+)`)
	pipHashes   = regexp.MustCompile(`DO NOT MATCH THE HASHES[^\n]*\n\s*(\S+)`)
)

// pipRefuses is the reason for which pip will refuse again, "" where another time
// or another host could do better: an index that does not answer, a package that
// has to be built.
func pipRefuses(said string) string {
	if containsAny(said, "subprocess-exited-with-error", "Failed building", "Failed to build", "metadata-generation-failed", "No space left") {
		return ""
	}
	hash, unlocked := pipHashes.FindStringSubmatch(said), pipUnlocked.FindStringSubmatch(said)
	switch {
	case hash != nil:
		return hash[1] + " has another hash than the one that is written down"
	case unlocked != nil:
		return "the list has hashes, and none for " + unlocked[1] + ", which is wanted, too"
	case strings.Contains(said, "ERROR: ResolutionImpossible"):
		if m := pipConflict.FindStringSubmatch(said); m != nil {
			return strings.TrimSuffix(pipSays(said), ".") + ": " + strings.Join(strings.Fields(strings.ReplaceAll(strings.TrimSpace(m[1]), "\n", ";")), " ")
		}
		return pipSays(said)
	case strings.Contains(said, "(from versions: none)") && !onlyMissing(said) && !strings.Contains(said, "require a different python version"):
		return ""
	case containsAny(said, "(from versions: ", "Invalid requirement", "Could not open requirements file", "requires a different Python", "Cannot find command 'git'", "is not a supported wheel on this platform"):
		return pipSays(said)
	}
	return ""
}

var unfetched = regexp.MustCompile(`Could not fetch URL [^\n]*`)

// onlyMissing says that an index answered that it has no such package, and that
// none failed to answer.
func onlyMissing(said string) bool {
	all := unfetched.FindAllString(said, -1)
	missing := func(l string) bool { return strings.Contains(l, ": 404 ") }
	return len(all) > 0 && !slices.ContainsFunc(all, func(l string) bool { return !missing(l) }) && !strings.Contains(said, "Retrying (")
}

// pipSays are pip's own words for what went wrong, in a line.
func pipSays(said string) string {
	var out []string
	for _, m := range pipErrors.FindAllStringSubmatch(said, -1) {
		l := pipVersions.ReplaceAllString(strings.TrimSpace(m[1]), "(the newest there is: $1)")
		if strings.HasPrefix(l, "No matching distribution") && len(out) > 0 || strings.HasPrefix(l, "ResolutionImpossible") {
			continue
		}
		out = append(out, l)
	}
	if len(out) == 0 {
		return lastWord(said)
	}
	return short(strings.Join(out, "; "))
}

func containsAny(s string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
}
