package secret

import (
	"fmt"
	"path"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "secret.exposure",
	Title:    "no secret of the app shows in a command line or in its log",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "000 step 3: secrets outside the code",
	Why:      "Every user of this host sees the command line of every process: ps is enough.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Secretives, exposure),
})

func exposure(h *check.Hearing, x *model.Secretive) check.Verdict {
	a, ok := x.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	secrets := a.Secrets()
	procs, _ := x.Procs.Look(h.Aside())
	if p, name, shows := model.ProcShowing(procs, secrets); shows {
		h.Saw(model.ProcShown(p))
		program := path.Base(p.Args[0])
		return check.Failed(fmt.Sprintf("%s stands in the command line of %s", name, program), check.Remedy{
			Do:       "Hand it over by the environment or by a file that the program reads; then make a new one, since it was to be seen.",
			Commands: append([]string{"# gunicorn: EnvironmentFile= in place of -e; redis-cli: REDISCLI_AUTH; mysqldump: --defaults-extra-file; psql, pg_dump: ~/.pgpass"}, restart(x.AppServer)...),
			Minutes:  20, Verify: "sudo assay check --only secret.exposure",
		})
	}
	u, _ := x.AppServer.Unit.Look(h.Aside())
	if u == nil {
		return check.Passed()
	}
	j, _ := u.Journal.Look(h.Aside())
	if src, name, logged := j.Logged(secrets); logged {
		h.Saw(src)
		return check.Failed(fmt.Sprintf("the log of %s holds %s", u.Name, name), check.Remedy{
			Do:       "Take out the line that logs it, and make a new secret: logs are kept, copied and sent on.",
			Commands: append([]string{"grep -rnE 'print\\(|log.*(environ|config)' " + a.CodeRoot()}, restart(x.AppServer)...),
			Minutes:  30, Verify: "sudo assay check --only secret.exposure", Cure: check.InCode,
		}).Because("Everybody in the groups adm and systemd-journal reads it, and whoever gets the logs from here.")
	}
	return check.Passed()
}
