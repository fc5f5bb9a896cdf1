package nginx

import (
	"fmt"
	"strconv"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.upstream-keepalive",
	Title:    "the app keeps a connection for as long as nginx may use it again",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Guide:    "001 gunicorn: keepalive = 2",
	Why:      "Now and then nginx sends a request into a connection that the app is about to close: the visitor gets 502, and nothing else is to be found.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).HandedOn, upstreamKeepalive),
})

func upstreamKeepalive(h *check.Hearing, x *model.Handed) check.Verdict {
	if x.Path != "/" || !x.Server.Gunicorn() {
		return check.DoesNotApply("not the site's own location, or not gunicorn")
	}
	k, keeps := x.Keeps()
	if !keeps {
		return check.DoesNotApply("nginx keeps no connection to the app")
	}
	idle, ok := x.Server.KeepAlive(h.Aside())
	if !ok || idle == 0 || idle > k.Idle {
		return check.Passed()
	}
	h.Saw(k.By)
	_, _ = x.Server.Setting("keepalive").Look(h)
	said := fmt.Sprintf("nginx uses a connection to %s's app for up to %d s again, and gunicorn closes it after %d s", x.Where(), k.Idle, idle)
	r := check.Remedy{
		Do:       "Let nginx be the one that closes: a longer keepalive of gunicorn, or a shorter keepalive_timeout in the upstream.",
		Commands: []string{fmt.Sprintf("# gunicorn: --keep-alive %d", k.Idle+15)},
		Verify:   "sudo assay check --only nginx.proxy.upstream-keepalive",
		Minutes:  5,
		Steps:    plan.Gunicorn(fmt.Sprintf("let gunicorn keep a connection for %d seconds", k.Idle+15), x.Server, "keepalive", strconv.Itoa(k.Idle+15)),
	}
	if u := x.Server.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl edit --full "+u, "sudo systemctl restart "+u)
	}
	if cut, _ := x.Cut().Look(h.Aside()); len(cut) > 0 {
		h.Saw(cut[len(cut)-1])
		return check.Failed(fmt.Sprintf("%s: %s so, by its error log", said, ended(len(cut))), r)
	}
	return check.Warned(said, r)
}

func ended(n int) string {
	if n == 1 {
		return "one request ended"
	}
	return fmt.Sprintf("%d requests ended", n)
}
