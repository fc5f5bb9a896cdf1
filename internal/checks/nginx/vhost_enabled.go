package nginx

import (
	"fmt"
	"net"
	"path"
	"strconv"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.vhost.enabled",
	Title:    "the app's server block is enabled and answers to its names",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Guide:    "000 step 7: server block; causes: server block order",
	Why:      "Visitors of this name get another site.",
	Cure:     check.OnHost,
	Ask:      check.Both(check.OfHost((*model.Model).Welcomes, welcome), check.Each((*model.Deployment).VHosts, vhost)),
})

func welcome(h *check.Hearing, s *model.Site) check.Verdict {
	h.Saw(s.Source())
	file := s.Server.File
	return check.Warned("the distribution's welcome site is still enabled", check.Remedy{
		Do:       "Remove the link to the default site; a default server of your own can refuse unknown names.",
		Commands: []string{"sudo rm " + file, "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI -H 'Host: unknown.invalid' http://localhost/",
		Minutes:  2,
	}).Because("It answers for every name and address that no other block names, the machine's own address for one.")
}

func vhost(h *check.Hearing, v *model.VHost) check.Verdict {
	if v.Spare != nil {
		return notIncluded(v)
	}
	s := v.Site
	h.Saw(s.Source())
	if len(s.Names) == 0 {
		return check.DoesNotApply("the block takes every name")
	}
	for _, name := range s.Names {
		for _, l := range s.Listens {
			if l.Unix != "" {
				continue
			}
			addr := l.Addr
			switch addr {
			case "*":
				addr = "192.0.2.1" // an address that no listen names (RFC 5737)
			case "::":
				addr = "2001:db8::1"
			}
			got := syntax.SelectServer(v.All, addr, l.Port, name, l.TLS)
			if got.CannotTell != "" {
				return check.CannotTell(got.CannotTell, "")
			}
			if got.Server != nil && got.Server != s.Server {
				return shadowed(h, s, name, l, got)
			}
		}
	}
	return check.Passed()
}

func shadowed(h *check.Hearing, s *model.Site, name string, l syntax.Listen, got syntax.Selection) check.Verdict {
	at := net.JoinHostPort(l.Addr, strconv.Itoa(l.Port))
	h.Saw(model.SourceOf(got.Server))
	return check.Failed(fmt.Sprintf("requests for %s on %s are answered by another block, %s:%d", name, strings.Replace(at, "*:", "port ", 1), got.Server.File, got.Server.Line), check.Remedy{
		Do:       fmt.Sprintf("Keep the name in one block per address: take %s out of the other block, or remove that file.", name),
		Commands: []string{"# " + where(got.Server.File, got.Server.Line), "# " + where(s.Server.File, s.Server.Line), "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI https://" + name + "/",
		Minutes:  10,
	}).Breaking(true)
}

func notIncluded(v *model.VHost) check.Verdict {
	p := v.Spare.Path
	link := path.Join(path.Dir(path.Dir(p)), "sites-enabled", path.Base(p))
	cmd := fmt.Sprintf("sudo ln -s %s %s", p, link)
	if path.Base(path.Dir(p)) == "conf.d" {
		cmd = fmt.Sprintf("sudo mv %s %s.conf", p, strings.TrimSuffix(p, path.Ext(p)))
	}
	return check.Failed("the app's site is in "+p+", which nginx does not include", check.Remedy{
		Do:       "Enable the site, test and reload.",
		Commands: []string{cmd, "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "sudo nginx -T | grep server_name",
		Minutes:  2,
	}).Breaking(true)
}
