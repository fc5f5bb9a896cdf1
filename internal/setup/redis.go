package setup

import (
	"fmt"
	"slices"

	"assay/internal/plan"
)

// An app has a Redis of its own, an instance of the unit that Debian's package brings,
// which listens on a socket of the app's group and nowhere else. The packaged one at
// port 6379 lets in everybody on the host: a second app there could read the first
// one's sessions, and run code in its workers where the cache is unpickled.

// redisURL is the value of a variable under which apps ask for a Redis, "" of others.
// What it is for has a number of its own, since who empties a cache empties all of a
// number; each library spells sockets in its own way.
func (i Intent) redisURL(name string) string {
	at := i.redisSocket()
	switch {
	case !i.Redis:
	case slices.Contains([]string{"REDIS_URL", "CACHE_REDIS_URL", "FLASK_CACHE_REDIS_URL"}, name):
		return "unix://" + at + "?db=0"
	case slices.Contains([]string{"CELERY_BROKER_URL", "BROKER_URL"}, name):
		return "redis+socket://" + at + "?virtual_host=1"
	case slices.Contains([]string{"RATELIMIT_STORAGE_URI", "RATELIMIT_STORAGE_URL"}, name):
		return "redis+unix://" + at + "?db=2"
	}
	return ""
}

func (i Intent) redisUnit() string   { return "redis-server@" + i.Name + ".service" }
func (i Intent) redisSocket() string { return "/run/redis-" + i.Name + "/redis-server.sock" }
func (i Intent) redisData() string   { return "/var/lib/redis-" + i.Name }

func (d draft) redis() [][]plan.Step {
	unitFile := "/etc/systemd/system/" + d.redisUnit() + ".d/app.conf"
	return [][]plan.Step{
		folder("make a folder for what its Redis keeps", d.redisData(), "redis", "redis", "0700"),
		file("write that Redis' settings", "/etc/redis/redis-"+d.Name+".conf", "root", "root", "0644", d.redisConf(d.app)),
		file("let the app's group come to its socket, and nobody else", unitFile, "root", "root", "0644", fmt.Sprintf(`[Service]
Group=%s
RuntimeDirectoryMode=2750
ReadWritePaths=%s
`, d.account(), d.redisData())),
		unit("let systemd read that", "daemon-reload", ""),
		unit("start it at each boot", "enable", d.redisUnit()),
		unit("start it", "start", d.redisUnit()),
	}
}

func (i Intent) redisConf(a App) string {
	text := fmt.Sprintf(`# The Redis of %s. No port: the app comes by the socket.
port 0
unixsocket %s
unixsocketperm 770
dir %s
# To the journal.
logfile ""
`, i.Name, i.redisSocket(), i.redisData())
	if a.Has("flask-caching") && !a.Has("celery", "rq", "flask-session", "dramatiq", "huey") {
		text += "\n# A cache forgets what was not asked for; without a limit it takes all memory.\nmaxmemory 64mb\nmaxmemory-policy allkeys-lru\n"
	}
	return text
}
