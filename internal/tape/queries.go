package tape

import (
	"strings"

	"assay/internal/regex"
)

// Query is one statement that an audit may give to the app's own database. It
// runs in a transaction that may only read, with a limit of time.
type Query struct {
	Engine string // postgresql; mysql, which is MariaDB's as well; sqlite
	Name   string // of its answer in SQLReply.Rows
	Text   string // "{}" stands for the name of Alembic's table
	Why    string
}

// Queries is the declared table: nothing else is ever asked.
func Queries() []Query {
	return []Query{
		{"postgresql", "limits", "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections', 'server_version', 'listen_addresses', 'hba_file', 'in_hot_standby')",
			"how many connections it takes"},
		{"postgresql", "role", "SELECT rolname, rolconnlimit, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user",
			"the role's own limit of connections, and whether it is a superuser"},
		{"postgresql", "database", "SELECT datname, datconnlimit FROM pg_catalog.pg_database WHERE datname = current_database()",
			"the database's own limit of connections"},
		{"postgresql", "activity", "SELECT usename, coalesce(application_name, ''), datname, count(*) FROM pg_catalog.pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid() GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 200",
			"how many connections each user and program holds now"},
		{"postgresql", "idle", "WITH waits AS (SELECT unnest(pg_catalog.pg_blocking_pids(pid)) AS blocker FROM pg_catalog.pg_stat_activity WHERE wait_event_type = 'Lock') SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), state, floor(extract(epoch FROM now() - xact_start))::bigint, (SELECT count(*) FROM waits WHERE blocker = pid) FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%' ORDER BY 6 DESC, 5 DESC LIMIT 20",
			"which connections have left a transaction open, since when, and how many wait for each"},
		{"postgresql", "tables", "SELECT schemaname, tablename FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false)) ORDER BY 1, 2 LIMIT 400",
			"the names of the tables that the app sees"},
		{"postgresql", "version", "SELECT version_num FROM {} ORDER BY 1 LIMIT 50",
			"which revision of the schema Alembic has noted"},
		{"mysql", "limits", "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_connections', 'max_user_connections', 'extra_max_connections', 'wait_timeout', 'version', 'version_comment', 'bind_address', 'read_only')",
			"how many connections it takes"},
		{"mysql", "status", "SHOW GLOBAL STATUS WHERE Variable_name IN ('Max_used_connections', 'Threads_connected', 'Connection_errors_max_connections', 'Uptime')",
			"how many connections are held, and were at most"},
		{"mysql", "role", "SELECT current_user(), @@max_user_connections",
			"the user's own limit of connections"},
		{"mysql", "activity", "SELECT user, '', coalesce(db, ''), count(*) FROM information_schema.processlist WHERE id <> connection_id() GROUP BY 1, 3 ORDER BY 1, 3 LIMIT 200",
			"how many connections each user holds now, as far as this one may see"},
		{"mysql", "tables", "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY 1, 2 LIMIT 400",
			"the names of the tables that the app sees"},
		{"mysql", "version", "SELECT version_num FROM {} ORDER BY 1 LIMIT 50",
			"which revision of the schema Alembic has noted"},
	}
}

// Setup is what the connection says of itself before the queries: nothing may
// be written, nothing waits.
func Setup(engine string) []string {
	if engine == "postgresql" {
		return []string{"BEGIN READ ONLY", "SET LOCAL statement_timeout = '2s'", "SET LOCAL lock_timeout = '1s'"}
	}
	return []string{"SET SESSION max_execution_time = 2000", "SET SESSION max_statement_time = 2", "SET SESSION lock_wait_timeout = 1", "START TRANSACTION READ ONLY"}
}

// VersionTable is the table that Alembic keeps its revision in unless it is told otherwise.
const VersionTable = "alembic_version"

// versionTable is a name that needs no thought about quoting: it is quoted all the same.
var versionTable = regex.New(`^([A-Za-z_][A-Za-z0-9_$]*\.)?[A-Za-z_][A-Za-z0-9_$]*$`)

// ValidTable says that a version table's name, with its schema or without, is
// one that may be asked for.
func ValidTable(name string) bool {
	return len(name) <= 127 && versionTable.MatchString(name)
}

// RedisInfo are the fields of INFO that are kept.
var RedisInfo = []string{"redis_version", "redis_mode", "valkey_version", "server_name", "config_file", "uptime_in_seconds", "connected_clients", "maxclients",
	"rejected_connections", "used_memory", "maxmemory", "maxmemory_policy", "evicted_keys", "loading", "rdb_last_save_time", "rdb_last_bgsave_status",
	"aof_enabled", "aof_last_write_status", "role", "master_link_status", "master_host"}

// RedisConfig are the settings that CONFIG GET is asked for; of requirepass
// only whether it is set.
var RedisConfig = []string{"maxmemory", "maxmemory-policy", "save", "appendonly", "bind", "protected-mode", "requirepass", "timeout", "databases"}

// RedisCommands are all that is said to a Redis, after the login that the URL holds.
func RedisCommands() []string {
	out := []string{"PING", "INFO", "ACL WHOAMI"}
	for _, c := range RedisConfig {
		out = append(out, "CONFIG GET "+c)
	}
	return append(out, "SCAN 0 COUNT 200")
}

// RedisStranger is said on a connection of its own, without the password.
const RedisStranger = "PING"

// RedisKeys is about how many keys are looked at, a part for each SCAN.
const RedisKeys = 1000

// keyKinds are the names of keys by who writes them: Flask-Session 0.3 to 0.8,
// kombu 5 (its queues' names are the app's own, its bindings are not), RQ 1.13,
// Celery 5, limits 2.8 and 3, Flask-Caching 2.0.
var keyKinds = map[string][]string{
	"sessions": {"session:"},
	"queue":    {"_kombu.", "unacked", "rq:queue", "rq:job", "celery"},
	"results":  {"celery-task-meta-", "celery-taskset-meta-"},
	"limits":   {"LIMITER", "LIMITS:"},
	"cache":    {"flask_cache_"},
}

// KeyKind says what a key is for by its name: sessions, queue, results, limits,
// cache, or other.
func KeyKind(key string) string {
	for _, kind := range []string{"results", "sessions", "queue", "limits", "cache"} {
		for _, begin := range keyKinds[kind] {
			if key == "celery" && kind == "queue" || begin != "celery" && strings.HasPrefix(key, begin) {
				return kind
			}
		}
	}
	return "other"
}
