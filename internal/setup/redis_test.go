package setup

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// Two apps on one Redis have numbers of their own, and keep them.
func TestRedisNumbers(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"etc/shop/shop.env":          "REDIS_URL=redis://127.0.0.1:6379/0\nCELERY_BROKER_URL=\"redis://localhost/1\"\nDATABASE_URL=postgresql://x/3\n",
		"etc/club/club.env":          "RATELIMIT_STORAGE_URI=redis://[::1]:6379/3\nOTHER=redis://cache.example:6379/5\nQUEUE=unix:///run/redis.sock?db=4\n",
		"etc/club/old.env":           "REDIS_URL=redis://127.0.0.1:6379/6\n",
		"etc/stranger/stranger.env":  "REDIS_URL=redis://127.0.0.1:6379/7\n",
		"units/shop@.service":        "",
		"units/club@.service":        "",
		"units/stranger.service":     "",
		"units/unrelated-at@.conf":   "",
		"etc/unrelated/unrelated.me": "",
	})
	m := Machine{Redis: redisOf(filepath.Join(dir, "etc"), filepath.Join(dir, "units"))}
	for _, c := range []struct {
		name string
		asks string
		want string
	}{
		{"news", "REDIS_URL", "redis://127.0.0.1:6379/2"},
		{"news", "CELERY_BROKER_URL REDIS_URL RATELIMIT_STORAGE_URI", "redis://127.0.0.1:6379/5 redis://127.0.0.1:6379/2 redis://127.0.0.1:6379/6"},
		{"shop", "REDIS_URL CELERY_BROKER_URL", "redis://127.0.0.1:6379/0 redis://127.0.0.1:6379/1"},
		{"shop", "RATELIMIT_STORAGE_URL", "redis://127.0.0.1:6379/2"},
		{"club", "RATELIMIT_STORAGE_URI", "redis://127.0.0.1:6379/3"},
	} {
		names := strings.Fields(c.asks)
		i, err := Intent{Name: c.name, Redis: true}.numbered(App{Asks: names}, m)
		var got []string
		for _, n := range names {
			got = append(got, i.value(n, App{}))
		}
		if all := strings.Join(got, " "); all != c.want || err != nil {
			t.Errorf("%s: %s: %s, %v; want %s", c.name, c.asks, all, err, c.want)
		}
	}
}

func TestNoRedisNumberIsLeft(t *testing.T) {
	m := Machine{Redis: map[string]map[string]string{}}
	for n := range 15 {
		m.Redis[fmt.Sprint("app", n)] = map[string]string{"REDIS_URL": fmt.Sprint("redis://127.0.0.1:6379/", n)}
	}
	i := Intent{Name: "last", Redis: true}
	if got, err := i.numbered(App{Needs: []string{"REDIS_URL"}}, m); err != nil || got.numbers[0] != 15 {
		t.Error(got.numbers, err)
	}
	if err := Refuse(t.Context(), i, App{Needs: []string{"REDIS_URL", "BROKER_URL"}}, m); err == nil || !strings.Contains(err.Error(), "all sixteen databases") {
		t.Error(err)
	}
}
