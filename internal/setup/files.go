package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"assay/internal/plan"
	"assay/internal/syntax/envfile"
)

// value is what a variable is to be, where its name says what it means; "" where
// nobody can know. A secret is made when the plan is carried out.
func (i Intent) value(name string, a App) string {
	if v, ok := i.Env[name]; ok {
		return v
	}
	switch {
	case slices.Contains([]string{"SECRET_KEY", "FLASK_SECRET_KEY", "APP_SECRET_KEY", "JWT_SECRET_KEY", "SECURITY_PASSWORD_SALT", "WTF_CSRF_SECRET_KEY", "SALT"}, name):
		return plan.Secret
	case slices.Contains(DatabaseNames, name):
		return i.database(a)
	case slices.Contains([]string{"UPLOAD_FOLDER", "UPLOADS_FOLDER", "UPLOAD_DIR", "UPLOADS_DIR", "MEDIA_ROOT", "FLASK_UPLOAD_FOLDER"}, name):
		return i.uploads()
	case slices.Contains([]string{"DATA_DIR", "DATA_FOLDER"}, name):
		return i.data()
	case name == "PREFERRED_URL_SCHEME":
		return "https"
	}
	return i.redisURL(name)
}

// DatabaseNames are the variables that name an app's database.
var DatabaseNames = []string{"DATABASE_URL", "SQLALCHEMY_DATABASE_URI", "FLASK_SQLALCHEMY_DATABASE_URI", "DATABASE_URI", "DB_URL"}

// database is the URL of the app's own; PostgreSQL knows the account by the
// socket (peer), so that no password stands anywhere.
func (i Intent) database(a App) string {
	switch i.Store {
	case PostgreSQL:
		driver := "postgresql"
		if !a.Has("psycopg2", "psycopg2-binary") {
			driver = "postgresql+psycopg"
			if a.Has("pg8000") {
				driver = "postgresql+pg8000"
			}
		}
		if driver == "postgresql+pg8000" {
			return fmt.Sprintf("%s://%s@/%s?unix_sock=/run/postgresql/.s.PGSQL.5432", driver, i.account(), i.account())
		}
		return fmt.Sprintf("%s://%s@/%s?host=/run/postgresql", driver, i.account(), i.account())
	case SQLite:
		return "sqlite:///" + i.sqlite()
	}
	return ""
}

// account is the app's user, its group, its role and its database.
func (i Intent) account() string { return i.Name }

// list is where pip finds the app's packages: beside its code, or written out.
func (i Intent) list(a App) string {
	if a.Locked == "" {
		return a.List
	}
	return i.conf() + "/requirements.txt"
}

// variables are what the app asks for and is known, and what was given.
func (i Intent) variables(a App) string {
	values := maps.Clone(i.Env)
	if values == nil {
		values = map[string]string{}
	}
	for _, n := range append(slices.Clone(a.Needs), a.Asks...) {
		if v := i.value(n, a); v != "" {
			values[n] = v
		}
	}
	if a.Has("flask") && len(a.Needs)+len(a.Asks) == 0 { // it may read them with a prefix
		values["FLASK_SECRET_KEY"] = plan.Secret
	}
	var b strings.Builder
	for _, n := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&b, "%s=%s\n", n, envfile.Quote(values[n]))
	}
	return b.String()
}

// workers is what a machine can carry: twice its CPUs and one, as gunicorn's own
// documentation has it, if each has 200 MB, and no more than PostgreSQL's hundred
// connections allow for pools of SQLAlchemy's size (5, and 10 more).
func workers(m Machine) int {
	n := 2*m.CPUs + 1
	if m.Memory > 0 {
		n = min(n, int(m.Memory/(200<<20)))
	}
	return max(2, min(n, 6))
}

