package static

import (
	"fmt"
	"path"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "static.types",
	Title:    "style sheets and scripts come with their own type",
	Severity: check.High,
	Stage:    model.StageStatic,
	Breaks:   true,
	Guide:    "000 step 12: static files",
	Why:      "Browsers do not apply a style sheet that is not sent as text/css: pages come unstyled, and nothing is logged.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).StaticPlaces, types),
})

// wanted are types that browsers insist on (HTML standard, "link type
// stylesheet"; module scripts), with what has to stand in them.
var wanted = map[string]string{".css": "css", ".mjs": "javascript"}

func types(h *check.Hearing, s *model.Static) check.Verdict {
	samples, there := s.Samples.Open(h)
	if !there {
		return check.DoesNotApply("there is no such folder")
	}
	for _, x := range samples {
		r, _ := x.HTTP.Open(h)
		want, is := wanted[path.Ext(x.URI)], r.Get("content-type")
		if want == "" || r.Status != 200 || strings.Contains(is, want) {
			continue
		}
		if is == "" {
			is = "nothing"
		}
		h.Saw(s.Source)
		return check.Failed(fmt.Sprintf("%s comes as %s, and not as its own type: nginx does not know it, mime.types is not in force", x.URI, is), check.Remedy{
			Do:       "Include the list of types in the http block. A block with a types { } of its own replaces the list: it needs all that it serves.",
			Commands: []string{"# /etc/nginx/nginx.conf, in http { }", "include /etc/nginx/mime.types;", "sudo nginx -t && sudo systemctl reload nginx"},
			Verify:   verify(s, x),
			Minutes:  5,
			Steps:    typed(s),
		})
	}
	return check.Passed()
}

// typed includes the list where no level has types of its own.
func typed(s *model.Static) []plan.Step {
	http := s.Site().Server.In("http")
	if http == nil || len(nginx.Effective(s.Location(), "types")) > 0 {
		return nil
	}
	const say, include = "let nginx know the types of files", "include /etc/nginx/mime.types;"
	if d := http.Find("default_type"); len(d) > 0 {
		return plan.Nginx(say, d[0]).Before(include)
	}
	return plan.Nginx(say, http).Inside(include)
}
