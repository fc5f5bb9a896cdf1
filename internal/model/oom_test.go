package model

import (
	"testing"
	"time"

	"assay/internal/facts"
	"assay/internal/tape"
)

// TestKills reads the lines of Linux 6.1 (mm/oom_kill.c) and of systemd 252
// (core/unit.c).
func TestKills(t *testing.T) {
	at := time.Date(2026, 11, 9, 4, 0, 0, 0, time.UTC)
	list := kills([]facts.Entry{
		{At: at, Text: "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/shop.service,task=gunicorn,pid=812,uid=997"},
		{At: at.Add(time.Second), Kind: tape.MessageOutOfMemory, Text: "shop.service: A process of this unit has been killed by the OOM killer."},
		{At: at.Add(time.Hour), Kind: tape.MessageOutOfMemory, Text: "redis-server.service: A process of this unit has been killed by the OOM killer."},
		{At: at.Add(2 * time.Hour), Text: "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice,task_memcg=/system.slice/system-postgresql.slice/postgresql@15-main.service,task=post,pid=1,uid=2,pid=71,uid=103"},
		{At: at.Add(3 * time.Hour), Text: "Out of memory: Killed process 812 (gunicorn) total-vm:1843204kB"},
	})
	want := []Kill{{Unit: "shop.service", Task: "gunicorn"}, {Unit: "redis-server.service"}, {Unit: "postgresql@15-main.service", Task: "post,pid=1,uid=2", Limit: true}}
	if len(list) != len(want) {
		t.Fatalf("%d kills: %+v", len(list), list)
	}
	for i, w := range want {
		if k := list[i]; k.Unit != w.Unit || k.Limit != w.Limit || w.Task != "" && k.Task == "" {
			t.Errorf("%+v, want %+v", k, w)
		}
	}
	x := &Killed{Kills: list}
	if recent := x.Since(at.Add(90 * time.Minute)); len(recent) != 1 || recent[0].Unit != want[2].Unit {
		t.Errorf("since: %+v", recent)
	}
}
