package tape

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"assay/internal/regex"
)

// spellings are the forms in which a value may be printed: as it is, as
// Python's repr, in a URL, in base64 (also within a longer text), and each of
// these in a string of JSON, which may stand in another one.
func spellings(v string) []string {
	plain := []string{v,
		strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(v),
		strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(v),
		strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(v)}
	plain = append(plain, inURL(v)...)
	plain = append(plain, inBase64(v)...)
	out := []string{v}
	add := func(s string) {
		if len(s) >= everywhere && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, p := range plain {
		add(p)
		for range 2 {
			add(inJSON(p, true))
			p = inJSON(p, false)
			add(p)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

// inURL are the ways to quote for a URL: Go's, Python's quote and quote_plus,
// JavaScript's encodeURIComponent, with the digits of either case.
func inURL(v string) []string {
	query := url.QueryEscape(v)
	blank := strings.ReplaceAll(query, "+", "%20")
	script := strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%7E", "~").Replace(blank)
	out := []string{query, blank, script, url.PathEscape(v),
		strings.ReplaceAll(query, "%2F", "/"), strings.ReplaceAll(blank, "%2F", "/")}
	for _, o := range slices.Clone(out) {
		out = append(out, hexDigits.ReplaceAllStringFunc(o, strings.ToLower))
	}
	return out
}

var hexDigits = regex.New(`%[0-9A-F]{2}`)

// inBase64 is what every encoding of a text with v in it has in common, for
// each of the three places in a group of bytes at which v may begin.
func inBase64(v string) []string {
	var out []string
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		out = append(out, e.EncodeToString([]byte(v)))
		for before := range 3 {
			s := e.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, before), v...))
			if (before+len(v))%3 != 0 { // the last character depends on what follows
				s = s[:len(s)-1]
			}
			out = append(out, s[(before*8+5)/6:])
		}
	}
	return out
}

// inJSON is a text as it stands in a string of JSON, with HTML's own
// characters escaped or not.
func inJSON(s string, html bool) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(html)
	if enc.Encode(s) != nil {
		return s
	}
	return b.String()[1 : b.Len()-2]
}
