package model

import (
	"cmp"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Backup is what this host does to keep one database of an app.
type Backup struct {
	Store   *Store
	Here    bool // the database is this machine's
	Dumpers []*Dumping
	// Searched is unknown when some place where a backup could be made was not
	// seen: that none was found then says nothing.
	Searched fact.Of[bool]
	Doubts   []fact.Source   // what may be a backup and cannot be told
	Said     fact.Of[string] // by what else it is backed up, as declared
	Now      time.Time
}

// Dumping is a dumper with what it has made.
type Dumping struct {
	*Dumper
	Unit  fact.Of[facts.Props] // of the service that a timer starts
	Files fact.Of[[]Dumped]    // that it wrote, the newest first; Absent: it writes no file here
}

// Dumped is one file with its folder.
type Dumped struct {
	tape.Dump
	Folder string
}

// File is its path.
func (d Dumped) File() string { return path.Join(d.Folder, d.Path) }

// Subject is the database.
func (x *Backup) Subject() string { return x.Name() }

// Name is the database as people say it.
func (x *Backup) Name() string {
	if x.Store.Kind == "SQLite" {
		return "SQLite " + x.Store.Addr
	}
	return x.Store.Kind + " " + cmp.Or(x.Store.Database, "at "+x.Store.Addr)
}

// Node is the database's backup, on which no request stands.
func (x *Backup) Node() Node { return Node("backup:" + x.Name()) }

// Backups are the databases of the app.
func (d *Deployment) Backups() fact.Of[[]*Backup] {
	return of(d, func() fact.Of[[]*Backup] { return d.backups })
}

// backups looks for what copies the apps' databases. It is asked last: nothing
// else waits for it.
func (b *builder) backups() {
	kinds := map[string]bool{}
	for _, d := range b.m.Deployments {
		d.backups = fact.Known[[]*Backup](nil)
		if d.Server == nil || d.Contained() {
			continue
		}
		d.backups = fact.Then(d.Server.Stores, func(stores []*Store) []*Backup {
			var out []*Backup
			for _, s := range stores {
				if s.SQLKind() && s.Addr != "in memory" && !slices.ContainsFunc(out, func(o *Backup) bool { return o.Name() == (&Backup{Store: s}).Name() }) {
					out = append(out, &Backup{Store: s, Here: s.Local || b.own(s.Host), Said: d.Declared.Backups, Now: b.m.Machine.Now})
					kinds[family(s.Kind)] = true
				}
			}
			return out
		})
	}
	if len(kinds) == 0 {
		return
	}
	found := facts.Remember(b.f, "jobs", b.copiers)
	unseen := slices.Clone(found.unseen)
	var all []*Dumping
	for _, d := range found.dumpers {
		all = append(all, b.dumping(d, &unseen))
	}
	doubts := append(slices.Clone(found.doubts), b.agents()...)
	for _, d := range b.m.Deployments {
		own, _ := d.backups.Look(&b.notes)
		for _, x := range own {
			x.fill(all, doubts, unseen, found.looked)
		}
	}
}

// copiers is what runs by the clock, as far as it may copy a database.
type copiers struct {
	dumpers []*Dumper
	doubts  []fact.Source
	unseen  []fact.Why
	looked  fact.Source
}

func (b *builder) copiers() copiers {
	all := facts.Remember(b.f, "clock", b.clock)
	out := copiers{unseen: all.unseen, looked: jobsSource(all.jobs)}
	for _, j := range all.jobs {
		found := append(dumpers(j), rawCopies(j)...)
		if out.dumpers = append(out.dumpers, found...); len(found) == 0 && doubtful(j) {
			out.doubts = append(out.doubts, j.Place)
		}
	}
	return out
}

// family takes MariaDB for the MySQL that its tools know.
func family(kind string) string {
	if kind == "MariaDB" {
		return "MySQL"
	}
	return kind
}

func jobsSource(list []*Job) fact.Source {
	timers := 0
	for _, j := range list {
		if j.Service != "" {
			timers++
		}
	}
	return fact.Source{Where: "timers and crontabs", Text: fmt.Sprintf("%d timers and %d cron jobs, with the scripts that they name", timers, len(list)-timers)}
}

func (x *Backup) fill(all []*Dumping, doubts []fact.Source, unseen []fact.Why, looked fact.Source) {
	x.Doubts, x.Searched = doubts, fact.Known(true, looked)
	if len(unseen) > 0 {
		x.Searched = fact.Unknown[bool](unseen[0])
	}
	for _, d := range all {
		if d.Kind == family(x.Store.Kind) && (!d.Raw || x.is(d.Bases[0])) {
			x.Dumpers = append(x.Dumpers, d)
		}
	}
}

// own says that a host's name or address is this machine's.
func (b *builder) own(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return b.ownAddress(ip)
	}
	return host != "" && strings.EqualFold(host, b.m.Machine.Hostname)
}