func (i Intent) gunicorn(m Machine) string {
	n := workers(m)
	return fmt.Sprintf(`# %s, as the service %s reads it. The unit says which app, and where it listens.

# Two for each of %d CPUs and one more, as far as memory and database go.
workers = %d
# A worker that has not answered for so long is replaced ...
timeout = 30
# ... and one that is to go may finish what it does. systemd waits longer.
graceful_timeout = 25
# A leak ends with its worker; not all end at once.
max_requests = 2000
max_requests_jitter = 200
# Heartbeats in memory: on a busy disk a worker would seem to hang.
worker_tmp_dir = "/dev/shm"
# nginx comes to the socket by the group of its folder.
umask = 0o007
`, i.Domains[0], i.Template(), m.CPUs, n)
}

func (i Intent) service(a App) string {
	var stores []string
	if i.Store == PostgreSQL {
		stores = append(stores, "postgresql.service")
	}
	if i.Redis {
		stores = append(stores, i.redisUnit())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[Unit]\nDescription=%s, release %%i\nAfter=%s\n", i.Name, strings.Join(append([]string{"network.target"}, stores...), " "))
	if len(stores) > 0 {
		fmt.Fprintf(&b, "Wants=%s\n", strings.Join(stores, " "))
	}
	fmt.Fprintf(&b, `
[Service]
Type=notify
User=%[1]s
Group=%[1]s
WorkingDirectory=%[2]s/%%i
EnvironmentFile=%[3]s
`, i.account(), i.Releases(), i.EnvFile())
	if a.numbers() {
		fmt.Fprintf(&b, `# Numbers that the workers share, gone when the service stops.
RuntimeDirectory=%[1]s-metrics/%%i
RuntimeDirectoryMode=0750
Environment=PROMETHEUS_MULTIPROC_DIR=/run/%[1]s-metrics/%%i
`, i.Name)
	}
	fmt.Fprintf(&b, `ExecStart=%[1]s/%%i/venv/bin/gunicorn --config %[2]s/gunicorn.conf.py --bind unix:%[3]s/%%i.sock %[4]s
ExecReload=/bin/kill -s HUP $MAINPID
# The main process first: it lets its workers finish.
KillMode=mixed
TimeoutStopSec=35
Restart=on-failure
RestartSec=1
# What the app writes is nobody else's but nginx's, by the group.
UMask=0027

NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=%[5]s
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
LockPersonality=yes
CapabilityBoundingSet=
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`, i.Releases(), i.conf(), i.Run(), quotedEntry(i.Entry), strings.Join(append([]string{i.Run()}, i.writable(a)...), " "))
	return b.String()
}

func quotedEntry(e string) string {
	if strings.Contains(e, "(") {
		return "'" + e + "'"
	}
	return e
}

// writable are the app's own folders.
func (i Intent) writable(a App) []string {
	var out []string
	if i.hasUploads(a) {
		out = append(out, i.uploads())
	}
	if i.Store == SQLite {
		out = append(out, i.data())
	}
	return out
}

func (i Intent) hasUploads(a App) bool {
	return slices.ContainsFunc(append(slices.Clone(a.Needs), a.Asks...), func(n string) bool { return i.value(n, a) == i.uploads() })
}

// tmpfiles makes the folder of the sockets, at each boot. It is not the unit's own
// (RuntimeDirectory=): two releases share it, and the one that stops would take it
// away. Its group is nginx's, and so is that of what is made in it.
func (i Intent) tmpfiles() string {
	return fmt.Sprintf("# The sockets of %s: nginx comes in by the group.\nd %s 2750 %s www-data -\n", i.Name, i.Run(), i.account())
}

// Shown is a plan as anybody may see it: without the values that were given.
func Shown(p plan.Plan, i Intent) plan.Plan {
	p.Parts = slices.Clone(p.Parts)
	for k := range p.Parts {
		p.Parts[k].Steps = slices.Clone(p.Parts[k].Steps)
		for n := range p.Parts[k].Steps {
			s := &p.Parts[k].Steps[n]
			if s.Path != i.EnvFile() {
				continue
			}
			lines := strings.Split(s.Body, "\n")
			for l, text := range lines {
				name, _, _ := strings.Cut(text, "=")
				if _, given := i.Env[name]; given {
					lines[l] = name + "=[given]"
				}
			}
			s.Body = strings.Join(lines, "\n")
		}
	}
	return p
}
