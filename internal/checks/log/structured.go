package log

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "log.structured",
	Title:    "what is logged as JSON is JSON, and nginx's lines can be joined with the app's",
	Severity: check.Low,
	Stage:    model.StageServer,
	Guide:    "001: structured logging",
	Why:      "What collects the log throws such lines away, and they are those that an attack leaves.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).LogFormats, structured),
})

func structured(h *check.Hearing, x *model.LogFormats) check.Verdict {
	for _, f := range x.Formats {
		if f.JSON && !f.Escapes {
			h.Saw(f.Log, f.Format)
			return check.Failed(fmt.Sprintf("the JSON that nginx writes to %s breaks at quotes and letters beyond ASCII: log_format %s lacks escape=json", f.File, f.Name), check.Remedy{
				Do:       "Let nginx escape as JSON wants it: by itself it writes \\x22, which no JSON has.",
				Commands: []string{fmt.Sprintf("# %s:%d", f.Format.Where, f.Format.Line), "log_format " + f.Name + " escape=json ...", "sudo nginx -t && sudo systemctl reload nginx"},
				Verify:   "curl -so /dev/null -A 'a\"b' http://127.0.0.1/; sudo tail -n 1 " + f.File + " | python3 -m json.tool", Minutes: 5,
			})
		}
	}
	for _, f := range x.Formats {
		if f.ID && !f.Told {
			h.Saw(f.Format, f.Pass)
			return check.Warned("nginx logs a $request_id with each request and does not tell it to the app", check.Remedy{
				Do:       "Hand it on where the request is, beside the other headers, and log it in the app (request.headers[\"X-Request-ID\"]): nginx writes its own over whatever a visitor sends.",
				Commands: []string{fmt.Sprintf("# beside %s:%d", f.Pass.Where, f.Pass.Line), "proxy_set_header X-Request-ID $request_id;", "sudo nginx -t && sudo systemctl reload nginx"},
				Verify:   "sudo nginx -T 2>/dev/null | grep -n request_id", Minutes: 10,
			}).At(check.Info).Because("A line of nginx's and what the app said of the same request can be joined by their times alone.")
		}
	}
	for _, f := range x.Formats {
		if f.JSON {
			return check.Passed()
		}
	}
	return check.DoesNotApply("nginx logs plain text, which is enough for one host")
}
