package redis

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "redis.policy-fit",
	Title:    "Redis throws nothing away that cannot be made again",
	Severity: check.High,
	Stage:    model.StageData,
	Guide:    "001 caching, background tasks",
	Why:      "When its memory is full it drops what nobody used for a while: jobs that were never run, sessions of people who are logged in. Nothing says so.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Redises, policyFit),
})

func policyFit(h *check.Hearing, s *model.Redis) check.Verdict {
	r, known := s.Redis.Open(h)
	if !known || r.Class != "" {
		return check.DoesNotApply("the app's login to it fails")
	}
	keeps, words := kept(h, s, r)
	policy := r.Info["maxmemory_policy"]
	limited := number(r.Info["maxmemory"]) > 0
	switch {
	case len(keeps) == 0:
		return check.Passed() // a cache may be emptied
	case policy == "":
		return check.CannotTell(s.Subject()+" does not say its maxmemory-policy", "ask who runs it")
	case limited && strings.HasPrefix(policy, "allkeys-"):
		return evicts(h, s, r, words, "").At(check.High)
	case limited && strings.HasPrefix(policy, "volatile-") && slices.Contains(keeps, "sessions"):
		return evicts(h, s, r, "sessions", " (they have an end, so that they go first)").At(check.Medium)
	case r.Config["save"] == "" && r.Config["appendonly"] == "no" && hasConfig(r, "save"):
		source(h, s, `save "", appendonly no`)
		return check.Warned(fmt.Sprintf("%s holds %s in memory alone: it saves nothing to the disk", s.Subject(), words), check.Remedy{
			Do:       "Let it write each change to a file.",
			Commands: []string{at(s.Store) + " CONFIG SET appendonly yes   # and in redis.conf: appendonly yes"},
			Verify:   at(s.Store) + " CONFIG GET appendonly", Minutes: 5,
		}).Because("With each restart of Redis or of the machine all of it is gone.")
	}
	return check.Passed()
}

func hasConfig(r tape.RedisReply, key string) bool {
	_, ok := r.Config[key]
	return ok
}

// kept is what it holds that cannot be made again: by what the app says, and by
// the keys that are there.
func kept(h *check.Hearing, s *model.Redis, r tape.RedisReply) (roles []string, words string) {
	uses, state := s.Uses.Look(h.Aside())
	for _, role := range []string{"queue", "sessions"} {
		used := slices.ContainsFunc(uses, func(u tape.StoreUse) bool { return u.Role == role })
		if used || r.Keys[role] > 0 {
			roles = append(roles, role)
		}
		switch {
		case used:
			_, _ = s.Uses.Look(h)
		case r.Keys[role] > 0:
			source(h, s, fmt.Sprintf("%d keys of the %s", r.Keys[role], named[role]))
		}
	}
	if len(roles) == 0 && state == fact.IsUnknown && r.Keys == nil {
		_, _ = s.Uses.Open(h)
	}
	for i, role := range roles {
		if i > 0 {
			words += " and "
		}
		words += named[role]
	}
	return roles, words
}

var named = map[string]string{"queue": "queued jobs", "sessions": "sessions"}

func evicts(h *check.Hearing, s *model.Redis, r tape.RedisReply, words, because string) check.Verdict {
	so := ""
	if n := number(r.Info["evicted_keys"]); n > 0 {
		so = fmt.Sprintf("; it has dropped %d keys since its start", n)
	}
	source(h, s, "maxmemory:"+r.Info["maxmemory"]+", maxmemory_policy:"+r.Info["maxmemory_policy"]+", evicted_keys:"+r.Info["evicted_keys"])
	return check.Failed(fmt.Sprintf("%s holds %s and may drop them when its %s are full: maxmemory-policy %s%s%s", s.Subject(), words, size(number(r.Info["maxmemory"])), r.Info["maxmemory_policy"], because, so), check.Remedy{
		Do: "Keep the cache in a Redis of its own, which may drop what it likes, and let this one drop nothing. Until then, noeviction with enough memory is the lesser evil: a full Redis then refuses, and says so.",
		Commands: []string{at(s.Store) + " CONFIG SET maxmemory-policy noeviction   # and in redis.conf", at(s.Store) + " CONFIG SET appendonly yes   # and in redis.conf",
			"# a second one for the cache: /etc/redis/redis-cache.conf with port 6380, maxmemory-policy allkeys-lru, appendonly no"},
		Verify: at(s.Store) + " INFO memory", Minutes: 30,
	})
}

func source(h *check.Hearing, s *model.Redis, text string) {
	h.Saw(fact.Source{Where: s.Subject(), Text: text, Ask: tape.Ask{Kind: tape.KindRedis, Name: s.Ref, As: s.Identity.String()}})
}
