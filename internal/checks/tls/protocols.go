package tls

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "tls.protocols",
	Title:    "TLS 1.0 and 1.1 are not spoken",
	Severity: check.High,
	Stage:    model.StageTLS,
	Guide:    "001 TLS: ssl_protocols",
	Why:      "Both lean on SHA-1 and MD5 and on ciphers that were broken; RFC 8996 and PCI DSS forbid them, and who scans the site for a customer finds them first.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Leaves, protocols),
})

func protocols(h *check.Hearing, l *model.Leaf) check.Verdict {
	e := l.Ends[0]
	if chain, _, v := served(h, e); chain == nil {
		return v
	}
	old, _ := l.Old.Open(h)
	switch {
	case old.Class == "timeout":
		return check.CannotTell("offer TLS 1.1 to "+e.Addr+": "+old.Error, "")
	case old.Error != "":
		return check.Passed()
	}
	h.Saw(l.Protocols...)
	r := check.Remedy{
		Do:       "Leave TLS 1.2 and 1.3 alone, in this server block and in the default one of the address, which decides.",
		Commands: []string{"ssl_protocols TLSv1.2 TLSv1.3;", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   fmt.Sprintf("curl -sS --tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 -o /dev/null https://%s/", e.Name),
		Minutes:  3,
	}
	for i := len(l.Protocols) - 1; i >= 0; i-- {
		p := l.Protocols[i]
		r.Commands = append([]string{fmt.Sprintf("# %s:%d", p.Where, p.Line)}, r.Commands...)
	}
	for _, d := range l.OldAt {
		r.Steps = append(r.Steps, plan.Nginx("speak TLS 1.2 and 1.3 alone", d).Replace("ssl_protocols TLSv1.2 TLSv1.3;")...)
	}
	if len(r.Steps) < len(l.OldAt) {
		r.Steps = nil
	}
	if !e.Own {
		r.Cure, r.Commands, r.Do = check.Elsewhere, nil, "Let what stands in front of this host speak TLS 1.2 and 1.3 alone."
	}
	return check.Failed(fmt.Sprintf("%s: a visitor who offers no better is served with %s", check.List(l.Names()), old.Version), r)
}
