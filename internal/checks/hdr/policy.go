package hdr

import (
	"slices"
	"strings"
)

// policy is one Content-Security-Policy: the sources of each directive, of which
// the first of a name counts (CSP 3, 2.2.1).
type policy map[string][]string

// policies are those of some headers: several in one are divided by commas, and
// a browser holds to all of them.
func policies(headers []string) []policy {
	var out []policy
	for _, h := range headers {
		for one := range strings.SplitSeq(h, ",") {
			p := policy{}
			for d := range strings.SplitSeq(one, ";") {
				w := strings.Fields(d)
				if len(w) == 0 {
					continue
				}
				if name := strings.ToLower(w[0]); p[name] == nil {
					p[name] = append([]string{}, w[1:]...)
				}
			}
			if len(p) > 0 {
				out = append(out, p)
			}
		}
	}
	return out
}

// scripts are the sources that scripts may come from, and the directive that
// says so, "" where none does.
func (p policy) scripts() (sources []string, directive string) {
	for _, name := range []string{"script-src-elem", "script-src", "default-src"} {
		if s, ok := p[name]; ok {
			return s, name
		}
	}
	return nil, ""
}

// open says what in the policy lets a script in that somebody else wrote into
// the page, "" for nothing. A nonce or a hash makes browsers ignore
// 'unsafe-inline', and 'strict-dynamic' beside one all names (CSP 3, 6.7.3).
func (p policy) open() string {
	sources, directive := p.scripts()
	if directive == "" {
		return "it says nothing of scripts"
	}
	marked := slices.ContainsFunc(sources, marks)
	strict := marked && slices.Contains(sources, "'strict-dynamic'")
	for _, s := range sources {
		switch l := strings.ToLower(s); {
		case l == "'unsafe-inline'" && !marked:
			return directive + " has 'unsafe-inline'"
		case !strict && (l == "*" || l == "http:" || l == "https:" || l == "data:"):
			return directive + " allows " + l
		}
	}
	return ""
}

func marks(source string) bool {
	l := strings.ToLower(source)
	for _, p := range []string{"'nonce-", "'sha256-", "'sha384-", "'sha512-"} {
		if strings.HasPrefix(l, p) {
			return true
		}
	}
	return false
}

// nonce is the policy's mark for the scripts of just this answer.
func (p policy) nonce() string {
	sources, _ := p.scripts()
	for _, s := range sources {
		if strings.HasPrefix(s, "'nonce-") {
			return s
		}
	}
	return ""
}
