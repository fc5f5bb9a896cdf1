package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/syntax/dsn"
	"assay/internal/syntax/shell"
)

// Dumper is a job that copies a database, as far as its text tells.
type Dumper struct {
	Job    *Job
	Kind   string // of database
	Tool   string // pg_dump ...
	Source fact.Source
	// Bases are the databases that it names; empty when that cannot be told.
	Bases   []string
	All     bool // every database of its server
	Targets []Target
	// Kept: the tool keeps its backups in a repository of its own format.
	Kept bool
	// Raw: a live SQLite file is copied as any file is.
	Raw bool
}

// Target is where a dump is written: a folder, and a pattern of the name.
type Target struct{ Folder, Name string }

// dumpTools are the programs that take a database's data out of it, whole.
var dumpTools = map[string]struct {
	kind string
	all  bool
	kept bool
}{
	"pg_dump": {kind: "PostgreSQL"}, "pg_dumpall": {kind: "PostgreSQL", all: true},
	"pg_basebackup": {"PostgreSQL", true, true}, "pg_backupcluster": {"PostgreSQL", true, true}, "pgbackrest": {"PostgreSQL", true, true},
	"barman": {"PostgreSQL", true, true}, "barman-cloud-backup": {"PostgreSQL", true, true}, "wal-g": {"PostgreSQL", true, true}, "wal-e": {"PostgreSQL", true, true},
	"pg_probackup": {"PostgreSQL", true, true}, "autopostgresqlbackup": {"PostgreSQL", true, true},
	"mysqldump": {kind: "MySQL"}, "mariadb-dump": {kind: "MySQL"},
	"mydumper": {"MySQL", true, true}, "xtrabackup": {"MySQL", true, true}, "mariabackup": {"MySQL", true, true}, "mariadb-backup": {"MySQL", true, true}, "automysqlbackup": {"MySQL", true, true},
	"sqlite3": {kind: "SQLite"}, "litestream": {"SQLite", true, true},
}

// asked are the words behind which a tool's name is no call of it.
var asked = []string{"-v", "which", "type", "hash", "install", "echo", "test", "-x", "command"}

// dumpers reads a job's lines for tools.
func dumpers(j *Job) []*Dumper {
	out := map[string]*Dumper{}
	dir := j.Dir
	for _, l := range j.lines {
		words := unfold(l.words, 0)
		for i, w := range words {
			if i > 0 && words[i-1] == "cd" && path.IsAbs(w) {
				dir = w
			}
			tool, known := dumpTools[path.Base(w)]
			if !known || i > 0 && slices.Contains(asked, words[i-1]) {
				continue
			}
			args := words[i+1:]
			if end := slices.IndexFunc(args, shell.Operator); end >= 0 {
				args = args[:end]
			}
			d := &Dumper{Job: j, Kind: tool.kind, Tool: path.Base(w), Source: l.source, All: tool.all, Kept: tool.kept}
			if !d.arguments(args) {
				continue
			}
			if was := out[d.Kind]; was != nil {
				was.Bases, was.All, was.Kept = append(was.Bases, d.Bases...), was.All || d.All, was.Kept && d.Kept
				d = was
			}
			out[d.Kind] = d
		}
	}
	var list []*Dumper
	for _, k := range sortedKeys(out) {
		d := out[k]
		d.Targets = targets(j, dir)
		list = append(list, d)
	}
	return list
}

// unfold takes words apart that are commands themselves: su -c "pg_dump shop".
func unfold(words []string, depth int) []string {
	var out []string
	for _, w := range words {
		if depth < 3 && strings.Contains(w, " ") && (toolInside.MatchString(w) || sqlInside.MatchString(w)) {
			out = append(out, unfold(shell.Words(w), depth+1)...)
			continue
		}
		out = append(out, w)
	}
	return out
}

var (
	toolInside = regex.New(`(^|[\s/;|&(])(pg_\w+|pgbackrest|barman|wal-[ge]|mysqldump|mariadb-dump|sqlite3)\s`)
	sqlInside  = regex.New(`(?i)^\s*(\.backup|\.dump|\.clone|vacuum\s+into)\b`)
	noData     = []string{"-s", "--schema-only", "--no-data", "--globals-only", "-g", "--roles-only", "--version", "-V", "--help"}
)

// arguments reads which database a tool is told; false: it takes no data out.
func (d *Dumper) arguments(args []string) bool {
	for i, a := range args {
		if slices.Contains(noData, a) && d.Kind != "SQLite" || d.Tool == "mysqldump" && a == "-d" {
			return false
		}
		if a == "--all-databases" || a == "-A" {
			d.All = true
		}
		if strings.HasPrefix(a, "--dbname=") {
			d.base(strings.TrimPrefix(a, "--dbname="))
		} else if (a == "-d" || a == "--dbname") && i+1 < len(args) && d.Tool == "pg_dump" {
			d.base(args[i+1])
		}
	}
	switch {
	case d.Tool == "sqlite3":
		return d.sqlite(args)
	case d.Kept && d.Tool != "pg_basebackup":
		return slices.ContainsFunc(args, func(a string) bool { return slices.Contains(keeps, a) }) || len(args) == 0 || strings.HasPrefix(d.Tool, "auto")
	case d.All:
		return true
	}
	for _, p := range positional(args) {
		d.base(p)
		if d.Tool == "pg_dump" || !slices.Contains(args, "--databases") && !slices.Contains(args, "-B") {
			break
		}
	}
	return true
}

