package nginx

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.cache.private-content",
	Title:    "nginx's cache keeps no page or cookie that is one visitor's own",
	Severity: check.Critical,
	Stage:    model.StageServer,
	Guide:    "001 performance: caching in nginx",
	Why:      "The next visitor gets another one's page, or his session: he is logged in as him.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Caches, privateContent),
})

func privateContent(h *check.Hearing, c *model.Cached) check.Verdict {
	h.Saw(c.Source)
	where := c.Site().Subject() + " " + c.Path
	for _, d := range c.Ignored {
		h.Saw(model.SourceOf(d))
	}
	switch {
	case c.Assets:
		return check.DoesNotApply("only files that are the same for everybody")
	case c.SharesCookies():
		said := "nginx stores what " + where + " answers together with its cookies, and gives both to the next visitor"
		if sameCookie(h, c) {
			said += ": two strangers got the same cookie"
		}
		return check.Failed(said, cacheRemedy(c))
	case !c.Keeps:
		return check.Passed()
	case c.Ignores("vary") && !c.Keyed && !c.Unstored:
		return check.Failed("nginx stores what "+where+" answers, and gives the page of one visitor to the next: it ignores Vary, and nothing else looks at the cookie", cacheRemedy(c)).
			Because("Flask marks a page that reads the session with Vary: Cookie, and nginx was told not to look: the next visitor gets another one's basket, name or form.")
	case c.Ignores("cache-control") && !c.Keyed && !c.Unstored:
		return check.Warned("nginx stores what "+where+" answers even where the app says no-store or private", cacheRemedy(c)).
			Because("Only Vary keeps the visitors' pages apart; a page that hangs on something else than the session, a token or an address, goes to the next one, and what should not be stored lies on the disk.")
	}
	return check.Passed()
}

// sameCookie says that the second of two strangers got the first one's cookie,
// while the app itself gives each his own.
func sameCookie(h *check.Hearing, c *model.Cached) bool {
	one, s1 := c.First.Look(h.Aside())
	two, s2 := c.Second.Look(h.Aside())
	own, s3 := c.App.Look(h.Aside())
	if s1 != fact.IsKnown || s2 != fact.IsKnown || s3 != fact.IsKnown {
		return false
	}
	given := cookieOf(one)
	if given == "" || given != cookieOf(two) || given == cookieOf(own) || cookieOf(own) == "" {
		return false
	}
	_, _ = c.Second.Look(h)
	return true
}

// cookieOf is a reply's first cookie: name and value, which the tape has masked
// so that equal ones stay equal.
func cookieOf(r tape.HTTPReply) string {
	pair, _, _ := strings.Cut(r.Get("set-cookie"), ";")
	return pair
}

func cacheRemedy(c *model.Cached) check.Remedy {
	kind := strings.TrimSuffix(c.Pass.Name, "_pass")
	r := check.Remedy{
		Do:      "Let nginx look at what the app says (take the proxy_ignore_headers line out), and neither store nor fetch from the store for a visitor who has a session.",
		Verify:  "curl -sI " + c.Site().URL() + " | grep -i set-cookie   # twice: never the same",
		Minutes: 15,
	}
	r.Do = strings.Replace(r.Do, "proxy_ignore", kind+"_ignore", 1)
	for _, d := range c.Ignored {
		r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d: take out %s %s;", d.File, d.Line, d.Name, strings.Join(d.Args, " ")))
	}
	r.Commands = append(r.Commands,
		fmt.Sprintf("# %s:%d, beside %s", c.Source.Where, c.Source.Line, c.Source.Text),
		kind+"_no_cache $http_cookie $http_authorization;", kind+"_cache_bypass $http_cookie $http_authorization;",
		"sudo nginx -t && sudo systemctl reload nginx", "# then empty the store: the folder of "+kind+"_cache_path ... keys_zone="+c.Zone)
	return r
}
