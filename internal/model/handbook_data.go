package model

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"assay/internal/fact"
)

func (h *handbook) data(d *Deployment) {
	if d.Server == nil {
		return
	}
	h.part(d, "Data")
	var n fact.Notes
	stores, _ := d.Server.Stores.Look(&n)
	for _, s := range stores {
		text := s.Subject()
		if w := s.Words(); !strings.Contains(text, w) {
			text += " at " + w
		}
		if u, state := s.Unit.Look(&n); state == fact.IsKnown {
			text += ", " + u.Name
		}
		h.add(HandbookLine{Name: "Database", Text: text, Where: bookPlace(s.Told)})
	}
	ups, _ := d.Server.Uploads.Look(&n)
	for _, u := range ups {
		h.add(HandbookLine{Name: "Uploads", Text: u.Folder, Where: bookPlace(u.Told)})
	}
}

func bookPlace(s fact.Source) string {
	if !strings.HasPrefix(s.Where, "/") || strings.HasPrefix(s.Where, "/proc/") {
		return ""
	}
	if s.Line > 0 {
		return s.Where + ":" + strconv.Itoa(s.Line)
	}
	return s.Where
}

func (h *handbook) backups(d *Deployment) {
	h.part(d, "Backups, and how to restore")
	noted(h, "Declared", d.Declared.Backups, "", asIs)
	noted(h, "Off this host", d.Declared.OffSite, "", asIs)
	noted(h, "Last restored", d.Declared.Restored, "nobody has declared a test: restored in "+OperatorFile, func(t time.Time) string { return t.Format(time.DateOnly) })
	var n fact.Notes
	list, _ := d.Backups().Look(&n)
	for _, b := range list {
		h.backup(b)
	}
}

func (h *handbook) backup(b *Backup) {
	var n fact.Notes
	if len(b.Dumpers) == 0 {
		if _, state := b.Searched.Look(&n); state == fact.IsUnknown {
			h.add(HandbookLine{Name: b.Name(), Why: n.Why().Text, Hint: n.Why().Hint})
			return
		}
		h.line(b.Name(), "no job of this host copies it")
		return
	}
	for _, x := range b.Dumpers {
		var to []string
		for _, t := range x.Targets {
			to = append(to, path.Join(t.Folder, t.Name))
		}
		h.add(HandbookLine{Name: b.Name(), Text: strings.TrimSuffix(x.Tool+" by "+x.Job.Name+" into "+cmp.Or(strings.Join(to, ", "), "a place that its script names"), " into "), Where: bookPlace(x.Source)})
		files, state := x.Files.Look(&n)
		if state == fact.IsKnown && len(files) > 0 {
			if how := restoring(b, files[0].Path); how != "" {
				h.command("Restore into a new database", how)
			}
		}
	}
}

// restoring is how a dump is read back, beside what is there and not over it.
func restoring(b *Backup, file string) string {
	unpack := map[string]string{".gz": "zcat", ".zst": "zstdcat", ".xz": "xzcat", ".bz2": "bzcat"}[path.Ext(file)]
	plain := file
	if unpack != "" {
		plain = strings.TrimSuffix(file, path.Ext(file))
	}
	cat := cmp.Or(unpack, "cat")
	into := b.Store.Database + "_restored"
	switch kind := family(b.Store.Kind); {
	case b.Store.Database == "" && kind != "SQLite":
		return ""
	case kind == "PostgreSQL" && strings.HasSuffix(plain, ".sql"):
		return fmt.Sprintf("sudo -u postgres createdb %s && %s FILE | sudo -u postgres psql -v ON_ERROR_STOP=1 %s", into, cat, into)
	case kind == "PostgreSQL" && (strings.HasSuffix(plain, ".dump") || strings.HasSuffix(plain, ".pgdump") || strings.HasSuffix(plain, ".custom")):
		return fmt.Sprintf("sudo -u postgres createdb %s && %s FILE | sudo -u postgres pg_restore --exit-on-error -d %s", into, cat, into)
	case kind == "MySQL" && strings.HasSuffix(plain, ".sql"):
		return fmt.Sprintf("sudo mysqladmin create %s && %s FILE | sudo mysql %s", into, cat, into)
	case kind == "SQLite" && strings.HasSuffix(plain, ".sql"):
		return fmt.Sprintf("%s FILE | sqlite3 %s.restored", cat, b.Store.Addr)
	case kind == "SQLite":
		return fmt.Sprintf("%s FILE > %s.restored && sqlite3 %s.restored 'PRAGMA integrity_check'", cat, b.Store.Addr, b.Store.Addr)
	}
	return ""
}

func (h *handbook) logs(d *Deployment) {
	h.part(d, "Logs")
	var n fact.Notes
	if d.Server != nil {
		if u, state := d.Server.Unit.Look(&n); state == fact.IsKnown {
			h.command("The app's", "journalctl -u "+u.Name+" -e")
		}
	}
	logs, _ := h.m.LogFiles().Look(&n)
	for _, l := range logs {
		if l.Server == nil || l.Server == d.Server {
			h.line(l.Writer, l.Path)
		}
	}
	for _, name := range []string{"errorlog", "accesslog"} {
		if d.Server == nil || d.Server.Kind != "gunicorn" {
			break
		}
		if v, state := d.Server.Setting(name).Look(&n); state == fact.IsKnown && len(v) == 1 && path.IsAbs(v[0]) {
			h.line("gunicorn", v[0])
		}
	}
	own, _ := d.AppLogs().Look(&n)
	for _, l := range own {
		if l.File != "" {
			h.add(HandbookLine{Name: "The app's own", Text: l.File, Where: bookPlace(l.Told)})
		}
	}
}

func (h *handbook) watch(d *Deployment) {
	h.part(d, "Who watches")
	s := d.Declared
	for _, x := range []struct {
		name string
		f    fact.Of[string]
	}{{"Uptime", s.Uptime}, {"Errors", s.Errors}, {"Metrics", s.Metrics}, {"The host", s.Agent}} {
		noted(h, x.name, x.f, "", asIs)
	}
}