// dumping asks for what a dumper has made and how its service ended last.
func (b *builder) dumping(d *Dumper, unseen *[]fact.Why) *Dumping {
	x := &Dumping{Dumper: d, Unit: fact.Absent[facts.Props](), Files: fact.Absent[[]Dumped]()}
	if d.Raw {
		return x
	}
	if d.Job.Service != "" {
		x.Unit = b.f.Unit(d.Job.Service)
	}
	if len(d.Targets) == 0 {
		return x
	}
	var files []Dumped
	var src []fact.Source
	for _, t := range d.Targets {
		var n fact.Notes
		list, state := b.f.Dumps(t.Folder).Look(&n)
		if state == fact.IsUnknown {
			x.Files = fact.Unknown[[]Dumped](n.Why())
			*unseen = append(*unseen, n.Why())
			return x
		}
		for _, f := range list {
			if t.wrote(f.Path) && !slices.ContainsFunc(files, func(o Dumped) bool { return o.File() == path.Join(t.Folder, f.Path) }) {
				files = append(files, Dumped{f, t.Folder})
			}
		}
		src = append(src, n.Sources...)
	}
	slices.SortStableFunc(files, func(a, b Dumped) int { return b.MTime.Compare(a.MTime) })
	x.Files = fact.Known(files, src...)
	return x
}

// wrote says that a file's name is one that the target would give, whatever
// packs or encrypts it afterwards.
func (t Target) wrote(file string) bool {
	base := path.Base(file)
	for _, p := range []string{t.Name, t.Name + ".*"} {
		if ok, err := path.Match(p, base); ok && err == nil {
			return true
		}
	}
	return base == "toc.dat" || base == "base.tar" || base == "base.tar.gz"
}

// Is says whether a file holds the database: yes, no, or it does not say.
func (x *Backup) Is(d *Dumping, f Dumped) (holds, told bool) {
	switch {
	case f.Kind == "pg_dumpall" || d.All:
		return true, true
	case f.Kind == "mysqldump" && f.Database == "":
		return true, len(d.Bases) == 0 || slices.ContainsFunc(d.Bases, x.is)
	case f.Database != "":
		return x.is(f.Database), true
	case len(d.Bases) > 0:
		return slices.ContainsFunc(d.Bases, x.is), true
	}
	return true, false
}

func (x *Backup) is(name string) bool {
	if x.Store.Kind == "SQLite" {
		return path.Base(name) == path.Base(x.Store.Addr)
	}
	return name == x.Store.Database
}

// backupWord is what people call such a job.
var backupWord = regex.New(`(?i)back[-_ ]?up|(^|[^a-z])(dump|bkp|restic|borg|borgmatic|rsnapshot|duplicity|duply|kopia|sanoid|zfs-auto-snapshot|snapper|bacula|bareos|tarsnap|snapshot)([^a-z]|$)|sicherung|sauvegarde`)

// packaged are jobs of Debian's own that bear such a name.
var packaged = []string{"dpkg-db-backup.timer", "/etc/cron.daily/dpkg", "/etc/cron.daily/passwd", "snapd.snap-repair.timer", "e2scrub_all.timer"}

func doubtful(j *Job) bool {
	if slices.Contains(packaged, j.Name) {
		return false
	}
	return backupWord.MatchString(j.Name) || backupWord.MatchString(j.Command) ||
		slices.ContainsFunc(j.lines, func(l jobLine) bool { return len(l.words) > 0 && backupWord.MatchString(path.Base(l.words[0])) })
}

// backupAgents are programs that are told from elsewhere what to keep.
var backupAgents = []string{"bacula-fd", "bareos-fd", "veeamservice", "veeamdeployment", "urbackupclientb", "amandad", "dsmc", "litestream", "pg_receivewal", "barman", "nbdisco", "cvd", "zrepl"}

func (b *builder) agents() []fact.Source {
	var n fact.Notes
	procs, _ := b.f.Procs().Look(&n)
	var out []fact.Source
	for _, p := range procs {
		if slices.Contains(backupAgents, p.Comm) {
			out = append(out, facts.ProcSource(p))
		}
	}
	return out
}

// rawCopies are lines that copy a file of SQLite's kind as any other file.
func rawCopies(j *Job) []*Dumper {
	var out []*Dumper
	for _, l := range j.lines {
		if len(l.words) < 3 || !slices.Contains([]string{"cp", "rsync", "scp", "tar", "gzip", "zip", "install"}, path.Base(l.words[0])) {
			continue
		}
		for _, w := range l.words[1:] {
			if !databaseFile.MatchString(w) || strings.ContainsAny(w, "*$") {
				continue
			}
			d := &Dumper{Job: j, Kind: "SQLite", Tool: path.Base(l.words[0]), Source: l.source, Bases: []string{w}, Raw: true}
			if t, ok := target(l.words[len(l.words)-1], j.Dir); ok && l.words[len(l.words)-1] != w {
				d.Targets = []Target{t, {path.Join(t.Folder, t.Name), path.Base(w)}}
			}
			out = append(out, d)
			break
		}
	}
	return out
}

var databaseFile = regex.New(`\.(db|sqlite|sqlite3|db3)$`)

// When says how old something is, as people say it.
func (x *Backup) When(t time.Time) string {
	h := int(x.Now.Sub(t).Hours())
	if h < 48 {
		return fmt.Sprintf("%d hours", h)
	}
	return fmt.Sprintf("%d days", h/24)
}
