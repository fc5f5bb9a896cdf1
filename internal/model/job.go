package model

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/syntax/cron"
	"assay/internal/syntax/shell"
	syntax "assay/internal/syntax/unit"
	"assay/internal/tape"
)

// Job is what a timer or cron runs, with the text of the scripts that it names.
type Job struct {
	Name    string // shop-backup.timer, /etc/cron.d/shop, root's crontab
	Place   fact.Source
	Service string // that a timer starts, "" for cron
	Command string
	Never   string    // why it does not run by itself, "" when it does
	Last    time.Time // when its timer last elapsed
	Dir     string    // it starts in
	User    string
	vars    map[string]string // that it starts with
	lines   []jobLine
	left    bool // to a timer, where systemd runs
}

// jobLine is one line of a job's own commands or of a script's.
type jobLine struct {
	words  []string
	source fact.Source
}

const (
	maxScripts = 4 // read of one job
	maxJobs    = 400
)

// jobs finds everything that runs by the clock. What could not be looked into
// comes back beside: somewhere in there a job may hide.
func (b *builder) jobs() (out []*Job, unseen []fact.Why) {
	var n fact.Notes
	out = append(b.timerJobs(&n), b.cronJobs(&n)...)
	if len(out) > maxJobs {
		out = out[:maxJobs]
	}
	return out, n.Whys
}

func (b *builder) timerJobs(n *fact.Notes) []*Job {
	timers, _ := b.f.Timers().Look(n)
	var out []*Job
	seen := map[string]bool{}
	for _, t := range timers {
		seen[t["Id"]] = true
		j := &Job{Name: t["Id"], Service: t["Unit"], Last: t.LastTrigger(),
			Place: fact.Source{Where: "systemctl show " + t["Id"], Text: fmt.Sprintf("ActiveState=%s UnitFileState=%s Unit=%s", t["ActiveState"], t["UnitFileState"], t["Unit"]), Ask: tape.Ask{Kind: tape.KindCommand, Name: "timers"}}}
		if t["ActiveState"] != "active" {
			j.Never = t["Id"] + " is " + t["ActiveState"]
		}
		if j.Service == "" { // masked
			j.Service = strings.TrimSuffix(t["Id"], ".timer") + ".service"
		}
		b.serviceLines(j, n)
		out = append(out, j)
	}
	files, _ := b.f.Glob("/etc/systemd/system/*.timer").Look(n)
	for _, f := range files {
		name := path.Base(f)
		var own fact.Notes
		text, state := b.f.File(f).Look(&own)
		if state == fact.IsUnknown {
			if st, seen := b.f.Stat(f, false).Look(&own); seen == fact.IsKnown && st.Real == "/dev/null" {
				continue // masked
			}
		}
		n.Whys = append(n.Whys, own.Whys...)
		if seen[name] || state != fact.IsKnown || strings.Contains(name, "@.") {
			continue
		}
		j := &Job{Name: name, Service: strings.TrimSuffix(name, ".timer") + ".service", Never: name + " is not started", Place: fact.Source{Where: f, Text: "not loaded", Ask: tape.Ask{Kind: tape.KindFile, Name: f}}}
		if s, ok := syntax.Merge(syntax.Parse(f, text)).Last("Timer", "Unit"); ok {
			j.Service = s.Value
		}
		b.serviceLines(j, n)
		out = append(out, j)
	}
	return out
}

// unitPaths are where the file of a service lies, the one that wins first
// (systemd.unit(5)). systemctl show lists no unit that is neither running nor
// asked for by name, as the service of a timer mostly is.
var unitPaths = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"}

