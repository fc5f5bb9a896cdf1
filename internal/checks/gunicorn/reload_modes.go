package gunicorn

import (
	"strconv"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.reload-modes",
	Title:    "gunicorn does not restart by itself when a file changes",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "001 gunicorn configuration",
	Why:      "A deploy of several files is loaded half done, any file that the app writes beside its code restarts the workers, and the watching costs processor time.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Gunicorns, reloadModes),
})

func reloadModes(h *check.Hearing, s *model.AppServer) check.Verdict {
	v, ok := s.Setting("reload").Open(h.Aside())
	if !ok || len(v) == 0 || v[0] != "True" {
		_, _ = s.Setting("reload").Look(h)
		return check.Passed()
	}
	_, _ = s.Setting("reload").Look(h)
	return check.Failed("gunicorn watches its files and restarts on a change: --reload is on, which is meant for development", withSteps(settingRemedy(s, "reload", "Take reload away, and restart the service as the last step of a deploy."),
		plan.Gunicorn("let gunicorn leave its files alone once it runs", s, "reload", "False")))
}

// settingRemedy changes one setting where it stands.
func settingRemedy(s *model.AppServer, name, do string) check.Remedy {
	r, read := check.Remedy{Do: do, Minutes: 3}, "sudo systemctl daemon-reload && "
	var n fact.Notes
	if _, state := s.Setting(name).Look(&n); state == fact.IsKnown && len(n.Sources) > 0 && n.Sources[0].Line > 0 {
		r.Commands = append(r.Commands, "# "+n.Sources[0].Where+", line "+strconv.Itoa(n.Sources[0].Line))
		if strings.HasSuffix(n.Sources[0].Where, ".py") {
			read = ""
		}
	}
	if u := s.UnitName(); u != "" {
		r.Commands = append(r.Commands, read+"sudo systemctl restart "+u)
		r.Verify = "systemctl is-active " + u
	}
	return r
}
