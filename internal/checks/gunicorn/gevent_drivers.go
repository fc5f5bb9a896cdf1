package gunicorn

import (
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.gevent-drivers",
	Title:    "greenlets run on while one of them waits for the database",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "001 common issues: gunicorn -k gevent",
	Why:      "A slow query stops every request of its worker, not its own alone: such a worker serves one request at a time, and there are few of them.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Gunicorns, geventDrivers),
})

func geventDrivers(h *check.Hearing, s *model.AppServer) check.Verdict {
	if s.Idle {
		return check.DoesNotApply("its unit neither runs nor is enabled")
	}
	class, _ := s.Setting("worker_class").Open(h.Aside())
	if len(class) == 0 || !strings.Contains(class[0], "gevent") { // eventlet patches the drivers by itself
		return check.DoesNotApply("its workers are not gevent's")
	}
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it runs no Flask app")
	}
	for _, e := range a.Engines {
		stops, told := a.StopsGreenlets(e)
		if !told {
			h.Missed(fact.Why{Text: "tell whether psycopg2 lets greenlets run: the recording is older than the question", Hint: "make a new recording", Ask: a.Source.Ask}, false)
		}
		if !stops {
			continue
		}
		_, _ = s.Setting("worker_class").Look(h)
		h.Saw(a.At(nil, "the engine "+e.Bind+" connects with "+e.Driver))
		if e.Driver != "psycopg2" {
			return check.Failed("gunicorn's workers are gevent's, and "+e.Driver+" stops all greenlets while it waits for "+place(e.Host),
				settingRemedy(s, "worker_class", "Connect with PyMySQL, which is Python (mysql+pymysql:// in DATABASE_URL), or use threads: --worker-class gthread --threads 8."))
		}
		r := settingRemedy(s, "worker_class", "Install psycogreen in the app's environment and let each worker use it, or use threads: --worker-class gthread --threads 8. psycopg 3 (postgresql+psycopg://) needs nothing.")
		r.Commands = append([]string{"# gunicorn.conf.py", "def post_fork(server, worker):", "    from psycogreen.gevent import patch_psycopg", "    patch_psycopg()"}, r.Commands...)
		return check.Failed("gunicorn's workers are gevent's, and psycopg2 stops all greenlets while it waits for "+place(e.Host), r)
	}
	return check.Passed()
}

func place(host string) string {
	if host == "" {
		return "the database"
	}
	return "the database at " + host
}
