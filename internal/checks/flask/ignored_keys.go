package flask

import (
	"encoding/json"
	"slices"
	"strings"

	"assay/internal/model"
	"assay/internal/tape"
)

// retired are keys that a version stopped reading. Each row was looked up in the
// package's source before and after: Flask 2.2.2 and 3.1.1, Flask-SQLAlchemy
// 3.0.3 and 3.1.1, Flask-Limiter 3.3.0.
var retired = []struct {
	dist, name   string
	major, minor int // from this version on
	key          string
	instead      string
	engine       func(tape.Engine) float64 // what the key was for, as the engine has it
	plain        string                    // a value that changes nothing, in JSON
	slight       bool                      // it changes how answers look, and nothing else
}{
	{dist: "flask-sqlalchemy", name: "Flask-SQLAlchemy", major: 3, key: "SQLALCHEMY_POOL_SIZE", instead: "pool_size", engine: func(e tape.Engine) float64 { return float64(e.Size) }},
	{dist: "flask-sqlalchemy", name: "Flask-SQLAlchemy", major: 3, key: "SQLALCHEMY_MAX_OVERFLOW", instead: "max_overflow", engine: func(e tape.Engine) float64 { return float64(e.Overflow) }},
	{dist: "flask-sqlalchemy", name: "Flask-SQLAlchemy", major: 3, key: "SQLALCHEMY_POOL_TIMEOUT", instead: "pool_timeout", engine: func(e tape.Engine) float64 { return e.Timeout }},
	{dist: "flask-sqlalchemy", name: "Flask-SQLAlchemy", major: 3, key: "SQLALCHEMY_POOL_RECYCLE", instead: "pool_recycle", engine: func(e tape.Engine) float64 { return float64(e.Recycle) }},
	// 3.0 still reads it, with a warning.
	{dist: "flask-sqlalchemy", name: "Flask-SQLAlchemy", major: 3, minor: 1, key: "SQLALCHEMY_COMMIT_ON_TEARDOWN", instead: "db.session.commit() in the views", plain: "false"},
	{dist: "flask-limiter", name: "Flask-Limiter", major: 3, key: "RATELIMIT_STORAGE_URL", instead: "RATELIMIT_STORAGE_URI"},
	{dist: "flask", name: "Flask", major: 2, minor: 3, key: "JSON_AS_ASCII", instead: "app.json.ensure_ascii", plain: "true", slight: true},
	{dist: "flask", name: "Flask", major: 2, minor: 3, key: "JSON_SORT_KEYS", instead: "app.json.sort_keys", plain: "true", slight: true},
	{dist: "flask", name: "Flask", major: 2, minor: 3, key: "JSONIFY_MIMETYPE", instead: "app.json.mimetype", plain: `"application/json"`, slight: true},
	{dist: "flask", name: "Flask", major: 2, minor: 3, key: "JSONIFY_PRETTYPRINT_REGULAR", instead: "app.json.compact", plain: "false", slight: true},
}

// unread says that the installed version does not read a key, and that it makes
// a difference.
func unread(app *model.App, c tape.AppSetting) (ignored, bool) {
	for _, r := range retired {
		version := app.Dists[r.dist]
		if r.key != c.Key || !model.AtLeast(version, r.major, r.minor) || c.Default || string(c.Value) == r.plain || string(c.Value) == "null" {
			continue
		}
		if r.engine != nil && !differs(app, c, r.engine) {
			continue
		}
		return ignored{c, r.name + " " + version, r.instead, r.engine != nil, r.slight}, true
	}
	return ignored{}, false
}

// differs compares with the engine that there really is.
func differs(app *model.App, c tape.AppSetting, of func(tape.Engine) float64) bool {
	var want float64
	if json.Unmarshal(c.Value, &want) != nil {
		return true
	}
	for _, e := range app.Engines {
		if e.Bind == "default" && e.Pool == "QueuePool" {
			return of(e) != want
		}
	}
	return false
}

// known are keys that are long enough to be mistyped and not mistaken, with the
// package that reads them.
var known = map[string][]string{
	"flask": {"MAX_CONTENT_LENGTH", "PERMANENT_SESSION_LIFETIME", "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_NAME",
		"SESSION_COOKIE_PATH", "SESSION_COOKIE_SAMESITE", "SESSION_COOKIE_SECURE", "SESSION_REFRESH_EACH_REQUEST", "PREFERRED_URL_SCHEME",
		"SEND_FILE_MAX_AGE_DEFAULT", "TEMPLATES_AUTO_RELOAD", "PROPAGATE_EXCEPTIONS"},
	"flask-sqlalchemy": {"SQLALCHEMY_BINDS", "SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_ECHO", "SQLALCHEMY_ENGINE_OPTIONS", "SQLALCHEMY_RECORD_QUERIES",
		"SQLALCHEMY_TRACK_MODIFICATIONS"},
	"flask-login": {"REMEMBER_COOKIE_DOMAIN", "REMEMBER_COOKIE_DURATION", "REMEMBER_COOKIE_HTTPONLY", "REMEMBER_COOKIE_NAME", "REMEMBER_COOKIE_PATH",
		"REMEMBER_COOKIE_REFRESH_EACH_REQUEST", "REMEMBER_COOKIE_SAMESITE", "REMEMBER_COOKIE_SECURE"},
}

// later are keys of other versions, which are no mistakes of spelling.
var later = []string{"SESSION_COOKIE_PARTITIONED", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS", "MAX_COOKIE_SIZE", "SECRET_KEY_FALLBACKS", "TRUSTED_HOSTS"}

// misspelt finds a key that is one or two letters from exactly one that the
// installed packages read and that is not set.
func misspelt(app *model.App, c tape.AppSetting) (ignored, bool) {
	if len(c.Key) < 12 || c.Default || c.At == nil && c.By == nil || slices.Contains(later, c.Key) || readByApp(app, c.Key) {
		return ignored{}, false
	}
	near := ""
	for dist, keys := range known {
		if app.Dists[dist] == "" {
			continue
		}
		if slices.Contains(keys, c.Key) {
			return ignored{}, false
		}
		for _, k := range keys {
			if d := distance(c.Key, k); d > 0 && d <= 2 {
				if near != "" {
					return ignored{}, false
				}
				near = k
			}
		}
	}
	if right, ok := app.Setting(near); near == "" || ok && (right.By != nil || right.At != nil) {
		return ignored{}, false
	}
	return ignored{setting: c, instead: near}, true
}

// readByApp: a variable of the same name is the app's own word for it.
func readByApp(app *model.App, key string) bool {
	return slices.ContainsFunc(app.Env, func(e tape.EnvRead) bool { return e.Key == key && e.Set })
}

// distance counts insertions, deletions, changes and swaps of neighbours.
func distance(a, b string) int {
	if n := len(a) - len(b); n > 2 || n < -2 || strings.EqualFold(a, b) {
		return 3
	}
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now := make([]int, len(b)+1)
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last = last, now
	}
	return last[len(b)]
}
