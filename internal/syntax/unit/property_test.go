package unit

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Words undoes what systemd-escape's manual tells people to write: every word in
// quotes, with quotes and backslashes escaped.
func TestWordsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[ -~]{0,12}`), 1, 5).Draw(t, "words")
		quote := rapid.SampledFrom([]string{`"`, "'"}).Draw(t, "quote")
		var quoted []string
		for _, w := range words {
			w = strings.ReplaceAll(w, `\`, `\\`)
			quoted = append(quoted, quote+strings.ReplaceAll(w, quote, `\`+quote)+quote)
		}
		got, err := Words(strings.Join(quoted, "  "))
		if err != nil || !slices.Equal(got, words) {
			t.Fatalf("%q: %q %v", words, got, err)
		}
	})
}
