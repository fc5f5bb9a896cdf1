package log

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "log.sensitive",
	Title:    "logs hold no password, no key and no login",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "beyond the guides",
	Why:      "Logs are read by more people, copied to more places and kept longer than anything else: who has one of these lines is in.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Spills, sensitive),
})

var parts = map[string]string{"$http_cookie": "the cookies of each visitor, his session among them", "$http_authorization": "the Authorization header of each request", "$request_body": "what visitors send in, passwords among it"}

func sensitive(h *check.Hearing, x *model.Spills) check.Verdict {
	if len(x.Formats) > 0 {
		f := x.Formats[0]
		what := parts[f.Part]
		if what == "" {
			what = "what logs a visitor in"
		}
		h.Saw(f.Log, f.Format)
		return check.Failed(fmt.Sprintf("nginx writes %s into %s: its log_format holds %s", what, f.File, f.Part), check.Remedy{
			Do:       "Take it out of the format, and out of what was written already.",
			Commands: []string{fmt.Sprintf("sudoedit %s   # line %d: without %s", f.Format.Where, f.Format.Line, f.Part), "sudo nginx -t && sudo systemctl reload nginx", "sudo rm " + f.File + ".*   # after a look, and then the file itself: sudo truncate -s 0 " + f.File},
			Verify:   "sudo tail -n 3 " + f.File, Minutes: 15,
		})
	}
	lines, _ := x.Lines.Open(h.Aside())
	if len(lines) == 0 {
		return check.Passed()
	}
	l := lines[0]
	h.Saw(l.Line)
	if l.Name == "" {
		return check.Failed("passwords stand in "+l.Where+": a form sends them with its address, "+l.Line.Text, check.Remedy{
			Do: "Let the form send itself with POST; then nobody's password is in the address.", Commands: []string{`<form method="post">`, "sudo grep -c 'password=' " + l.Where + "   # whose: they should choose another"},
			Verify: "sudo assay check --only log.sensitive", Minutes: 30, Cure: check.InCode})
	}
	more := ""
	if n := len(lines) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return check.Failed(fmt.Sprintf("the value of %s stands in what is logged: %s%s", l.Name, l.Where, more), check.Remedy{
		Do:       "Take the line out of the code that writes it; then make a new secret, since the old one has been copied with the log.",
		Commands: []string{"# find what writes it: " + l.Line.Text, "# a new value for " + l.Name + ", and: sudo systemctl restart " + x.Server.UnitName()},
		Verify:   "sudo assay check --only log.sensitive", Minutes: 30, Cure: check.InCode})
}
