package hdr

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

// page is one answer that a browser shows, or goes on from.
type page struct {
	*model.Page
	reply tape.HTTPReply
	from  fact.Source
}

// answers are the pages of an app that came without an error. What the proxy
// says in the app's place says nothing of the app's pages.
func answers(h *check.Hearing, x *model.Showing) (out []page) {
	for _, p := range x.Pages {
		var n fact.Notes
		r, state := p.Reply.Look(&n)
		switch {
		case state == fact.IsUnknown:
			h.Missed(n.Why(), false)
		case state == fact.IsAbsent:
		case r.Class == "denied" || r.Class == "timeout":
			h.Missed(fact.Why{Text: "ask " + p.URL() + ": " + r.Error, Hint: "look again when it answers"}, false)
		case r.Error == "" && r.Status < 400:
			src := fact.Source{}
			if len(n.Sources) > 0 {
				src = n.Sources[0]
			}
			out = append(out, page{p, r, src})
		}
	}
	return out
}

// html are those of them that a browser shows as a page.
func html(all []page) []page {
	return slices.DeleteFunc(slices.Clone(all), func(p page) bool {
		return p.reply.Status >= 300 || !strings.Contains(strings.ToLower(p.reply.Get("content-type")), "html")
	})
}

// saw takes a page as evidence, by one header of it.
func (p page) saw(h *check.Hearing, header string) {
	src := p.from
	src.Text = fmt.Sprintf("%d, no %s", p.reply.Status, header)
	if all := p.reply.All(strings.ToLower(header)); len(all) > 0 {
		src.Text = fmt.Sprintf("%d, %s: %s", p.reply.Status, header, strings.Join(all, ", and again: "))
	}
	h.Saw(src)
}

// nothing says why there is no page to judge.
func nothing(x *model.Showing, what string) check.Verdict {
	if len(x.Away) > 0 && len(x.Pages) == 0 {
		return check.DoesNotApply("the names lead to other machines, which may add what is looked for")
	}
	return check.DoesNotApply(what)
}

// of names the pages of a finding.
func of(list []page) string {
	var out []string
	for _, p := range list {
		if !slices.Contains(out, p.URL()) {
			out = append(out, p.URL())
		}
	}
	if len(out) > 3 {
		out = append(out[:2:2], fmt.Sprintf("%d other pages", len(out)-2))
	}
	return check.List(out)
}

// meta is the content of <meta http-equiv=NAME> or name=NAME in a page's head,
// where a browser takes some headers from, too.
func (p page) meta(name string) string {
	for _, tag := range strings.Split(p.reply.Body, "<meta")[1:] {
		tag, _, _ = strings.Cut(tag, ">")
		if at := attribute(tag, "http-equiv"); at == "" && !strings.EqualFold(attribute(tag, "name"), name) || at != "" && !strings.EqualFold(at, name) {
			continue
		}
		return attribute(tag, "content")
	}
	return ""
}

func attribute(tag, name string) string {
	_, rest, ok := strings.Cut(strings.ToLower(tag), name+"=")
	if !ok || rest == "" {
		return ""
	}
	if q := rest[:1]; q == `"` || q == "'" {
		v, _, _ := strings.Cut(rest[1:], q)
		return v
	}
	return strings.Fields(rest)[0]
}

// add is how nginx, where TLS ends and every answer passes, sends a header.
func add(x *model.Showing, p page, header, value string) check.Remedy {
	s := p.Surface.Site.Source()
	return check.Remedy{
		Commands: []string{fmt.Sprintf("# in the server block at %s:%d; a location with add_header lines of its own needs it there as well", s.Where, s.Line),
			fmt.Sprintf(`add_header %s "%s" always;`, header, value), "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:  strings.Replace(p.Surface.Curl(p.Path), "curl -s", "curl -si", 1) + " | grep -i " + strings.ToLower(header),
		Minutes: 5, Cure: check.OnHost,
	}
}

// change is how the line that sends a header now is changed: nginx's, or the
// app's own.
func change(h *check.Hearing, x *model.Showing, p page, header, value string) check.Remedy {
	r := add(x, p, header, value)
	lines, _ := p.Adds(header)
	if len(lines) > 0 {
		h.Saw(lines...)
		r.Commands[0] = fmt.Sprintf("# %s:%d", lines[0].Where, lines[0].Line)
		return r
	}
	r.Cure = check.InCode
	r.Commands = nil
	if x.Server != nil {
		if dir, state := x.Server.Cwd.Look(&fact.Notes{}); state == fact.IsKnown {
			r.Commands = append(r.Commands, "grep -rnE '"+header+"|Talisman\\(' --include='*.py' "+strings.TrimSuffix(dir, " (deleted)"))
		}
	}
	r.Commands = append(r.Commands, fmt.Sprintf("response.headers[%q] = %q", header, value))
	if x.Server != nil && x.Server.UnitName() != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+x.Server.UnitName())
	}
	return r
}

// lost says that nginx has a line for the header that is not in force there.
func lost(h *check.Hearing, p page, header string) string {
	_, gone := p.Adds(header)
	if len(gone) == 0 {
		return ""
	}
	h.Saw(gone...)
	return fmt.Sprintf("; %s:%d sets it, and the add_header lines of the location put that out of force", gone[0].Where, gone[0].Line)
}
