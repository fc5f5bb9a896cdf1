package redis

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "redis.shared-roles",
	Title:    "no two apps use the same keys of one Redis",
	Severity: check.Medium,
	Stage:    model.StageData,
	Guide:    "001 caching",
	Why:      "Each finds what the other left: pages of staging appear in production, and what one deletes the other misses.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Roles, sharedRoles),
})

// because is what sharing does, by what is shared.
var because = map[string]string{
	"queue":    "The workers of one app take the jobs of the other: half of them fail as unknown, or run against the wrong database.",
	"sessions": "Who is logged in to one app has a session in the other, for whatever account has that number there.",
	"limits":   "What a visitor does on one site counts on the other.",
}

func sharedRoles(h *check.Hearing, x *model.RoleAsked) check.Verdict {
	with, _ := x.With.Open(h)
	if len(with) == 0 {
		return check.Passed()
	}
	_, _ = x.Server.StoreUses().Look(h)
	what := map[string]string{"cache": "the cache", "sessions": "sessions", "queue": "queued jobs", "limits": "limits", "results": "results of jobs"}[x.Role]
	keys := "under the same keys"
	if x.Prefix != "" && x.Prefix != "?" {
		keys = fmt.Sprintf("under the same keys (%s…)", x.Prefix)
	}
	v := check.Failed(fmt.Sprintf("%s and %s keep %s in the same place: database %d of Redis at %s, %s", x.Server.Name, check.List(with), what, x.DB, x.At, keys), check.Remedy{
		Do:       "Give each app a database of its own, or a Redis of its own; where that cannot be, a prefix of its own.",
		Commands: []string{fmt.Sprintf("# in the environment of %s: …@%s/%d", with[0], x.At, x.DB+1), "sudo systemctl restart " + with[0]},
		Verify:   "sudo assay check --only redis.shared-roles", Minutes: 15,
	})
	if why := because[x.Role]; why != "" {
		return v.Because(why)
	}
	return v
}
