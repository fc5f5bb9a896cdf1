package tape

import (
	"strconv"
	"strings"
)

// Unmasked is a text with one word in the place of each token: two visits mask
// the same secret with two tokens.
func Unmasked(s string) string { return token.ReplaceAllString(s, "[masked]") }

// HoldsMask says that a part of a text was a secret.
func HoldsMask(s string) bool { return token.MatchString(s) }

// SameBut says that a text as a tape has it, tokens in the place of secrets, can
// be that text.
func SameBut(seen, real string) bool {
	parts := token.Split(seen, -1)
	if !strings.HasPrefix(real, parts[0]) {
		return false
	}
	if len(parts) == 1 {
		return seen == real
	}
	real = real[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(real, part)
		if i < 0 {
			return false
		}
		real = real[i+len(part):]
	}
	return strings.HasSuffix(real, parts[len(parts)-1])
}

// Secrets are the secrets that a text has where it was seen with tokens, by their
// tokens. It is not ok where they do not stand there exactly as long as they were.
func Secrets(seen, real string) (found map[string]string, ok bool) {
	found = map[string]string{}
	for {
		at := token.FindStringSubmatchIndex(seen)
		if at == nil {
			return found, seen == real
		}
		mask, before := seen[at[0]:at[1]], seen[:at[0]]
		length, _, _ := strings.Cut(strings.TrimPrefix(mask, "[masked:"), ":")
		n, err := strconv.Atoi(length)
		real, ok = strings.CutPrefix(real, before)
		if err != nil || !ok || n > len(real) {
			return nil, false
		}
		if was, twice := found[mask]; twice && was != real[:n] {
			return nil, false
		}
		found[mask], seen, real = real[:n], seen[at[1]:], real[n:]
	}
}

// Masks are the tokens of a text.
func Masks(s string) []string { return token.FindAllString(s, -1) }
