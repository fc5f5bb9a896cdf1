package unit

import (
	_ "embed"
	"strings"
)

// keys are what systemd 252 and 257 know in the sections of a service
// (systemd --dump-configuration-items).
//
//go:embed keys.txt
var keyText string

var keys = func() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	section := ""
	for l := range strings.FieldsSeq(keyText) {
		if strings.HasPrefix(l, "[") {
			section = strings.Trim(l, "[]")
			out[section] = map[string]bool{}
			continue
		}
		out[section][l] = true
	}
	return out
}()

// Ignored says that systemd leaves a setting out, and what was meant: the key
// of another section, or one that is spelt nearly so. A key that is like none
// may be one of a newer systemd.
func Ignored(s Setting) (meant, section string, ignored bool) {
	own := keys[s.Section]
	if own == nil || own[s.Key] || strings.HasPrefix(s.Key, "X-") {
		return "", "", false
	}
	for name, list := range keys {
		if list[s.Key] {
			return s.Key, name, true
		}
	}
	for key := range own {
		if near(s.Key, key) && (meant == "" || key < meant) {
			meant = key
		}
	}
	return meant, s.Section, meant != ""
}

// near says that two words differ by case, by a letter more, less or another,
// or by two that changed places.
func near(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || len(a) < 4 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// specifiers are the letters that stand for something after a %.
const specifiers = "aAbBcCdDEfgGhHiIjJlLmMnNopPqrRsStTuUvVwWyY%"

// BadSpecifier finds a % with a letter or digit behind it that stands for
// nothing: systemd then leaves the whole assignment out (src/shared/specifier.c,
// EBADSLT). Any other character behind it is left alone.
func BadSpecifier(s string) string {
	for i := 0; i+1 < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		i++
		c := s[i]
		if alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'; alnum && !strings.ContainsRune(specifiers, rune(c)) {
			return s[i-1 : i+1]
		}
	}
	return ""
}

// Literal says that no % stands for something else than a percent sign.
func Literal(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '%' {
			i++
			if s[i] != '%' && strings.IndexByte(specifiers, s[i]) >= 0 {
				return false
			}
		}
	}
	return true
}
