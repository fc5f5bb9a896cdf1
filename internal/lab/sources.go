package lab

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// keyring holds the keys of every Debian since bullseye; the one of Debian 12
// has trixie's since 2023.3+deb12u1.
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// mirrors are where this machine itself gets its packages from.
type mirrors struct{ main, security string }

// ownMirrors reads the machine's apt sources, in both of their formats, for the
// addresses of the Debian archive and of its security archive.
func ownMirrors() (mirrors, error) {
	var m mirrors
	files, _ := filepath.Glob("/etc/apt/sources.list.d/*.sources")
	lists, _ := filepath.Glob("/etc/apt/sources.list.d/*.list")
	files = append(append(files, "/etc/apt/sources.list"), lists...)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if strings.HasSuffix(file, ".sources") {
			readDeb822(string(b), m.add)
		} else {
			readOneLine(string(b), m.add)
		}
	}
	if m.main == "" {
		return m, fmt.Errorf("read /etc/apt: no source of Debian's main archive")
	}
	return m, nil
}

// add keeps the first address of each archive. They are told apart by their
// suites: a mirror may be called anything.
func (m *mirrors) add(uri, suite string) {
	base, pocket, _ := strings.Cut(strings.Trim(suite, "/"), "-")
	switch base {
	case "bullseye", "bookworm", "trixie", "forky", "sid", "stable", "oldstable", "testing":
	default:
		return // another vendor's suite
	}
	uri = strings.TrimSuffix(uri, "/")
	switch {
	case pocket == "security" && m.security == "":
		m.security = uri
	case pocket == "" && m.main == "":
		m.main = uri
	}
}

func readDeb822(text string, add func(uri, suite string)) {
	for stanza := range strings.SplitSeq(text, "\n\n") {
		field := map[string][]string{}
		var last string
		sc := bufio.NewScanner(strings.NewReader(stanza))
		for sc.Scan() {
			line := sc.Text()
			if strings.HasPrefix(line, "#") {
				continue
			}
			key, value, ok := strings.Cut(line, ":")
			if ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
				last = strings.ToLower(strings.TrimSpace(key))
			} else {
				value = line
			}
			field[last] = append(field[last], strings.Fields(value)...)
		}
		if len(field["enabled"]) > 0 && field["enabled"][0] == "no" {
			continue
		}
		for _, uri := range field["uris"] {
			for _, suite := range field["suites"] {
				add(uri, suite)
			}
		}
	}
}

func readOneLine(text string, add func(uri, suite string)) {
	for line := range strings.SplitSeq(text, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != "deb" {
			continue
		}
		f = f[1:]
		if len(f) > 0 && strings.HasPrefix(f[0], "[") { // options, up to the closing bracket
			for len(f) > 0 && !strings.HasSuffix(f[0], "]") {
				f = f[1:]
			}
			if len(f) > 0 {
				f = f[1:]
			}
		}
		if len(f) >= 2 {
			add(f[0], f[1])
		}
	}
}

// lines returns the sources of a suite at these mirrors.
func (m mirrors) lines(suite string) []string {
	all := []string{
		fmt.Sprintf("deb [signed-by=%s] %s %s main", keyring, m.main, suite),
		fmt.Sprintf("deb [signed-by=%s] %s %s-updates main", keyring, m.main, suite),
	}
	if m.security != "" {
		all = append(all, fmt.Sprintf("deb [signed-by=%s] %s %s-security main", keyring, m.security, suite))
	}
	return all
}
