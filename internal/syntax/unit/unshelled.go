package unit

import (
	"path"
	"slices"
	"strings"
)

// Script is what a command line says that is written for a shell.
type Script struct {
	Folder  string   // cd
	Venv    string   // source .../bin/activate
	Env     []string // export
	Program string   // a path, or a name
	Args    string   // with a blank in front
}

// Unshelled reads a command line of steps joined by && of which the last is a
// program, and the others set up what a unit has keys for. It is not ok where
// anything else stands in it.
func Unshelled(value string) (s Script, ok bool) {
	if strings.ContainsAny(value, "\"'\\$`;|<>()*?%") {
		return Script{}, false
	}
	words := strings.Fields(value)
	if len(words) > 1 && path.Base(words[0]) == "env" && words[1] == "cd" {
		words = words[1:]
	}
	for {
		end := slices.Index(words, "&&")
		if end < 0 {
			break
		}
		step := words[:end]
		words = words[end+1:]
		switch {
		case len(step) == 2 && step[0] == "cd" && path.IsAbs(step[1]):
			s.Folder = step[1]
		case len(step) == 2 && (step[0] == "source" || step[0] == ".") && path.IsAbs(step[1]) && strings.HasSuffix(step[1], "/bin/activate"):
			s.Venv = path.Dir(path.Dir(step[1]))
		case len(step) == 2 && step[0] == "export" && strings.Contains(step[1], "="):
			s.Env = append(s.Env, step[1])
		default:
			return Script{}, false
		}
		ok = true
	}
	if len(words) > 0 && words[0] == "exec" {
		words = words[1:]
	}
	if !ok || len(words) == 0 {
		return Script{}, false
	}
	s.Program = words[0]
	for _, w := range words[1:] {
		s.Args += " " + w
	}
	return s, true
}
