package static

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "static.cache-headers",
	Title:    "browsers keep a file no longer than its name stays true",
	Severity: check.Medium,
	Stage:    model.StageStatic,
	Guide:    "001: static files with expires and immutable",
	Why:      "After a deploy, whoever was here before gets new pages with the old style sheets and scripts, and no reload of yours reaches him.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Linkeds, cacheHeaders),
})

// A deploy may be seen a day late; a week is another matter.
const (
	aDay  = 24 * time.Hour
	aWeek = 7 * aDay
)

func cacheHeaders(h *check.Hearing, x *model.Linked) check.Verdict {
	page, _ := x.Reply.Open(h.Aside())
	if page.Error != "" || page.Status != 200 {
		return check.DoesNotApply("its front page does not answer 200")
	}
	if len(x.Files) == 0 {
		return check.DoesNotApply("its front page asks for no style sheet and no script of its own")
	}
	var worst model.LinkedFile
	var longest time.Duration
	for _, f := range x.Files {
		r, state := f.Reply.Look(h.Aside())
		if state == fact.IsKnown && r.Status == 200 && !f.Versioned && kept(r) > longest {
			worst, longest = f, kept(r)
		}
	}
	if longest <= aDay {
		return check.Passed()
	}
	r, _ := worst.Reply.Look(h)
	src := fact.Source{Where: "the front page", Text: "asks for " + worst.URI + ", without a version in its name or behind a question mark"}
	h.Saw(src)
	remedy := check.Remedy{
		Do:       "Keep what has the same name after a deploy for a short time only, and let the browser ask whether it is still the same; or give files a name, or a ?v=, that changes with them, and then a year is right.",
		Commands: []string{"# in the location of " + worst.URI + ", in place of its expires and Cache-Control:", "expires 1h;", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI " + strings.TrimSuffix(x.URL(), "/") + worst.URI + " | grep -i cache-control",
		Minutes:  5,
	}
	said := strings.Join(r.All("cache-control"), ", ")
	text := fmt.Sprintf("browsers keep %s for %s (%s), and it has the same name after each deploy", worst.URI, days(longest), said)
	if longest <= aWeek && !strings.Contains(said, "immutable") {
		return check.Warned(text, remedy)
	}
	return check.Failed(text, remedy)
}

// kept is for how long a browser asks nobody (RFC 9111, 4.2.1); immutable says
// not even when the page is loaded anew.
func kept(r tape.HTTPReply) time.Duration {
	longest := time.Duration(0)
	for _, v := range r.All("cache-control") {
		for d := range strings.SplitSeq(strings.ToLower(v), ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
			if name == "no-store" || name == "no-cache" {
				return 0
			}
			if n, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil && name == "max-age" {
				longest = max(longest, time.Duration(min(n, 1<<31-1))*time.Second)
			}
		}
	}
	return longest
}

func days(d time.Duration) string {
	if n := int(d / aDay); n != 1 {
		return fmt.Sprintf("%d days", n)
	}
	return "a day"
}
