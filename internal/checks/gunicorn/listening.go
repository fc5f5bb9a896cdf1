package gunicorn

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.listening",
	Title:    "gunicorn listens exactly where it is told to",
	Severity: check.Medium,
	Stage:    model.StageSocket,
	Breaks:   true,
	Guide:    "000 step 6: listening on the expected socket or port",
	Why:      "Who connects to the configured address finds nobody there.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Gunicorns, listening),
})

func listening(h *check.Hearing, s *model.AppServer) check.Verdict {
	unit, us := s.Unit.Look(h)
	socket := us == fact.IsKnown && (unit.SocketLive || unit.SocketBoot)
	master, up := s.Master.Open(h)
	switch {
	case !up && socket:
		return check.DoesNotApply("the socket unit listens for it")
	case !up:
		return check.DoesNotApply("gunicorn does not run")
	}
	binds, _ := s.Binds.Open(h)
	own, _ := s.Listens.Open(h)
	if s.Now.Sub(master.Start) < settle && len(own) == 0 {
		return check.DoesNotApply("it has only begun to start")
	}
	var missing []string
	for _, b := range binds {
		if strings.HasPrefix(b.Addr, "fd://") || slices.ContainsFunc(own, func(l *model.Listener) bool { return model.SameAddr(b.Addr, l.Addr) }) {
			continue
		}
		h.Saw(b.Source)
		missing = append(missing, b.Addr)
	}
	if len(missing) == 0 || socket && binds[0].Default {
		return check.Passed()
	}
	if u, known := s.Unit.Open(h); known {
		u.Starters(h)
	}
	if socket {
		return check.Failed(fmt.Sprintf("%s has two addresses: %s listens on %s and wins, so nobody listens on %s of --bind",
			s.UnitName(), unit.Triggers[0], strings.TrimPrefix(listText(own), "unix:"), missing[0]), check.Remedy{
			Do:       "With a socket unit, leave --bind away, and let nginx name the socket unit's address; or disable the socket unit.",
			Commands: []string{"sudo systemctl edit --full " + s.UnitName() + "   # take --bind out", "sudo systemctl restart " + s.UnitName()},
			Verify:   "sudo ss -ltnpx | grep gunicorn", Minutes: 5,
		})
	}
	but := "holds no socket"
	if len(own) > 0 {
		but = "listens on " + listText(own)
	}
	return check.Failed("gunicorn is told to listen on "+missing[0]+", and "+but, check.Remedy{
		Do:       "Decide which address is right, name it there and in nginx's configuration, and restart gunicorn.",
		Commands: []string{"sudo systemctl restart " + s.UnitName(), "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "sudo ss -ltnpx | grep gunicorn", Minutes: 5,
	}).Breaking(len(own) == 0).Because("After the next restart gunicorn is at the other address, and whoever connects to the old one finds nobody.")
}

// listText names the first address, and counts the others.
func listText(own []*model.Listener) string {
	if len(own) == 1 {
		return own[0].Addr
	}
	return fmt.Sprintf("%s and %d more", own[0].Addr, len(own)-1)
}
