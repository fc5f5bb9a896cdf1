package nginx

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.redirect.to-https",
	Title:    "who comes by http is sent to https, to the page that he asked for",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "001 step 5: redirect HTTP to HTTPS",
	Why:      "Passwords, sessions and pages go through every network in between in plain text, and no browser learns that the site has https.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).PlainWays, toHTTPS),
})

// The kinds are what may be wrong with a way by http, the worst first.
const (
	plain = iota
	pageLost
	queryLost
	forNow
	asItShould
)

func toHTTPS(h *check.Hearing, w *model.PlainWay) check.Verdict {
	var names [asItShould + 1][]string
	var first [asItShould + 1]*model.Journey
	for _, j := range w.All {
		k := judged(h, j)
		names[k] = append(names[k], j.Name())
		if first[k] == nil {
			first[k] = j
		}
	}
	k := slices.IndexFunc(first[:], func(j *model.Journey) bool { return j != nil })
	if k == asItShould {
		return check.Passed()
	}
	j, who := first[k], check.List(names[k])
	r := check.Remedy{
		Do:       "Let the block for port 80 do nothing but send visitors to https.",
		Commands: []string{"# the server block with listen 80", "return 301 https://$host$request_uri;", test},
		Verify:   "curl -sI '" + j.Start + "a/page?b=1' | grep -i location",
		Minutes:  5,
	}
	if by := j.Steps[0].By; by.Where != "" {
		if line := onward(j.Steps[0].Line); line != "" {
			r.Commands[1], r.Steps = line, plan.Nginx("send visitors to https for good, to the page that they asked for", j.Steps[0].Line).Replace(line)
		}
		h.Saw(by)
		r.Commands[0] = "# " + where(by.Where, by.Line)
	}
	reply, _ := j.Steps[0].Reply.Open(h)
	switch k {
	case plain:
		r.Steps = nil
		last := j.Steps[len(j.Steps)-1]
		reply, _ = last.Reply.Open(h)
		return check.Failed(fmt.Sprintf("who types %s without https gets the site in plain text (%s), and is not sent to https", who, model.Status(reply.Status)), r)
	case pageLost:
		deep, _ := j.Deep.Open(h)
		return check.Failed(fmt.Sprintf("who follows an old http link to a page of %s lands at %s: the redirect forgets the page", who, deep.Get("location")), r).
			At(check.Medium).Because("Old links and bookmarks lead to the wrong page.")
	case queryLost:
		return check.Failed(fmt.Sprintf("who follows an old http link to %s loses what stands behind its question mark", who), r).
			At(check.Medium).Because("Links with a token or a filter in them do not work: $uri has no query, $request_uri has.")
	}
	return check.Warned(fmt.Sprintf("%s leads to https only for now (%s): browsers ask again in plain text each time", who, model.Status(reply.Status)), r).
		At(check.Low).Because("A permanent redirect is kept by browsers and taken over by search engines.")
}

// onward is a redirect of nginx's to https that keeps the page and its query, and
// holds for good; "" where it is another thing.
func onward(d *syntax.Directive) string {
	to, secure := strings.CutPrefix(d.Arg(1), "https://")
	if !secure || to == "" || d.Name != "return" {
		return ""
	}
	name := to
	if i := strings.IndexAny(to[1:], "/$"); i >= 0 {
		name = to[:i+1]
	}
	code := "301"
	if d.Arg(0) == "307" || d.Arg(0) == "308" {
		code = "308"
	}
	return "return " + code + " https://" + name + "$request_uri;"
}

// judged follows one name. What is not there, or is told of as a loop, is as it
// should be here.
func judged(h *check.Hearing, j *model.Journey) int {
	w := h.Aside()
	for _, l := range j.Steps {
		if _, state := l.Reply.Look(w); state != fact.IsKnown {
			return asItShould
		}
	}
	i := slices.IndexFunc(j.Steps, func(l *model.Leg) bool { return strings.HasPrefix(l.To, "https://") })
	if i < 0 {
		if j.End != model.JourneyArrives {
			return asItShould
		}
		r, _ := j.Steps[len(j.Steps)-1].Reply.Look(w)
		if r.Status < 300 || r.Status == 401 {
			return plain
		}
		return asItShould
	}
	deep, state := j.Deep.Look(w)
	if to, err := url.Parse(deep.Get("location")); state == fact.IsKnown && err == nil && deep.Status >= 300 && deep.Status < 400 {
		page, _, _ := strings.Cut(model.DeepPage, "?")
		switch {
		case !strings.HasSuffix(to.Path, page):
			return pageLost
		case to.RawQuery == "":
			return queryLost
		}
	}
	if r, _ := j.Steps[i].Reply.Look(w); r.Status != 301 && r.Status != 308 {
		return forNow
	}
	return asItShould
}
