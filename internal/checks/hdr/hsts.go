package hdr

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.hsts",
	Title:    "browsers are told to come by https alone",
	Severity: check.Medium,
	Stage:    model.StageTLS,
	Guide:    "001 security: HSTS",
	Why:      "Whoever types the name without https:// begins in the clear each time: who holds the line (a Wi-Fi, a hostile access point) answers in the site's place, and reads the password.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Showings, hsts),
})

const year = 31536000

func hsts(h *check.Hearing, x *model.Showing) check.Verdict {
	const header, wanted = "Strict-Transport-Security", "max-age=63072000"
	var without, wrong, short []page
	judged := false
	days := 0
	for _, p := range answers(h, x) {
		if !p.Secure() || p.Internal() {
			continue
		}
		judged = true
		says := p.reply.Get("strict-transport-security")
		age, ok := maxAge(says)
		switch {
		case says == "":
			without = append(without, p)
		case !ok:
			wrong = append(wrong, p)
		case age < year:
			short, days = append(short, p), age/86400
		}
	}
	switch {
	case len(without) > 0:
		p := without[0]
		p.saw(h, header)
		r := add(x, p, header, wanted)
		r.Do = "Send it with every answer over TLS. Begin with a day (max-age=86400), and say two years when all is well: browsers hold to it for so long, and nobody can take it back from them. includeSubDomains is for a name below which everything has TLS."
		return check.Failed(of(without)+" "+come(without)+" without "+header+lost(h, p, header), r)
	case len(wrong) > 0:
		wrong[0].saw(h, header)
		r := change(h, x, wrong[0], header, wanted)
		r.Do = "Name a max-age in seconds: browsers ignore the header without one."
		return check.Failed(of(wrong)+" "+come(wrong)+" with a "+header+" that browsers ignore: it has no max-age", r)
	case len(short) > 0:
		short[0].saw(h, header)
		r := change(h, x, short[0], header, wanted)
		r.Do = "Let it last for a year or two, once all is well."
		return check.Warned(fmt.Sprintf("%s: browsers forget after %s that the site has https (%s)", of(short), plural(days, "day"), header), r).
			Because("A short max-age is how one begins; who stays away for longer starts in the clear again.")
	case !judged:
		return nothing(x, "no page of a public name comes over TLS")
	}
	return check.Passed()
}

// maxAge reads the header (RFC 6797, 6.1): the value may stand in quotes.
func maxAge(says string) (int, bool) {
	for d := range strings.SplitSeq(says, ";") {
		k, v, ok := strings.Cut(strings.TrimSpace(d), "=")
		if ok && strings.EqualFold(strings.TrimSpace(k), "max-age") {
			n, err := strconv.Atoi(strings.Trim(strings.TrimSpace(v), `"`))
			return n, err == nil && n >= 0
		}
	}
	return 0, false
}

func come(list []page) string {
	for _, p := range list[1:] {
		if p.URL() != list[0].URL() {
			return "come"
		}
	}
	return "comes"
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
