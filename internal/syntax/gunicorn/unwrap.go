package gunicorn

import (
	"path"
	"strings"

	"assay/internal/regex"
)

// word is a word of the command line and its place there.
type word struct {
	text  string
	at    int
	shell bool // of a `sh -c` line
}

func plain(texts []string) []word {
	var out []word
	for i, t := range texts {
		out = append(out, word{t, i, false})
	}
	return out
}

var (
	isPython   = regex.New(`^(python|pypy)[0-9.]*$`)
	isGunicorn = regex.New(`^gunicorn(3|-?[0-9.]+|_paster)?(\.exe)?$`)
	isShell    = regex.New(`^(ba|da|z|k)?sh$`)
	assignment = regex.New(`^[A-Za-z_]\w*=`)
	// runners run the command that follows their own words and options.
	runners = regex.New(`^(poetry|uv|uvx|pipenv|pdm|hatch|rye|conda|micromamba|newrelic-admin|ddtrace-run|opentelemetry-instrument|scout-apm|nohup|nice|ionice|setsid|exec|command|time|timeout|stdbuf|dumb-init|tini|catchsegv|sudo|runuser|setpriv|chpst|softlimit|authbind|doppler|dotenv|infisical|chamber|aws-vault|op|taskset|numactl|systemd-run|strace|flock|honcho|supervise|envdir|jemalloc\.sh)$`)
)

// unwrap returns the words behind the one that is gunicorn.
func (s *Settings) unwrap(w []word, depth int) ([]word, bool) {
	for len(w) > 0 && assignment.MatchString(w[0].text) {
		w = w[1:]
	}
	if len(w) == 0 || depth > 8 {
		return nil, false
	}
	name := path.Base(w[0].text)
	switch {
	case isGunicorn.MatchString(name):
		return w[1:], true
	case isPython.MatchString(name):
		s.Python = w[0].text
		return s.python(w[1:], depth)
	case isShell.MatchString(name):
		return s.shell(w[1:], depth)
	case name == "env" || runners.MatchString(name):
		for i := 1; i < len(w); i++ {
			n := path.Base(w[i].text)
			if name == "env" && (w[i].text == "-S" || w[i].text == "--split-string") && i+1 < len(w) {
				return s.unwrap(inner(w[i+1]), depth+1)
			}
			if isGunicorn.MatchString(n) || isPython.MatchString(n) || isShell.MatchString(n) || n == "env" || runners.MatchString(n) {
				if rest, ok := s.unwrap(w[i:], depth+1); ok {
					return rest, true
				}
			}
		}
	}
	return nil, false
}

// python reads the interpreter's own options (python 3.13, Modules/main.c).
func (s *Settings) python(w []word, depth int) ([]word, bool) {
	for i := 0; i < len(w); i++ {
		t := w[i].text
		switch {
		case strings.HasPrefix(t, "-m"):
			mod := t[2:]
			if mod == "" && i+1 < len(w) {
				i++
				mod = w[i].text
			}
			if mod == "gunicorn" || mod == "gunicorn.app.wsgiapp" || mod == "gunicorn.__main__" {
				return w[i+1:], true
			}
			return s.unwrap(append([]word{{"command", 0, false}}, w[i+1:]...), depth+1)
		case strings.HasPrefix(t, "-c"):
			return nil, false
		case t == "-W" || t == "-X" || t == "--check-hash-based-pycs":
			i++
		case strings.HasPrefix(t, "-"):
		default:
			return s.unwrap(w[i:], depth+1)
		}
	}
	return nil, false
}
