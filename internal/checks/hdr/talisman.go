package hdr

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.talisman",
	Title:    "each security header is set in one place: Flask-Talisman, the app or nginx",
	Severity: check.Info,
	Stage:    model.StageServer,
	Guide:    "001 security: Flask-Talisman",
	Why:      "Who changes the one line sees no change, since the other one is there still.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Showings, oneOwner),
})

// owned are the headers that both are used to set, with what browsers make of two
// values (RFC 6797 8.1, RFC 9110 5.3, CSP 3 and the Fetch standard).
var owned = []struct{ name, two string }{
	{"X-Frame-Options", "Browsers take two values that differ for a third, which they do not know: some forbid every frame, others none."},
	{"Strict-Transport-Security", "Browsers take the first, and the other one never counts."},
	{"Content-Security-Policy", "Browsers enforce both: what one of them forbids is forbidden, whatever the other allows."},
	{"Referrer-Policy", "Browsers take the last that they know."},
	{"X-Content-Type-Options", ""},
}

func oneOwner(h *check.Hearing, x *model.Showing) check.Verdict {
	shown := answers(h, x)
	if len(shown) == 0 {
		return nothing(x, "nothing answers")
	}
	for _, o := range owned {
		for _, differ := range []bool{true, false} {
			for _, p := range shown {
				all := p.reply.All(strings.ToLower(o.name))
				distinct := slices.Compact(slices.Sorted(slices.Values(all)))
				lines, _ := p.Adds(o.name)
				if len(all) < 2 || len(lines) == 0 || (len(distinct) > 1) != differ {
					continue
				}
				return twice(h, x, p, o.name, o.two, all)
			}
		}
	}
	return check.Passed()
}

func twice(h *check.Hearing, x *model.Showing, p page, name, two string, all []string) check.Verdict {
	p.saw(h, name)
	lines, _ := p.Adds(name)
	h.Saw(lines...)
	by := fmt.Sprintf("nginx (%s:%d)", lines[0].Where, lines[0].Line)
	if len(lines) < len(all) {
		by += " and the app"
	}
	r := check.Remedy{
		Do: "Let one of them set it: the app, which knows its pages, or nginx, through which everything passes. Talisman leaves out what it is told to (frame_options=None, strict_transport_security=False, content_security_policy=False).",
		Commands: []string{fmt.Sprintf("# %s:%d: take the line out, or hide the app's own beside proxy_pass:", lines[0].Where, lines[0].Line), "proxy_hide_header " + name + ";",
			"sudo nginx -t && sudo systemctl reload nginx"},
		Verify: strings.Replace(p.Surface.Curl(p.Path), "curl -s", "curl -si", 1) + " | grep -i " + strings.ToLower(name), Minutes: 5,
	}
	if slices.Min(all) == slices.Max(all) {
		return check.Warned(fmt.Sprintf("%s comes with %s twice, of the same value: from %s", p.URL(), name, by), r)
	}
	return check.Failed(fmt.Sprintf("%s comes with %s twice, of two values (%s): from %s", p.URL(), name, strings.Join(all, " | "), by), r).At(check.Low).Because(two)
}
