package model

import (
	"strconv"
	"strings"

	"assay/internal/fact"
)

func (h *handbook) people(d *Deployment) {
	h.part(d, "Who to call, and the way back")
	const say = "nobody has declared it"
	noted(h, "Contact", d.Declared.Contact, say+": contact in "+OperatorFile, asIs)
	noted(h, "Release before", d.Declared.Rollback, say+": rollback in "+OperatorFile, asIs)
	if d.routine != nil {
		noted(h, "Older releases here", d.routine.Old, "", func(l []string) string { return strings.Join(l, ", ") })
	}
	h.command("What is wrong", "sudo assay diagnose")
	h.command("Everything that is wrong", "sudo assay check")
}

func (h *handbook) address(d *Deployment) {
	h.part(d, "Addresses")
	for _, n := range d.names {
		noted(h, n.Name, n.Addresses(), "DNS has no address", func(a []string) string { return strings.Join(a, ", ") })
	}
	noted(h, "Health", d.Declared.Health, "", asIs)
	var n fact.Notes
	sites, _ := d.Sites.Look(&n)
	for _, s := range sites {
		src := s.Source()
		var listens []string
		for _, l := range s.Listens {
			listens = append(listens, listenWords(l))
		}
		h.add(HandbookLine{Name: "nginx", Text: s.Subject() + " on " + strings.Join(listens, ", "), Where: src.Where + ":" + strconv.Itoa(src.Line)})
		for _, st := range s.Statics {
			if st.Dir != "" {
				h.add(HandbookLine{Name: "Files", Text: st.Path + " from " + st.Dir})
			}
		}
	}
	if len(sites) > 0 {
		h.command("After a change of nginx", "sudo nginx -t && sudo systemctl reload nginx")
	}
}

func (h *handbook) app(d *Deployment) {
	s := d.Server
	if s == nil {
		return
	}
	h.part(d, "App")
	if s.Container != "" {
		h.line("Container", s.Container)
	}
	h.line("Server", strings.TrimSpace(s.Kind+" "+s.App))
	noted(h, "Folder", s.Cwd, "", asIs)
	noted(h, "Virtual environment", s.Venv(), "", asIs)
	noted(h, "Runs as", s.User, "", func(u User) string { return u.Name })
	noted(h, "Listens on", s.Binds, "", bindWords)
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	if state != fact.IsKnown {
		return
	}
	h.add(HandbookLine{Name: "Unit", Text: u.Name, Where: u.Fragment})
	for _, f := range u.DropIns {
		h.line("Drop-in", f)
	}
	if t, state := u.Files.Look(&n); state == fact.IsKnown {
		for _, e := range t.All("Service", "EnvironmentFile") {
			if e.Value != "" {
				h.add(HandbookLine{Name: "Variables and secrets", Text: strings.TrimPrefix(e.Value, "-"), Where: e.File + ":" + strconv.Itoa(e.Line)})
			}
		}
		if len(t.All("Service", "ExecReload")) > 0 {
			h.command("New settings without a break", "sudo systemctl reload "+u.Name)
		}
	}
	h.command("State", "systemctl status "+u.Name)
	h.command("Restart", "sudo systemctl restart "+u.Name)
}

func (h *handbook) certificates(d *Deployment) {
	var n fact.Notes
	list, state := d.Leaves().Look(&n)
	if state != fact.IsKnown || len(list) == 0 {
		return
	}
	h.part(d, "Certificates")
	for _, l := range list {
		text := strings.Join(l.Names(), ", ")
		if f := l.Ends[0].File; f != nil {
			h.add(HandbookLine{Name: "Certificate", Text: text + ": " + f.Path, Where: f.Source.Where + ":" + strconv.Itoa(f.Source.Line)})
		} else {
			h.line("Certificate", text)
		}
	}
	renewals, _ := d.Renewals().Look(&n)
	for _, r := range renewals {
		for _, j := range r.Jobs {
			if j.Sleeps() != "" {
				continue
			}
			h.add(HandbookLine{Name: "Renewed by", Text: j.Name, Where: bookPlace(j.Place)})
		}
		h.command("Try the renewal", "sudo certbot renew --dry-run --cert-name "+r.Lineage)
	}
}