// serviceLines takes the commands of a service from its file, and reads the
// scripts that an administrator's names.
func (b *builder) serviceLines(j *Job, n *fact.Notes) {
	name := j.Service
	if at := strings.IndexByte(name, '@'); at > 0 {
		name = name[:at+1] + ".service"
	}
	fragment, text := "", ""
	for _, dir := range unitPaths {
		var state fact.State
		if text, state = b.f.File(path.Join(dir, name)).Look(n); state == fact.IsUnknown {
			return
		} else if state == fact.IsKnown {
			fragment = path.Join(dir, name)
			break
		}
	}
	vars := map[string]string{}
	j.vars = vars
	u := syntax.Merge(syntax.Parse(fragment, text))
	names := syntax.Names{Unit: j.Service, Host: b.m.Machine.Hostname}
	for _, s := range u.All("Service", "Environment") {
		pairs, _, _ := syntax.Environment(s, names)
		for _, p := range pairs {
			vars[p.Name] = p.Value
		}
	}
	if s, ok := u.Last("Service", "WorkingDirectory"); ok {
		j.Dir = strings.TrimLeft(s.Value, "-!")
	}
	if s, ok := u.Last("Service", "User"); ok {
		j.User = s.Value
	}
	for _, key := range []string{"ExecStartPre", "ExecStart", "ExecStartPost"} {
		for _, s := range u.All("Service", key) {
			list, err := syntax.Commands(s, names)
			if err != nil {
				continue
			}
			for _, c := range list {
				src := fact.Source{Where: s.File, Line: s.Line, Text: key + "=" + s.Value, Ask: tape.Ask{Kind: tape.KindFile, Name: s.File}}
				b.commandLines(j, c.Argv, vars, src, !strings.HasPrefix(fragment, "/usr/lib/"), n)
			}
		}
	}
}

// cronTables are the places of crontab(5) and of run-parts on Debian and Red Hat.
func (b *builder) cronJobs(n *fact.Notes) []*Job {
	var out []*Job
	tables, _ := b.f.Glob("/etc/cron.d/*").Look(n)
	for _, f := range append([]string{"/etc/crontab", "/etc/anacrontab"}, tables...) {
		if base := path.Base(f); !cron.RunParts(base) { // cron.d's names are those of run-parts
			continue
		}
		out = append(out, b.table(f, f, "", n)...)
	}
	for _, dir := range []string{"/var/spool/cron/crontabs", "/var/spool/cron"} {
		own, _ := b.f.Glob(dir + "/*").Look(n)
		for _, f := range own {
			if f != "/var/spool/cron/crontabs" && f != "/var/spool/cron/lastrun" {
				out = append(out, b.table(f, path.Base(f)+"'s crontab", path.Base(f), n)...)
			}
		}
	}
	for _, every := range []string{"hourly", "daily", "weekly", "monthly"} {
		scripts, _ := b.f.Glob("/etc/cron." + every + "/*").Look(n)
		for _, f := range scripts {
			out = append(out, b.runPart(f, n))
		}
	}
	return out
}

func (b *builder) table(file, name, user string, n *fact.Notes) []*Job {
	text, _ := b.f.File(file).Look(n)
	if path.Base(file) == "anacrontab" {
		text = "" // it runs the folders that are read anyhow
	}
	var out []*Job
	for _, e := range cron.Parse(text, user == "").Entries {
		if strings.Contains(e.Command, "run-parts") {
			continue
		}
		j := &Job{Name: name, Command: e.Command, User: e.User, Place: fact.Source{Where: file, Line: e.Line, Text: e.When + " " + e.User + " " + e.Command, Ask: tape.Ask{Kind: tape.KindFile, Name: file}}}
		if user != "" {
			j.User = user
		}
		j.vars = e.Env
		b.shellLines(j, e.Command, e.Env, j.Place, true, n)
		out = append(out, j)
	}
	return out
}

// runPart is a script of /etc/cron.daily and the like.
func (b *builder) runPart(file string, n *fact.Notes) *Job {
	j := &Job{Name: file, Command: file, User: "root", Place: fact.Source{Where: file, Ask: tape.Ask{Kind: tape.KindFile, Name: file}}}
	text, _ := b.f.File(file).Look(n)
	b.scriptLines(j, file, text)
	j.left = toSystemd.MatchString(text)
	st, state := b.f.Stat(file, false).Look(n)
	switch {
	case !cron.RunParts(path.Base(file)):
		j.Never = "run-parts passes over a name with a dot"
	case state == fact.IsKnown && st.Type == "file" && st.Mode&0o111 == 0:
		j.Never = "it is not executable"
	}
	return j
}

