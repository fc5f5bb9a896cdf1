package nginx

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.body.size-chain",
	Title:    "nginx lets through what the app takes",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 step 7: client_max_body_size",
	Why:      "Uploads that the app would take end at nginx with 413.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Bodies, bodySize),
})

func bodySize(h *check.Hearing, b model.Bodied) check.Verdict {
	x := b.Handed
	if x.Path != "/" {
		return check.DoesNotApply("not the site's own location")
	}
	a, _ := x.Code.Open(h)
	limit, limited := a.BodyLimit()
	switch {
	case x.MaxBody > 0 && limited && float64(x.MaxBody) < limit:
		return shorter(h, x, a, limit)
	case x.MaxBody > 0 && x.MaxBody < model.SmallBody:
		if list, _ := x.Refused.Look(h.Aside()); len(list) > 0 {
			return refuses(h, x, a, list)
		}
	}
	if limited && limit < model.TinyBody {
		if list, _ := x.Behind.Look(h.Aside()); len(list) > 0 {
			return refusesBehind(h, x, a, list)
		}
	}
	if !limited {
		return check.DoesNotApply("the app has no MAX_CONTENT_LENGTH")
	}
	return check.Passed()
}

func shorter(h *check.Hearing, x *model.Handed, a *model.App, limit float64) check.Verdict {
	c, _ := a.Setting("MAX_CONTENT_LENGTH")
	if x.BodyAt.Where != "" {
		h.Saw(x.BodyAt)
	}
	h.Saw(a.From(c))
	is := "client_max_body_size is " + bytes(float64(x.MaxBody))
	if x.BodyAt.Where == "" {
		is = "without client_max_body_size its limit is 1m"
	}
	return check.Failed(fmt.Sprintf("nginx refuses uploads to %s of more than %s, and the app takes %s: %s", x.Where(), bytes(float64(x.MaxBody)), bytes(limit), is), check.Remedy{
		Do:       "Give both the same limit: in the server block, so that every location has it.",
		Commands: []string{fmt.Sprintf("# the server block at %s", where(x.Site().Server.File, x.Site().Server.Line)), "client_max_body_size " + bytes(limit) + ";", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "sudo nginx -T | grep client_max_body_size",
		Minutes:  5,
		Steps:    letIn(x, bytes(limit)),
	})
}

// letIn lets nginx take bodies of a size: where its limit stands, if that is of the
// site alone, else in the site's block.
func letIn(x *model.Handed, size string) []plan.Step {
	say, line := "let nginx take uploads of "+size, "client_max_body_size "+size+";"
	if d := x.Site().Statement(x.BodyAt); d.In("server") != nil {
		return plan.Nginx(say, d).Replace(line)
	}
	return plan.Nginx(say, x.Site().Server).Inside(line)
}

// refuses is a limit that ordinary forms meet: nginx's own log has the request.
func refuses(h *check.Hearing, x *model.Handed, a *model.App, list []model.Refused) check.Verdict {
	r := list[len(list)-1]
	h.Saw(r.Source, x.BodyAt)
	cure := check.Remedy{
		Do:       "Let nginx take what the app's forms send: in the server block, so that every location has it.",
		Commands: []string{"# " + where(x.BodyAt.Where, x.BodyAt.Line), "client_max_body_size 8m;", test},
		Verify:   "sudo nginx -T | grep client_max_body_size", Minutes: 5,
		Steps: letIn(x, "8m"),
	}
	also := ""
	if limit, ok := a.BodyLimit(); ok && limit < float64(r.Size) {
		c, _ := a.Setting("MAX_CONTENT_LENGTH")
		h.Saw(a.From(c))
		also = fmt.Sprintf("; behind it the app's MAX_CONTENT_LENGTH of %s refuses it as well", bytes(limit))
		cure.Do += " Then raise MAX_CONTENT_LENGTH, which nginx's limit hides."
		cure.Commands = append(cure.Commands, "# "+where(a.From(c).Where, a.From(c).Line)+": MAX_CONTENT_LENGTH = 8 * 1024 * 1024")
	}
	return check.Failed(fmt.Sprintf("nginx refused a form of %d bytes for %s%s: client_max_body_size is %s%s", r.Size, x.Where(), r.Page, bytes(float64(x.MaxBody)), also), cure).
		Because("Who sends such a form gets 413.")
}

// refusesBehind is the app's own limit, which nginx lets more through to.
func refusesBehind(h *check.Hearing, x *model.Handed, a *model.App, list []model.Refused) check.Verdict {
	c, _ := a.Setting("MAX_CONTENT_LENGTH")
	at := a.From(c)
	h.Saw(at, list[len(list)-1].Source)
	limit, _ := a.BodyLimit()
	return check.Failed(fmt.Sprintf("the app refused forms for %s%s: its MAX_CONTENT_LENGTH is %s bytes", x.Where(), list[len(list)-1].Page, fmt.Sprint(int64(limit))), check.Remedy{
		Do:       "Let the app take what its forms send: as much as nginx lets through.",
		Commands: []string{"# " + where(at.Where, at.Line), fmt.Sprintf("MAX_CONTENT_LENGTH = %d", max(x.MaxBody, 1<<20)), "# restart the app"},
		Minutes:  5, Cure: check.InCode,
	}).Because("Who sends such a form gets 413, of Flask.")
}

// bytes says a size as nginx writes it.
func bytes(n float64) string {
	switch i := int64(n); {
	case i%(1<<20) == 0:
		return fmt.Sprintf("%dm", i>>20)
	case i%(1<<10) == 0:
		return fmt.Sprintf("%dk", i>>10)
	default:
		return fmt.Sprint(i)
	}
}
