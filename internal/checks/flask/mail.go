package flask

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.mail",
	Title:    "mails of the app get to a server, and not in plain text",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001: MAIL_SERVER, MAIL_PORT, MAIL_USE_TLS",
	Why:      "Each mail ends in an error: who has forgotten his password gets none, and mostly a page with 500.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Mailings, mail),
})

func mail(h *check.Hearing, x *model.Mailing) check.Verdict {
	a, ok := x.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if !a.Extends("mail") {
		return check.DoesNotApply("the app has no Flask-Mail")
	}
	on := func(key string) bool {
		c, ok := a.Setting(key)
		if ok && model.Is(c) {
			h.Saw(a.From(c))
		}
		return ok && model.Is(c)
	}
	r := check.Remedy{
		Do:       "Name the provider's server for sending, with the port that begins in plain text and turns to TLS.",
		Commands: append([]string{"MAIL_SERVER=smtp.example.com", "MAIL_PORT=587", "MAIL_USE_TLS=true", "# 465: MAIL_USE_SSL=true in its place"}, restart(x.AppServer)...),
		Minutes:  15, Verify: "sudo assay check --only flask.mail",
	}
	host, port := a.MailServer()
	tls, ssl := on("MAIL_USE_TLS"), on("MAIL_USE_SSL")
	server, _ := a.Setting("MAIL_SERVER")
	switch {
	case on("MAIL_SUPPRESS_SEND") && !a.Debugging():
		return check.Failed("MAIL_SUPPRESS_SEND is on: the app sends no mail at all", r).Because("Nothing fails, and nothing arrives.")
	case tls && ssl:
		return check.Failed("MAIL_USE_TLS and MAIL_USE_SSL are both on: the server refuses to begin TLS twice", r)
	case !model.OwnHost(host) && !tls && !ssl && on("MAIL_USERNAME"):
		h.Saw(a.From(server))
		return check.Failed(fmt.Sprintf("the app logs in to %s without TLS: neither MAIL_USE_TLS nor MAIL_USE_SSL is on", host), r).
			Because("The password of the mail account and each mail, with its link for a new password, go over the net in plain text.")
	case !model.OwnHost(host):
		return check.Passed()
	}
	if _, there := x.Listen.Look(h); there != fact.IsAbsent {
		return check.Passed()
	}
	h.Saw(a.From(server))
	said := fmt.Sprintf("nobody takes the app's mails: nothing listens at %s:%s", host, port)
	if server.Default || model.Text(server) == "" {
		said += ", which is what MAIL_SERVER is when nobody sets it"
	}
	return check.Failed(said, r)
}
