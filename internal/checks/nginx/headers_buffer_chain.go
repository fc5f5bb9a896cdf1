package nginx

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.headers.buffer-chain",
	Title:    "the headers that browsers send fit into nginx and the app server",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 causes: 400 Bad Request",
	Why:      "Visitors with a longer cookie or address get 400, and nobody else.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).HandedOn, headersFit),
})

// oneCookie is what each browser keeps of one cookie (RFC 6265, 6.1).
const oneCookie = 4096

func headersFit(h *check.Hearing, x *model.Handed) check.Verdict {
	if x.Path != "/" {
		return check.DoesNotApply("not the site's own location")
	}
	if x.Header >= 0 && x.Header < oneCookie {
		h.Saw(x.HeaderAt)
		return check.Failed(fmt.Sprintf("nginx refuses each request to %s with a header of more than %s: large_client_header_buffers", x.Where(), bytes(float64(x.Header))), check.Remedy{
			Do:       "Take the line out: nginx's own buffers are of 8k, and one cookie may be of 4k.",
			Commands: []string{"# " + where(x.HeaderAt.Where, x.HeaderAt.Line) + ": take out " + x.HeaderAt.Text, test},
			Verify:   "curl -s -o /dev/null -w '%{http_code}\\n' -H \"Cookie: a=$(head -c 4000 /dev/zero | tr '\\0' a)\" " + x.Site().URL(),
			Minutes:  5,
			Steps:    plan.Nginx("let nginx take headers of 8k, as it does by itself", x.Site().Statement(x.HeaderAt)).Delete(),
		})
	}
	if !x.Server.Gunicorn() {
		return check.Passed()
	}
	a, _ := x.Code.Open(h)
	if a == nil {
		return check.Passed() // unknown, or no Flask app
	}
	limit, ok := a.Gunicorn["limit_request_field_size"].(float64)
	if !ok || limit <= 0 || limit >= oneCookie {
		return check.Passed()
	}
	return check.Failed(fmt.Sprintf("gunicorn refuses each request to %s with a header of more than %s: limit_request_field_size", x.Where(), bytes(limit)), check.Remedy{
		Do:       "Take limit_request_field_size out of gunicorn's configuration or command line, or say 8190, its own limit: one cookie may be of 4k.",
		Commands: []string{"sudo grep -rn -e limit_request_field_size -e limit-request-field_size /etc/systemd/system " + a.CodeRoot(), "sudo systemctl restart " + x.Server.Name},
		Verify:   "curl -s -o /dev/null -w '%{http_code}\\n' -H \"Cookie: a=$(head -c 4000 /dev/zero | tr '\\0' a)\" " + x.Site().URL(),
		Minutes:  5,
		Steps:    plan.Gunicorn("let gunicorn take headers of 8190 bytes, as it does by itself", x.Server, "limit_request_field_size", "8190"),
	})
}
