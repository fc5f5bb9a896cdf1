package tape

import (
	"reflect"
	"regexp"
	"testing"
)

// What scan.go finds by hand, as expressions.
var (
	// NAME= as shells, units, env files, Python and JSON write it.
	namedValue = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.\-]*)\\*["']?\]?[ \t]*(?::=|[=:])[ \t]*`)
	// environ.get("NAME", and its like.
	fallback = regexp.MustCompile(`\(\\*["']([A-Za-z_][A-Za-z0-9_]*)\\*["'][ \t]*,[ \t]*`)
	// One word of Environment= that is quoted whole.
	quotedPair = regexp.MustCompile(`["']([A-Za-z_][A-Za-z0-9_]*)=((?:[^"'\\\n]|\\.)*)["']`)
	// A value that follows its option as a word of its own.
	option = regexp.MustCompile(`(?:^|[\s\x00])(--?[A-Za-z][A-Za-z0-9\-]*)[ \x00]+([^\s\x00\-][^\s\x00]*)`)
	// The password of a URL; the last @ before the host ends it.
	userinfo = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.\-]*://[^\s:/@"'<>]*:([^\s"'<>/?]+)@`)
)

func same(t *testing.T, s string) {
	t.Helper()
	for name, c := range map[string]struct {
		re   *regexp.Regexp
		next func(string, int) (found, bool)
	}{"namedValue": {namedValue, nextNamed}, "fallback": {fallback, nextFallback}} {
		for at := 0; at <= len(s); {
			m := c.re.FindStringSubmatchIndex(s[at:])
			got, ok := c.next(s, at)
			if ok != (m != nil) || ok && got != (found{at + m[2], at + m[3], at + m[1]}) {
				t.Fatalf("%s of %q from %d: %v %v, want %v", name, s, at, got, ok, m)
			}
			if !ok {
				break
			}
			at = got.end
		}
	}
	for name, c := range map[string]struct {
		re  *regexp.Regexp
		all func(string) []span
	}{"quotedPair": {quotedPair, quotedPairs}, "option": {option, options}, "userinfo": {userinfo, userinfos}} {
		var want []span
		for _, m := range c.re.FindAllStringSubmatchIndex(s, -1) {
			if len(m) == 4 {
				want = append(want, span{value: [2]int{m[2], m[3]}})
			} else {
				want = append(want, span{[2]int{m[2], m[3]}, [2]int{m[4], m[5]}})
			}
		}
		if got := c.all(s); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s of %q: %v, want %v", name, s, got, want)
		}
	}
}

var lines = []string{
	`SECRET_KEY=x --db-password hunter2 -p=1 --a-b "X=1" 'Y=\'2' Z='3`, `{"token": "a", "k\": 1, config["SECRET_KEY"] = "x": y:=z`,
	`environ.get("A_B", "x") get(\"C\" , 1) ("D",`, "postgres://u:p@ss:w@h/x http://a:b@c redis+x://:pw@h 1://u:p@h -x y\x00--z\x00v - w --  --q -r",
	"a.b-c\\\\\"] \t:= x; 9a=b; é=ü \"é=ü\" \"ab=\\é\"", "://u:p@ ://:@ x://:@ x://a:b@@ --x\n--y z", "'A=1'B=2'C=3' -a -b c -d\tf",
}

func TestFoundByHand(t *testing.T) {
	for _, s := range lines {
		same(t, s)
	}
}

func FuzzFoundByHand(f *testing.F) {
	for _, s := range lines {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { same(t, s) })
}
