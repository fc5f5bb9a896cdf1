package nginx

import (
	"slices"
	"strings"

	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

// apart gives a stream a location of its own, with the lines of the one that
// hands it on now and those that it needs in their place; "" where the text does
// not say how.
func apart(s *model.Stream, needs ...string) (location []string) {
	at, path := s.Block, s.URL
	if at.Name != "location" || strings.Contains(path, "<") && !strings.HasSuffix(path[:strings.IndexByte(path, '<')], "/") {
		return nil
	}
	head := "location = " + path + " {"
	if before, _, variable := strings.Cut(path, "<"); variable || strings.HasSuffix(path, "/") {
		head = "location " + before + " {"
	}
	if _, _, uri, variable := syntax.ParseProxyPass(s.Pass.Arg(0)); uri != "" || variable {
		return nil
	}
	body := inherited(s, needs)
	for _, d := range at.Block {
		own := d.File == at.File
		switch {
		case own && d.IsBlock():
			return nil
		case !own && slices.ContainsFunc(needs, func(n string) bool { return sets(d, n) }): // in a file that others include too
			i := slices.IndexFunc(needs, func(n string) bool { return sets(d, n) })
			if d.Name != "proxy_read_timeout" && needs[i] != d.Written() {
				return nil
			}
			needs = slices.Delete(slices.Clone(needs), i, i+1)
		case own && slices.ContainsFunc(needs, func(n string) bool { return sets(d, n) }):
		case own && d.Written() == "":
			return nil
		case own:
			body = append(body, d.Written())
		}
	}
	return slices.Concat([]string{head}, indented(append(body, needs...)), []string{"}", ""})
}

// inherited are the headers that a location with one of its own would lose.
func inherited(s *model.Stream, needs []string) (out []string) {
	if len(s.Headers) == 0 || s.Headers[0].Parent == s.Block || !slices.ContainsFunc(needs, func(n string) bool { return strings.HasPrefix(n, "proxy_set_header ") }) {
		return nil
	}
	for _, d := range s.Headers {
		if !slices.ContainsFunc(needs, func(n string) bool { return sets(d, n) }) {
			out = append(out, d.Written())
		}
	}
	return out
}

// sets says that a directive sets what a statement sets.
func sets(d *syntax.Directive, statement string) bool {
	w := strings.Fields(statement)
	return d.Name == w[0] && (d.Name != "proxy_set_header" || strings.EqualFold(d.Arg(0), w[1]))
}

func indented(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = "    " + l
	}
	return out
}

func placed(say string, s *model.Stream, location []string) []plan.Step {
	if location == nil {
		return nil
	}
	return plan.Nginx(say, s.Block).Before(location...)
}
