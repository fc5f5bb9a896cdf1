package setup

import (
	"strings"
	"testing"
)

// Each app has a Redis of its own, and each use a number; what must not be forgotten is not.
func TestRedisOfItsOwn(t *testing.T) {
	a := App{Packages: []string{"flask", "flask-caching"}, Needs: []string{"REDIS_URL"}, Asks: []string{"CELERY_BROKER_URL", "RATELIMIT_STORAGE_URI"}}
	i := Intent{Name: "shop", Redis: true}
	vars := i.variables(a)
	for _, want := range []string{"REDIS_URL=unix:///run/redis-shop/redis-server.sock?db=0\n",
		"CELERY_BROKER_URL=redis+socket:///run/redis-shop/redis-server.sock?virtual_host=1\n", "RATELIMIT_STORAGE_URI=redis+unix:///run/redis-shop/redis-server.sock?db=2\n"} {
		if !strings.Contains(vars, want) {
			t.Errorf("%q lacks %q", vars, want)
		}
	}
	if conf := i.redisConf(a); !strings.Contains(conf, "port 0\n") || !strings.Contains(conf, "allkeys-lru") {
		t.Error(conf)
	}
	a.Packages = append(a.Packages, "celery")
	if conf := i.redisConf(a); strings.Contains(conf, "allkeys") {
		t.Error(conf)
	}
	if vars := (Intent{Name: "shop"}).variables(a); strings.Contains(vars, "redis") {
		t.Error(vars)
	}
}
