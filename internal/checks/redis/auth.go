package redis

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "redis.auth",
	Title:    "Redis asks every stranger for a password",
	Severity: check.High,
	Stage:    model.StageData,
	Guide:    "001 caching",
	Why:      "Who can connect reads every session, limit and queued job in it, and writes others in their place.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Redises, auth),
})

func auth(h *check.Hearing, s *model.Redis) check.Verdict {
	r, known := s.Redis.Open(h)
	switch {
	case !known || r.Class != "":
		return check.DoesNotApply("the app's login to it fails")
	case r.Bare == "refused":
		return check.Passed()
	case r.Bare == "":
		return check.CannotTell("whether "+s.Subject()+" lets in who gives no password: it was not tried", "look again with this version of assay")
	}
	others, _ := s.Others.Look(h)
	if len(others) == 0 {
		return check.Passed() // on this machine nobody else has a program of his own
	}
	h.Saw(s.Told, fact.Source{Where: s.Subject(), Text: "PING without a password: PONG", Ask: tape.Ask{Kind: tape.KindRedis, Name: s.Ref, As: s.Identity.String()}})
	v := check.Failed(fmt.Sprintf("%s, which the app uses, lets in everybody on this host without a password, and another app runs here as %s", s.Subject(), others[0].Name), check.Remedy{
		Do:       "Give Redis a password, and each app a user of its own with keys of its own; or let it listen on a socket that only the app's group may open.",
		Commands: []string{"sudoedit /etc/redis/redis.conf   # requirepass, with what openssl rand -hex 32 prints", fmt.Sprintf("# %s: redis://:<password>@%s/0 in %s, and so for each app that uses it", s.Told.Where, s.Addr, s.Name), "sudo systemctl restart redis-server " + s.Server.UnitName()},
		Verify:   at(s.Store) + " PING   # NOAUTH",
		Minutes:  15,
	})
	if u, yes := s.Pickles(h.Aside()); yes {
		return v.Because("What lies there is unpickled (" + u.Class + "): who writes to it runs code in each of the app's workers.")
	}
	return v
}
