package nginx

import (
	"fmt"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.vhost.enabled",
	Title:    "the app's server block is enabled and answers to its names",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Guide:    "000 step 7: server block; causes: server block order",
	Why:      "Visitors of this name do not come to the app, but to another site or to none.",
	Cure:     check.OnHost,
	Ask:      check.Both(check.OfHost((*model.Model).Welcomes, welcome), check.Each((*model.Deployment).VHosts, vhost)),
})

func welcome(h *check.Hearing, s *model.Site) check.Verdict {
	h.Saw(s.Source())
	return check.Warned("nginx's welcome page is still enabled, and answers for every name that no other site has", check.Remedy{
		Do:       "Remove the link to the default site. A default server of your own (return 444) can refuse unknown names.",
		Commands: []string{"sudo rm " + s.Server.File, "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI -H 'Host: unknown.invalid' http://localhost/",
		Minutes:  2,
		Steps:    unlinked(s),
	}).Because("Who asks for the machine's address, or for a name that was forgotten in server_name, gets a page that tells of a half-done setup.")
}

// unlinked takes the link of the default site away, as Debian's own package made it.
func unlinked(s *model.Site) []plan.Step {
	if path.Base(path.Dir(s.Server.File)) != "sites-enabled" || path.Base(s.Server.File) != "default" {
		return nil
	}
	return plan.NginxReads(plan.Gone("take nginx's welcome page away", s.Server.File), s.Server)
}

func vhost(h *check.Hearing, v *model.VHost) check.Verdict {
	if v.Spare != nil {
		return notIncluded(h, v)
	}
	s := v.Site
	h.Saw(s.Source())
	if len(s.Names) == 0 {
		return check.DoesNotApply("the block takes every name")
	}
	for _, why := range v.Unseen { // another block with the name may stand there
		h.Missed(why, false)
	}
	for _, name := range s.Names {
		for _, l := range s.Listens {
			if l.Unix != "" {
				continue
			}
			got := syntax.SelectServer(v.All, visited(l.Addr), l.Port, name, l.TLS)
			if got.CannotTell != "" {
				return check.CannotTell(got.CannotTell, "")
			}
			if got.Server != nil && got.Server != s.Server {
				return shadowed(h, v, name, l, got.Server)
			}
		}
	}
	return check.Passed()
}

// visited is an address that a listen of every address takes: one that no
// other listen names (RFC 5737, RFC 3849).
func visited(addr string) string {
	switch addr {
	case "*":
		return "192.0.2.1"
	case "::":
		return "2001:db8::1"
	}
	return addr
}

func shadowed(h *check.Hearing, v *model.VHost, name string, l syntax.Listen, by *syntax.Directive) check.Verdict {
	h.Saw(model.SourceOf(by))
	at, mine := where(by.File, by.Line), where(v.Site.Server.File, v.Site.Server.Line)
	port := "port " + strconv.Itoa(l.Port)
	if l.Addr != "*" && l.Addr != "::" {
		port = net.JoinHostPort(l.Addr, strconv.Itoa(l.Port))
	}
	r := check.Remedy{
		Do:       fmt.Sprintf("Keep %s in one block: take it out of the server_name of the other, or remove that file.", name),
		Commands: []string{"# the block that answers: " + at, "# the app's block:        " + mine, "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI " + strings.Replace(v.Site.URL(), v.Site.Names[0], name, 1),
		Minutes:  10,
	}
	if i := slices.IndexFunc(v.Own, func(s *model.Site) bool { return s.Server == by }); i >= 0 && sameWay(v.Own[i], v.Site) {
		r.Do = "Keep one of the two blocks; a leftover copy of a file can go."
		r.Commands[1] = "# the block that is ignored: " + mine
		r.Commands[0] = "# the block that answers:    " + at
		return check.Warned(fmt.Sprintf("%s has two blocks for the same app on %s: %s answers, %s is ignored", name, port, at, mine), r).
			Because("A change in the block that is ignored has no effect.")
	}
	return check.Failed(fmt.Sprintf("visitors of %s on %s get another site: %s comes before the app's block, %s", name, port, at, mine), r).
		At(check.High).Breaking(true)
}

// sameWay says that two blocks hand requests to the same address.
func sameWay(a, b *model.Site) bool {
	return len(a.Routes) > 0 && slices.ContainsFunc(b.Routes, func(r *model.Route) bool { return r.Pass.Arg(0) == a.Routes[0].Pass.Arg(0) })
}

func notIncluded(h *check.Hearing, v *model.VHost) check.Verdict {
	p := v.Spare.Path
	h.Saw(v.Spare.At...)
	cmd := fmt.Sprintf("sudo ln -s %s %s", p, path.Join(path.Dir(path.Dir(p)), "sites-enabled", path.Base(p)))
	if path.Base(path.Dir(p)) == "conf.d" {
		cmd = fmt.Sprintf("sudo mv %s %s.conf", p, strings.TrimSuffix(p, path.Ext(p)))
	}
	var steps []plan.Step
	if to, cfg := v.Spare.Reach, v.Spare.Conf; v.Alone && to != "" {
		cmd = fmt.Sprintf("sudo ln -s %s %s", p, to)
		steps = plan.NginxReads(plan.Linked("let nginx include the app's site", to, p), cfg.Root.Block[0])
	}
	what, verify := "the app", "sudo nginx -T | grep server_name"
	if len(v.Spare.Names) > 0 {
		what, verify = v.Spare.Names[0], "curl -sI http://"+v.Spare.Names[0]+"/"
	}
	return check.Failed(what+" is not served: nginx does not include its site, "+p, check.Remedy{
		Do:       "Enable the site, test and reload.",
		Commands: []string{cmd, "sudo nginx -t && sudo systemctl reload nginx"},
		Steps:    steps,
		Verify:   verify,
		Minutes:  2,
	}).At(check.High).Breaking(true)
}
