package flask

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.limiter.key",
	Title:    "rate limits count by what a visitor cannot choose",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "beyond the guides",
	Why:      "Who sends another value with each request is never limited: passwords can be tried without end.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Forwardeds, limiterKey),
})

func limiterKey(h *check.Hearing, x *model.Forwarded) check.Verdict {
	a, ok := x.Server.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if !a.Extends("limiter") {
		return check.DoesNotApply("the app has no rate limits of its own")
	}
	t, _ := a.Tried().Open(h)
	believed, _ := a.Believes().Open(h)
	for _, l := range t.Limits {
		if !l.Enabled {
			continue
		}
		if l.Follows == nil {
			return check.CannotTell("by what "+l.Key+" counts: it does not answer without more of a request", "")
		}
		for _, f := range l.Follows {
			byFix := slices.ContainsFunc(believed, func(b tape.Trust) bool { return b.Header == f.Header && b.Into == "remote" && b.Position == f.Position })
			if byFix { // what ProxyFix believes is judged by flask.proxyfix
				continue
			}
			if v, bad := byChoice(h, x, a, l, f); bad {
				return v
			}
		}
	}
	return check.Passed()
}

// byChoice says whether a visitor writes the header that decides a key.
func byChoice(h *check.Hearing, x *model.Forwarded, a *model.App, l tape.Limiter, f tape.Trust) (check.Verdict, bool) {
	for _, why := range x.Unseen {
		h.Missed(why, true)
	}
	for _, way := range x.Ways {
		sent := way.Gets(f.Header)
		if who := sent.From(f.Position); who != model.ByVisitor && who != model.Claimed || sent.Doubt != "" {
			continue
		}
		h.Saw(a.At(l.At, l.Key+" follows "+f.Header))
		if sent.By != nil {
			h.Saw(*sent.By)
		}
		said := fmt.Sprintf("rate limits count by %s, which each visitor writes himself (%s)", f.Header, l.Key)
		if sent.By != nil && !sent.Unchanged() {
			said = fmt.Sprintf("rate limits count by a part of %s that each visitor writes himself (%s)", f.Header, l.Key)
		}
		return check.Failed(said, check.Remedy{
			Do:       "Count by the address that the app knows by ProxyFix, or by who is logged in.",
			Commands: append([]string{"from flask_limiter.util import get_remote_address", "Limiter(get_remote_address, app=app, storage_uri=os.environ[\"REDIS_URL\"])"}, restart(x.Server)...),
			Minutes:  15, Verify: "sudo assay check --only flask.limiter",
		}), true
	}
	return check.Passed(), false
}