// commandLines takes a command with its words, reading the script that it names.
func (b *builder) commandLines(j *Job, argv []string, vars map[string]string, src fact.Source, follow bool, n *fact.Notes) {
	if j.Command == "" {
		j.Command = strings.Join(argv, " ")
	}
	if i := slices.Index(argv, "-c"); i > 0 && i+1 < len(argv) && strings.HasSuffix(path.Base(argv[0]), "sh") {
		b.shellLines(j, argv[i+1], vars, src, follow, n)
		return
	}
	var words []string
	for _, w := range argv {
		words = append(words, shell.Expand(w, vars))
	}
	j.lines = append(j.lines, jobLine{words, src})
	if follow {
		b.scripts(j, words, 0, n)
	}
}

// shellLines takes text that a shell runs.
func (b *builder) shellLines(j *Job, text string, vars map[string]string, src fact.Source, follow bool, n *fact.Notes) {
	lines := shell.Lines(text)
	vars = shell.Assignments(lines, vars)
	for _, l := range lines {
		words := shell.Words(shell.Expand(l.Text, vars))
		j.lines = append(j.lines, jobLine{words, src})
		if follow {
			b.scripts(j, words, 0, n)
		}
	}
}

// systemFolders hold programs of packages, which are known by their names.
var systemFolders = []string{"/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/lib/", "/dev/", "/proc/", "/run/", "/sys/"}

// scripts reads the files among the words that a package did not bring: one
// level deep. A binary has no lines with a dump in them, and does no harm.
func (b *builder) scripts(j *Job, words []string, depth int, n *fact.Notes) {
	read, dir := 0, j.Dir
	for i, w := range words {
		if strings.Contains(w, " ") { // su postgres -c "/opt/backup.sh"
			if inner := shell.Words(w); depth < 3 && len(inner) > 1 {
				b.scripts(j, inner, depth+1, n)
			}
			continue
		}
		if i > 0 && words[i-1] == "cd" {
			dir = w
		}
		if strings.HasPrefix(w, "./") && path.IsAbs(dir) {
			w = path.Join(dir, w)
		}
		command := i == 0 || !strings.HasPrefix(words[i-1], ">") && words[i-1] != "cd" && words[i-1] != "<"
		if !path.IsAbs(w) || !command || read == maxScripts || strings.ContainsAny(w, "*$%") ||
			slices.ContainsFunc(systemFolders, func(f string) bool { return strings.HasPrefix(w, f) }) {
			continue
		}
		st, state := b.f.Stat(w, false).Look(n)
		if state != fact.IsKnown || st.Type == "dir" || st.Type == "file" && (st.Mode&0o111 == 0 && !strings.HasSuffix(w, "sh") && !strings.HasSuffix(w, ".py") || st.Size > tape.MaxFile) {
			continue
		}
		read++
		if text, state := b.f.File(w).Look(n); state == fact.IsKnown {
			b.scriptLines(j, w, text)
		}
	}
}

// scriptLines takes the lines of a script. What is no shell's is taken all the
// same: the dump of a Python script stands in a line, too.
func (b *builder) scriptLines(j *Job, file, text string) {
	if strings.ContainsRune(text, 0) {
		return
	}
	lines := shell.Lines(text)
	vars := shell.Assignments(lines, j.vars)
	for _, l := range lines {
		src := fact.Source{Where: file, Line: l.No, Text: l.Text, Ask: tape.Ask{Kind: tape.KindFile, Name: file}}
		j.lines = append(j.lines, jobLine{shell.Words(shell.Expand(l.Text, vars)), src})
	}
}
