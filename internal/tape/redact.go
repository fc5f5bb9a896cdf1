package tape

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"assay/internal/regex"
)

// Secrets are found in the places where they are kept: values of variables,
// settings and options whose name says so, the password in a URL, private keys,
// cookies. A value of eight characters or more is then replaced wherever it
// stands, in each spelling that a log or a page may give it; a shorter one only
// at its name, since it may well be an ordinary word.
var (
	// secretName is the name of a variable, a setting or an option.
	secretName = regex.New(`(?i)(secret|passw|passphrase|passwd|token|api_?key|apikey|private_?key|access_?key|auth_?key|signing_?key|encryption_?key|license_?key|credential|salt|dsn$|webhook|^pgpass|(^|[_.\-])pass$|_pwd$|(fernet|jwt|stripe|hmac|cookie|session|csrf|crypt|master)_?key)`)
	// plainName looks like a secret's and is none: it says where one lies, or
	// how long one lives.
	plainName = regex.New(`(?i)(_file|_path|_dir|_name|_header|_headers|_field|_method|_location|_age|_lifetime|_expires|_expiry|_ttl|_timeout|_length|_enabled|_required|_uri|_endpoint|^(proxy|uwsgi|fastcgi|scgi|grpc)_pass)$`)
	bearer    = regex.New(`(?i)\b(?:bearer|basic)[ ]+([A-Za-z0-9+/=._\-]{8,})`)
	privKey   = regex.New(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`)
	cookie    = regex.New(`(?i)["']?(?:set-cookie|cookie)["']?[ \t]*[:,][ \t]*["']?[^=\s"']+=\\?"?([^;"'\s]+)`)
	// word is what a cookie holds that is no secret: replaced in the header alone.
	word  = regex.New(`^[A-Za-z._-]{1,15}$`)
	token = regex.New(`\[masked:[^\]]*\]`)
)

const (
	everywhere = 8       // characters from which a value is replaced wherever it stands
	longest    = 8 << 10 // and up to which: more is no secret, but a page behind a name like one's
)

// Redact replaces every secret on the tape by a token that keeps its length,
// whether it is a known default, and which other ones are equal to it: the HMAC
// under key, which is made for one run and thrown away. It is done once the
// visit is over, since a secret may show in an answer before the place where it
// is kept is read.
func (t *Tape) Redact(key []byte) {
	found := map[string]bool{}
	for a, v := range t.answers {
		if a.Kind == KindLeaks { // the names of secrets, and no values: two names are not a header
			continue
		}
		for _, s := range texts(v) {
			gather(s, found)
		}
	}
	names := t.askNames()
	var list []secret
	for s, wide := range found {
		if s != "" && !token.MatchString(s) {
			list = append(list, secret{value: s, token: tokenFor(s, key), wide: wide && len(s) >= everywhere && len(s) <= longest && !strings.Contains(names, s)})
		}
	}
	slices.SortFunc(list, func(a, b secret) int { // the longest first: one may hold another
		return cmp.Or(len(b.value)-len(a.value), strings.Compare(a.value, b.value))
	})
	r := replacer(list)
	for a, v := range t.answers {
		v.Body, v.Stderr, v.Why = r.clean(v.Body), r.clean(v.Stderr), r.clean(v.Why)
		t.answers[a] = v
	}
}

type secret struct {
	value, token string
	wide         bool
}

// askNames are the names that asks carry: a value that is part of one (a folder
// called like the password) cannot be replaced everywhere without making the
// tape contradict itself.
func (t *Tape) askNames() string {
	var b strings.Builder
	for a := range t.answers {
		b.WriteString(a.Name + "\n")
	}
	return b.String()
}

// texts are the strings of an answer: of a line that is JSON those inside it.
func texts(v Answer) []string {
	out := []string{v.Stderr, v.Why}
	for l := range strings.Lines(v.Body) {
		var x any
		if c := strings.TrimSpace(l); c != "" && (c[0] == '{' || c[0] == '[') && json.Unmarshal([]byte(c), &x) == nil {
			out = append(out, stringsIn(x)...)
			l = ""
		}
		out = append(out, l)
	}
	// What spans lines: a private key.
	return append(out, privKey.FindAllString(v.Body, -1)...)
}

func stringsIn(x any) []string {
	switch x := x.(type) {
	case string:
		return []string{x}
	case []any:
		if c, ok := setCookie(x); ok {
			return []string{c}
		}
		var out []string
		var words []string
		for _, e := range x {
			if s, ok := e.(string); ok {
				words = append(words, s)
			}
			out = append(out, stringsIn(e)...)
		}
		if len(words) == 2 { // a header
			out = append(out, words[0]+": "+words[1])
		}
		return append(out, strings.Join(words, "\x00")) // an option and its value
	case map[string]any:
		var out []string
		for k, e := range x {
			if s, ok := e.(string); ok {
				out = append(out, k+"="+s)
			}
			out = append(out, stringsIn(e)...)
		}
		return out
	}
	return nil
}

// setCookie is a header that sets a cookie. Its value alone is "NAME=value; and
// attributes", which must not be read as one long value.
func setCookie(x []any) (string, bool) {
	if len(x) != 2 {
		return "", false
	}
	name, _ := x[0].(string)
	value, ok := x[1].(string)
	return name + ": " + value, ok && strings.EqualFold(name, "set-cookie")
}

// marks are what every line that keeps a secret holds, by their first
// character, in lower case: a cheap look before all others.
var marks = [256][]string{'s': {"secret", "salt"}, 'p': {"pass", "pgpass"}, '_': {"_pwd"}, 't': {"token"}, 'a': {"api"}, 'k': {"key"},
	'c': {"credential", "cookie"}, 'd': {"dsn"}, 'w': {"webhook"}, ':': {"://"}, 'b': {"bearer", "basic"}}

func suspicious(line string) bool {
	for i := 0; i+2 < len(line); i++ {
		for _, m := range marks[lower(line[i])] {
			if i+len(m) <= len(line) && strings.EqualFold(line[i:i+len(m)], m) {
				return true
			}
		}
	}
	return false
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// gather finds the secrets of one text: true where they are replaced wherever
// they stand, as long as they are long enough.
func gather(s string, found map[string]bool) {
	for _, k := range privKey.FindAllString(s, -1) {
		found[k] = true
	}
	for l := range strings.Lines(s) {
		if suspicious(l) {
			gatherLine(strings.TrimSuffix(l, "\n"), found)
		}
	}
}

func gatherLine(s string, found map[string]bool) {
	assignments(s, func(from int, ends []int) {
		for _, to := range ends {
			found[s[from:to]] = true
			found[unescaped(s[from:to])] = true
		}
	})
	// A whole line may be one variable, whose value holds blanks.
	name, value, ok := strings.Cut(strings.TrimSpace(s), "=")
	if name = strings.TrimSpace(name); ok && isSecret(name) && !strings.ContainsAny(name, " \t\"'\x00") && !strings.Contains(value, "\x00") {
		found[strings.Trim(strings.TrimSpace(value), `"'`)] = true
	}
	for _, m := range quotedPairs(s) {
		if name, value := m.of(s); isSecret(name) {
			found[value], found[unescaped(value)] = true, true
		}
	}
	for _, m := range options(s) {
		if name, value := m.of(s); isSecret(strings.TrimLeft(name, "-")) {
			found[value] = true
		}
	}
	for _, m := range userinfos(s) {
		_, value := m.of(s)
		found[value] = true
		if plain, err := url.QueryUnescape(value); err == nil {
			found[plain] = true
		}
	}
	low := strings.ToLower(s)
	if strings.Contains(low, "cookie") {
		gatherCookies(s, found)
	}
	if !strings.Contains(low, "bearer") && !strings.Contains(low, "basic") {
		return
	}
	for _, m := range bearer.FindAllStringSubmatch(s, -1) {
		found[m[1]] = true
		if plain, err := url.QueryUnescape(m[1]); err == nil {
			found[plain] = true
		}
	}
}

func gatherCookies(s string, found map[string]bool) {
	for _, m := range cookie.FindAllStringSubmatch(s, -1) {
		found[m[1]] = found[m[1]] || !word.MatchString(m[1])
		if plain, err := url.QueryUnescape(m[1]); err == nil && plain != m[1] {
			found[plain] = true
		}
	}
}

// SecretNames are the expressions by which a name is a secret's: it matches the
// first and not the second. Python's re reads them as well.
func SecretNames() (secret, plain string) { return secretName.String(), plainName.String() }

// IsSecret says that what stands under a name is to be kept secret.
func IsSecret(name string) bool { return isSecret(name) }

func isSecret(name string) bool {
	return suspicious(name) && secretName.MatchString(name) && !plainName.MatchString(name)
}

// tokenFor is the same for a value with its backslashes and without them: an
// environment file quotes what the environment holds plain.
func tokenFor(value string, key []byte) string {
	value = strings.ReplaceAll(value, `\`, "")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(value))
	kind := ""
	if KnownDefault(value) {
		kind = ":default"
	}
	return fmt.Sprintf("[masked:%d%s:%s]", len(value), kind, hex.EncodeToString(mac.Sum(nil))[:8])
}

type cleaner struct {
	wide   *strings.Replacer
	narrow map[string]string
}

// replacer knows each spelling of each wide secret.
func replacer(list []secret) cleaner {
	c := cleaner{narrow: map[string]string{}}
	var pairs []string
	for _, s := range list {
		c.narrow[s.value] = s.token
		if !s.wide {
			continue
		}
		for _, f := range spellings(s.value) {
			pairs = append(pairs, f, s.token)
		}
	}
	c.wide = strings.NewReplacer(pairs...)
	return c
}

// clean replaces the wide secrets everywhere and the short ones at their names.
func (c cleaner) clean(s string) string {
	if s == "" {
		return s
	}
	s = privKey.ReplaceAllStringFunc(c.wide.Replace(s), func(k string) string { return cmp.Or(c.narrow[k], "[masked:key]") })
	var b strings.Builder
	for l := range strings.Lines(s) {
		if suspicious(l) {
			l = c.atNames(l)
			l = c.at(l, quotedPairs(l), true)
			l = c.at(l, options(l), true)
			l = c.at(l, userinfos(l), false)
			if strings.Contains(strings.ToLower(l), "cookie") {
				l = c.at(l, spans(cookie.FindAllStringSubmatchIndex(l, -1)), false)
			}
		}
		b.WriteString(l)
	}
	return b.String()
}

// atNames replaces the value of each name that says that it is secret.
func (c cleaner) atNames(s string) string {
	type cut struct {
		from, to int
		token    string
	}
	var cuts []cut
	assignments(s, func(from int, ends []int) {
		for _, to := range ends {
			if tok, ok := c.narrow[s[from:to]]; ok {
				cuts = append(cuts, cut{from, to, tok})
				return
			}
		}
	})
	slices.SortFunc(cuts, func(a, b cut) int { return a.from - b.from })
	var b strings.Builder
	last := 0
	for _, x := range cuts {
		if x.from >= last {
			b.WriteString(s[last:x.from] + x.token)
			last = x.to
		}
	}
	return b.String() + s[last:]
}

// at replaces the values that are secrets; named, those whose names say so.
func (c cleaner) at(s string, all []span, named bool) string {
	var b strings.Builder
	last := 0
	for _, m := range all {
		name, value := m.of(s)
		if named && !isSecret(strings.TrimLeft(name, "-")) {
			continue
		}
		if tok, ok := c.narrow[value]; ok && m.value[0] >= last && value != "" {
			b.WriteString(s[last:m.value[0]] + tok)
			last = m.value[1]
		}
	}
	if last == 0 {
		return s
	}
	return b.String() + s[last:]
}
