package cache

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "cache.prefix-flush",
	Title:    "cache.clear() clears the cache and nothing else",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001: caching",
	Why:      "Without a prefix the cache knows no keys of its own, and cache.clear() empties the database (FLUSHDB): sessions, limits and queued jobs go with it.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).CacheDatabases, prefixFlush),
})

func prefixFlush(h *check.Hearing, x *model.CacheDatabase) check.Verdict {
	if x.Prefix != "" {
		return check.Passed()
	}
	found := slices.Clone(x.Beside)
	r, state := x.Reply.Look(h)
	if state == fact.IsKnown && r.Class == "" {
		for _, k := range []string{"sessions", "queue", "limits", "results"} {
			if r.Keys[k] > 0 && !slices.Contains(found, k) {
				found = append(found, k)
				h.Saw(fact.Source{Where: "Redis at " + x.At, Text: fmt.Sprintf("%d keys in database %d are of %s", r.Keys[k], x.DB, words[k]), Ask: tape.Ask{Kind: tape.KindRedis}})
			}
		}
	}
	if len(found) == 0 {
		return check.Passed()
	}
	for i, f := range found {
		found[i] = words[f]
	}
	_, _ = x.Server.StoreUses().Look(h)
	return check.Failed(fmt.Sprintf("cache.clear() empties all of database %d of Redis at %s, where %s are as well: the cache has no prefix", x.DB, x.At, check.List(found)), check.Remedy{
		Do:       "Give the cache a prefix, or a database of its own.",
		Commands: []string{fmt.Sprintf("CACHE_KEY_PREFIX = %q", x.Server.Name+":cache:"), "sudo systemctl restart " + x.Server.UnitName()},
		Verify:   "sudo assay check --only cache.prefix-flush", Minutes: 10,
	})
}

var words = map[string]string{"sessions": "sessions", "queue": "queued jobs", "limits": "limits", "results": "results of jobs"}