// keeps are the orders at which such a tool makes a backup, and not a list of them.
var keeps = []string{"backup", "backup-push", "replicate", "--backup", "createcluster", "basebackup", "dump", "cron", "receive-wal", "archive-push"}

func (d *Dumper) sqlite(args []string) bool {
	does := slices.ContainsFunc(args, func(a string) bool {
		return a == ".backup" || a == ".dump" || a == ".clone" || strings.EqualFold(a, "vacuum")
	})
	for _, p := range positional(args) {
		if !strings.HasPrefix(p, ".") {
			d.base(p)
			break
		}
	}
	return does
}

// base notes a database that is named: a URL names it by its path.
func (d *Dumper) base(name string) {
	if u, err := dsn.Parse(name); err == nil {
		name = u.Path
	}
	if strings.Contains(name, "=") { // dbname=shop host=...
		for _, kv := range strings.Fields(name) {
			if v, ok := strings.CutPrefix(kv, "dbname="); ok {
				name = v
			}
		}
	}
	if !strings.ContainsAny(name, "$*=") && name != "" {
		d.Bases = append(d.Bases, name)
	}
}

// takesValue are the options of pg_dump and mysqldump whose value is a word of its own.
var takesValue = []string{"-h", "-p", "-U", "-u", "-f", "-F", "-j", "-Z", "-E", "-n", "-N", "-t", "-T", "-w", "-P", "-S", "-r", "-D", "-d", "-o",
	"--host", "--port", "--username", "--user", "--file", "--format", "--jobs", "--compress", "--dbname", "--socket", "--result-file", "--defaults-file", "-cmd", ">", ">>", "<", "2>", ">&"}

// positional are the words that are neither options nor their values.
func positional(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case slices.Contains(takesValue, a):
			i++
		case strings.HasPrefix(a, "-"):
		default:
			out = append(out, a)
		}
	}
	return out
}

// writes are the words before which a file's name stands that a job writes.
var writes = []string{">", ">>", "-f", "--file", "-r", "--result-file", "-D", "--pgdata", "--target-dir", "-o", "--output", "tee", ".backup", ".clone", "into", "INTO", "main"}

// targets are the files that a job writes, logs aside.
func targets(j *Job, dir string) []Target {
	var out []Target
	for _, l := range j.lines {
		words := unfold(l.words, 0)
		for i, w := range words {
			name := ""
			switch {
			case i > 0 && slices.Contains(writes, words[i-1]), len(words) > 2 && path.Base(words[0]) == "mv" && i == len(words)-1:
				name = w
			case strings.HasPrefix(w, "-f/"), strings.HasPrefix(w, "-r/"), strings.HasPrefix(w, "-D/"):
				name = w[2:]
			case strings.HasPrefix(w, "of="), strings.HasPrefix(w, "--file="), strings.HasPrefix(w, "--result-file="), strings.HasPrefix(w, "--target-dir="), strings.HasPrefix(w, "--output="):
				_, name, _ = strings.Cut(w, "=")
			}
			if t, ok := target(name, dir); ok && !slices.Contains(out, t) && len(out) < 6 {
				out = append(out, t)
			}
		}
	}
	return out
}

var unknownPart = regex.New(`\$\{?[A-Za-z_0-9@#]+[^}/]*\}?|%[A-Za-z]`)

// target is the folder down to the first part that only running would tell.
func target(name, dir string) (Target, bool) {
	name = unknownPart.ReplaceAllString(strings.TrimRight(name, ";"), "*")
	if name == "" || name == "-" || strings.HasPrefix(name, "&") {
		return Target{}, false
	}
	if !path.IsAbs(name) {
		if !path.IsAbs(dir) || strings.HasPrefix(name, "*") {
			return Target{}, false
		}
		name = path.Join(dir, name)
	}
	for _, no := range []string{"/dev/", "/proc/", "/sys/", "/var/log/", "/run/"} {
		if strings.HasPrefix(name, no) {
			return Target{}, false
		}
	}
	name = path.Clean(name)
	folder := path.Dir(name)
	if i := strings.IndexByte(folder, '*'); i >= 0 {
		folder = path.Dir(folder[:i] + "x")
	}
	if folder == "/" || strings.HasSuffix(name, ".log") {
		return Target{}, false
	}
	return Target{folder, path.Base(name)}, true
}
