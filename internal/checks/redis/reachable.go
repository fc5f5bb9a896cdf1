package redis

import (
	"fmt"
	"strconv"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "redis.reachable",
	Title:    "the app's Redis takes the app's login, and its writes",
	Severity: check.High,
	Stage:    model.StageData,
	Breaks:   true,
	Guide:    "001 caching",
	Why:      "Whatever the app asks of it fails: sessions, limits, queues and counters with an error, a cache silently and slowly.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).RedisStores, reachable),
})

func reachable(h *check.Hearing, s *model.Store) check.Verdict {
	h.Saw(s.Told)
	r, known := s.Redis.Open(h)
	switch {
	case !known:
		return check.CannotTell(s.Name+" is gone from the service's environment", "look again")
	case r.Class != "":
		return refused(h, s, r)
	case r.Info["loading"] == "1":
		return fail(h, s, r, "still reads its data from disk and answers nothing else", check.Remedy{
			Do: "Wait: it is ready when the log says so.", Minutes: 5}, "loading")
	case r.Info["role"] == "slave":
		return replica(h, s, r)
	}
	return room(h, s, r)
}

// room is whether it takes what the app writes.
func room(h *check.Hearing, s *model.Store, r tape.RedisReply) check.Verdict {
	limit, used := number(r.Info["maxmemory"]), number(r.Info["used_memory"])
	policy := r.Info["maxmemory_policy"]
	switch {
	case limit > 0 && policy == "noeviction" && used >= limit:
		return fail(h, s, r, fmt.Sprintf("is full (%s) and may evict nothing (maxmemory-policy noeviction): it refuses every write", size(limit)), limited(h, s, limit, check.Remedy{
			Do:       "Give it more memory; where it holds a cache alone, let it evict what is oldest. See first what fills it: keys without an end grow for ever.",
			Commands: []string{at(s) + " --bigkeys", at(s) + " CONFIG SET maxmemory 256mb   # and in redis.conf", at(s) + " CONFIG SET maxmemory-policy allkeys-lru   # for a cache, never for queues or sessions"},
			Minutes:  15}), "used_memory", "maxmemory", "maxmemory_policy")
	case limit > 0 && policy == "noeviction" && used*20 > limit*19:
		return fail(h, s, r, fmt.Sprintf("is nearly full (%s of %s) and may evict nothing (maxmemory-policy noeviction)", size(used), size(limit)), limited(h, s, limit, check.Remedy{
			Do: "Give it more memory, or let a cache evict.", Commands: []string{at(s) + " CONFIG SET maxmemory 256mb   # and in redis.conf"}, Minutes: 15}), "used_memory", "maxmemory", "maxmemory_policy").
			Breaking(false).Because("When it is full it refuses every write.")
	case r.Info["rdb_last_bgsave_status"] == "err" && r.Config["save"] != "":
		return fail(h, s, r, "could not save its data to disk, and refuses every write until it can (stop-writes-on-bgsave-error)", check.Remedy{
			Do: "Look in its log why: the disk is full, the folder is not its own, or memory for the copy is missing.", Commands: []string{"sudo journalctl -u 'redis*' -n 20 --no-pager", at(s) + " CONFIG GET dir", at(s) + " BGSAVE"}, Minutes: 15}, "rdb_last_bgsave_status")
	}
	return check.Passed()
}

func replica(h *check.Hearing, s *model.Store, r tape.RedisReply) check.Verdict {
	master := r.Info["master_host"]
	rem := check.Remedy{
		Do:       "Let the app name the master; or, if this one should be it, make it so. If nobody here set up a replica, somebody else did: look for an open port first.",
		Commands: []string{at(s) + " REPLICAOF NO ONE", at(s) + " INFO replication"}, Minutes: 10}
	if r.Info["master_link_status"] == "down" { // else somebody may be moving it
		rem = byFile(h, s, rem, "let Redis be its own master again, as its file has it", "Its file makes it no replica, and its master does not answer: a restart makes it a master again, with its data.", "replicaof", "")
	}
	return fail(h, s, r, "is a read-only replica of "+master+": it refuses every write", rem, "role", "master_host")
}

func refused(h *check.Hearing, s *model.Store, r tape.RedisReply) check.Verdict {
	_, _ = s.Redis.Look(h)
	rem := check.Remedy{Do: "Start it, or correct the URL.", Commands: edit(s), Verify: at(s) + " PING", Minutes: 10}
	u, state := s.Unit.Look(h.Aside())
	what := fmt.Sprintf("Redis at %s, which the app uses, cannot be used: %s", s.Addr, r.Error)
	switch {
	case r.Class == tape.StoreFull:
		what = fmt.Sprintf("Redis at %s takes no more clients: %s (maxclients)", s.Addr, r.Error)
		rem.Do, rem.Commands = "Look who holds the connections; then let each process keep one pool, or raise the limit.", []string{at(s) + " CLIENT LIST", at(s) + " CONFIG SET maxclients 10000   # and in redis.conf"}
		rem = byFile(h, s, rem, "let Redis take clients again, as many as its file allows", "Its file sets no limit of its own: a restart closes what is open and takes a limit back that was given by hand.", "maxclients", "")
	case r.Class == tape.StoreAuth:
		what = fmt.Sprintf("Redis at %s refuses the app's login: %s", s.Addr, r.Error)
		rem.Do = "Let the URL and redis.conf (requirepass, user) hold the same password."
	case state == fact.IsKnown && !u.Running():
		h.Saw(u.Source)
		what = fmt.Sprintf("Redis does not run (%s is %s), and the app uses it", u.Name, u.Active)
		rem.Do, rem.Commands = "Start it; if it does not come up, its log says why.", []string{"sudo systemctl start " + u.Name, "systemctl status " + u.Name}
		rem.Steps = check.Up("start "+u.Name+", which the app needs", u)
	}
	if r.Class == tape.StoreURL || r.Class == tape.StoreOther {
		return check.Warned(what, rem).At(check.Medium).Breaking(false)
	}
	return check.Failed(what, rem)
}

func fail(h *check.Hearing, s *model.Store, r tape.RedisReply, what string, rem check.Remedy, fields ...string) check.Verdict {
	for _, f := range fields {
		h.Saw(fact.Source{Where: "Redis at " + s.Addr, Text: f + ":" + r.Info[f], Ask: tape.Ask{Kind: tape.KindRedis, Name: s.Ref, As: s.Identity.String()}})
	}
	rem.Verify = at(s) + " INFO"
	return check.Failed("Redis at "+s.Addr+" "+what, rem)
}

// at is how to talk to it by hand.
func at(s *model.Store) string {
	if s.Host == "" {
		return "redis-cli -s " + s.Addr[len("unix:"):]
	}
	return fmt.Sprintf("redis-cli -h %s -p %d", s.Host, s.Port)
}

func edit(s *model.Store) []string {
	if s.Told.Line == 0 {
		return []string{at(s) + " PING"}
	}
	return []string{at(s) + " PING", fmt.Sprintf("sudoedit %s   # line %d: %s", s.Told.Where, s.Told.Line, s.Name), "sudo systemctl restart " + s.Server.UnitName()}
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

func size(n int64) string {
	if n < 10<<20 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
