package unit

import "strings"

// Command is one command line of an Exec setting.
type Command struct {
	Path          string   // what is run: an absolute path, or a name that is looked up
	Argv          []string // with argv[0]; variables not yet replaced
	IgnoreFailure bool     // "-"
	NoVariables   bool     // ":"
	Privileged    bool     // "+": as root, without the sandbox of the unit
	NoUser        bool     // "!" or "!!": without User=
	File          string
	Line          int
}

// Commands reads an Exec setting (systemd.service(5), "Command lines"): words,
// prefixes, specifiers; a word ";" begins another command, "\;" is the character.
func Commands(s Setting, n Names) ([]Command, error) {
	// the escape would be gone after splitting: "\;" is no C escape and is kept
	words, err := Words(s.Value)
	if err != nil {
		return nil, err
	}
	var out []Command
	var cur []string
	flush := func() {
		if len(cur) > 0 {
			out = append(out, command(cur, s, n))
		}
		cur = nil
	}
	for _, w := range words {
		switch w {
		case ";":
			flush()
		case `\;`:
			cur = append(cur, ";")
		default:
			cur = append(cur, w)
		}
	}
	flush()
	return out, nil
}

func command(words []string, s Setting, n Names) Command {
	c := Command{File: s.File, Line: s.Line}
	path, other := words[0], false
	for path != "" && strings.IndexByte("-@:+!|", path[0]) >= 0 {
		switch path[0] {
		case '-':
			c.IgnoreFailure = true
		case '@':
			other = true
		case ':':
			c.NoVariables = true
		case '+':
			c.Privileged = true
		case '!':
			c.NoUser = true
		}
		path = path[1:]
	}
	c.Path = n.Expand(path)
	c.Argv = append(c.Argv, c.Path)
	if other && len(words) > 1 {
		c.Argv, words = nil, words[1:]
		c.Argv = append(c.Argv, n.Expand(words[0]))
	}
	for _, w := range words[1:] {
		c.Argv = append(c.Argv, n.Expand(w))
	}
	return c
}

// WithEnv replaces variables in the arguments: ${X} anywhere in a word, $X as a
// whole word, which is then split at blanks and vanishes if it is empty; $$ is
// $. A variable that env lacks is empty. argv[0] is left as it is.
func (c Command) WithEnv(env map[string]string) []string {
	if c.NoVariables || len(c.Argv) == 0 {
		return c.Argv
	}
	out := []string{c.Argv[0]}
	for _, a := range c.Argv[1:] {
		if name, ok := strings.CutPrefix(a, "$"); ok && validName(name) {
			words, err := Words(env[name])
			if err != nil {
				words = strings.Fields(env[name])
			}
			out = append(out, words...)
			continue
		}
		out = append(out, braces(a, env))
	}
	return out
}

func braces(s string, env map[string]string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '$' && i+1 < len(s) {
			if s[i+1] == '$' {
				b.WriteByte('$')
				i++
				continue
			}
			if end := strings.IndexByte(s[i:], '}'); s[i+1] == '{' && end > 0 && validName(s[i+2:i+end]) {
				b.WriteString(env[s[i+2:i+end]])
				i += end
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Pair is one variable of Environment=.
type Pair struct {
	Name, Value string
	File        string
	Line        int
}

// Environment reads an Environment= setting. Words that are no assignment with a
// valid name, or hold a % that stands for nothing, are in bad; systemd logs and ignores them. Variables ("$X") are not
// replaced: "$" has no meaning there.
func Environment(s Setting, n Names) (pairs []Pair, bad []string, err error) {
	words, err := Words(s.Value)
	if err != nil {
		return nil, nil, err
	}
	for _, w := range words {
		if BadSpecifier(w) != "" {
			bad = append(bad, w)
			continue
		}
		w = n.Expand(w)
		name, value, ok := strings.Cut(w, "=")
		if !ok || !validName(name) {
			bad = append(bad, w)
			continue
		}
		pairs = append(pairs, Pair{name, value, s.File, s.Line})
	}
	return pairs, bad, nil
}

// EnvironmentFile reads an EnvironmentFile= setting: optional is the "-" that
// lets the file be missing. The path may be a glob.
func EnvironmentFile(s Setting, n Names) (path string, optional bool) {
	path, optional = strings.CutPrefix(s.Value, "-")
	return n.Expand(path), optional
}

// validName: letters, digits, "_", not a digit first (env_name_is_valid).
func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
