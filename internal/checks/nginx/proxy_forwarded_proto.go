package nginx

import (
	"slices"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.forwarded-proto",
	Title:    "the app is told that visitors come by https",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "000 step 7: proxy_set_header X-Forwarded-Proto $scheme",
	Why:      "The app takes every visit for plain http: addresses that it makes begin with http://, and what asks request.is_secure gets no.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Forwardeds, forwardedProto),
})

func forwardedProto(h *check.Hearing, x *model.Forwarded) check.Verdict {
	_, trusts, ok := believer(h, x)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	var silent, plain ways
	any := false
	for _, w := range x.Ways {
		if w.Kept || !w.TLS() || !w.HTTP() || w.Front != nil {
			continue
		}
		any = true
		switch v := w.Gets("X-Forwarded-Proto"); {
		case w.PlainScheme() != nil:
			plain = append(plain, w)
		case w.ToldScheme(), believes(trusts, "scheme"): // what the app believes and nginx lets through is told of there
		case w.Displaced("X-Forwarded-Proto") != nil:
		case v.Doubt != "":
			return check.CannotTell("whether nginx tells the app how visitors come, in "+w.At()+": "+v.Doubt, "")
		default:
			silent = append(silent, w)
		}
	}
	switch {
	case !any:
		return check.DoesNotApply("no visitor comes by https to nginx itself")
	case len(plain) > 0:
		d := plain[0].PlainScheme()
		h.Saw(model.SourceOf(d))
		r := setHeader(plain, "X-Forwarded-Proto", "$http_x_forwarded_proto")
		r.Do = "Hand on what the block in front has written: $scheme is of the inner connection there. And let that block listen on 127.0.0.1 alone."
		r.Steps = nil // the block in front may read the same lines
		if d.Arg(1) == "http" {
			r = setHeader(plain, "X-Forwarded-Proto", "$scheme")
			r.Do = "Say $scheme, which is what each visitor came by."
		}
		return proto(h, x, "nginx tells the app http where visitors come by https: X-Forwarded-Proto is "+d.Arg(1)+" in "+where(d.File, d.Line), r)
	case len(silent) > 0:
		h.Saw(model.SourceOf(silent[0].Last().Pass))
		r := setHeader(silent, "X-Forwarded-Proto", "$scheme")
		return proto(h, x, "nginx does not tell the app that visitors come by https: no X-Forwarded-Proto in "+silent.String(), r)
	}
	return check.Passed()
}

func proto(h *check.Hearing, x *model.Forwarded, said string, r check.Remedy) check.Verdict {
	v := check.Failed(said, r)
	if x.Circles {
		return v.Breaking(true).Because("The app sends everybody who came by http to https, and takes those who come by https for the same: browsers give up with ERR_TOO_MANY_REDIRECTS.")
	}
	return v.At(check.Medium)
}

// believer is the app, with what it believes of who hands requests to it. It is
// judged where all ways to it were seen.
func believer(h *check.Hearing, x *model.Forwarded) (*model.App, []tape.Trust, bool) {
	app, ok := x.Server.Code.Open(h)
	if !ok {
		return nil, nil, false
	}
	trusts, _ := app.Believes().Open(h)
	for _, why := range x.Unseen {
		h.Missed(why, true)
	}
	return app, trusts, true
}

func believes(trusts []tape.Trust, into string) bool {
	return slices.ContainsFunc(trusts, func(t tape.Trust) bool { return t.Into == into })
}

// ways are the ways to the app that a finding is about.
type ways []*model.Approach

// String names the first ones.
func (l ways) String() string {
	var at []string
	for _, w := range l {
		if p := w.At(); !slices.Contains(at, p) {
			at = append(at, p)
		}
	}
	if len(at) > 4 {
		at = append(at[:3], "others")
	}
	return check.List(at)
}

// setHeader lets each of the ways write a header.
func setHeader(l ways, header, value string) check.Remedy {
	r := check.Remedy{Do: "Let nginx write the header, beside those that it writes already: a location with a proxy_set_header of its own inherits none.", Minutes: 5}
	var told []string
	for _, w := range l {
		file, line := w.Setting()
		if at := where(file, line); !slices.Contains(told, at) && len(told) < 8 {
			told = append(told, at)
			r.Commands = append(r.Commands, "# "+at+", beside it", w.Set(header, value))
		}
	}
	r.Steps = written(l, header, value)
	r.Commands = append(r.Commands, test)
	r.Verify = "sudo nginx -T 2>/dev/null | grep -n '" + header + "'"
	return r
}

// written lets the blocks that hand the requests of the ways to the app write a
// header.
func written(l ways, header, value string) []plan.Step {
	var steps [][]plan.Step
	for _, w := range l {
		pass := w.Last().Pass
		if pass.Name != "proxy_pass" {
			return nil
		}
		steps = append(steps, plan.NginxListed("let nginx write "+header, pass.Parent, "proxy_set_header", header, w.Set(header, value)))
	}
	return plan.All(steps...)
}
