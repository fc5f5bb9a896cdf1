package gunicorn

import (
	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.accesslog",
	Title:    "requests are written down, by nginx or by gunicorn",
	Severity: check.Low,
	Stage:    model.StageApp,
	Guide:    "001 supervisor: stdout_logfile=access.log",
	Why:      "When something was wrong, nothing tells who asked for what, when, and how it was answered.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).RequestLogs, accesslog),
})

func accesslog(h *check.Hearing, x *model.RequestLog) check.Verdict {
	_, own := x.Own.Open(h.Aside())
	r := settingRemedy(x.Server, "accesslog", "Let gunicorn write them: --access-logfile - puts them on its standard output, with the visitor's address by --access-logformat '%({x-forwarded-for}i)s %(t)s \"%(r)s\" %(s)s %(b)s %(M)sms'.")
	if file, stays := x.Empty.Open(h.Aside()); stays && !own {
		h.Saw(file.By)
		_, _ = x.Own.Look(h)
		if x.Proxied && !x.Proxy {
			h.Saw(x.Off)
			return check.Failed("no request is written to "+file.File+", and none by nginx: gunicorn's accesslog is not set", r)
		}
		return check.Warned("no request is written to "+file.File+": it has gunicorn's standard output, and gunicorn's accesslog is not set", r).Because("Whoever looks there sees a site without visitors. nginx's own access log has them.")
	}
	switch {
	case !x.Proxied:
		return check.DoesNotApply("what stands in front of it is not nginx of this host, and may log")
	case x.Proxy:
		return check.Passed()
	case !own:
		h.Saw(x.Off)
		_, _ = x.Own.Look(h)
		return check.Failed("nobody writes requests down: nginx's access_log is off, and gunicorn's accesslog is not set", r)
	}
	if names, _ := x.Names.Open(h.Aside()); names {
		return check.Passed()
	}
	h.Saw(x.Off)
	_, _ = x.Own.Look(h)
	return check.Warned("the only log of requests does not say who asked: gunicorn's has nginx's address for everybody, and nginx's access_log is off", r)
}
