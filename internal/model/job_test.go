package model

import (
	"strings"
	"testing"

	"assay/internal/facts"
	"assay/internal/tape"
)

// What a crontab or a script may hold ends in no loop and no fall.
func FuzzJobs(f *testing.F) {
	for _, s := range []string{
		"find /b -name '*.dump' -delete", "su postgres -c \"sh -c '/opt/x.sh $(y)' * $z\"", "cd /b && ./x.sh >/dev/null; pg_dump -d \"$A\" > $B/`date`/x",
		"sqlite3 /x.db \".backup '/b/$(date +%F).db'\"", "A=$A$A; cp $A.db /b", "\" \" ' * '",
	} {
		f.Add(s, "#!/bin/sh\n"+s+"\n")
	}
	f.Fuzz(func(_ *testing.T, cron, script string) {
		t := &tape.Tape{}
		t.Put(tape.Ask{Kind: tape.KindFile, Name: "/etc/crontab"}, tape.Answer{Status: tape.Seen, Body: "@daily root " + cron + "\n@daily root /opt/x.sh\n"})
		t.Put(tape.Ask{Kind: tape.KindStat, Name: "/opt/x.sh"}, tape.Encode(tape.Stat{Type: "file", Mode: 0o755}))
		t.Put(tape.Ask{Kind: tape.KindFile, Name: "/opt/x.sh"}, tape.Answer{Status: tape.Seen, Body: script})
		b := &builder{f: facts.Parse(t), m: &Model{}}
		list, unseen := b.jobs()
		for _, j := range list {
			for _, d := range dumpers(j) {
				b.dumping(d, &unseen)
			}
			rawCopies(j)
			doubtful(j)
		}
	})
}

func TestDumpers(t *testing.T) {
	for line, want := range map[string]string{
		"pg_dump shop > /b/x.sql": "PostgreSQL [shop] /b x.sql",
		"su - postgres -c 'pg_dump -Fc -f /b/$(date +%F).dump -d shop'":    "PostgreSQL [shop] /b *.dump",
		"pg_dumpall | gzip >/b/$(date +%F)/all.sql.gz":                     "PostgreSQL all /b all.sql.gz",
		"pg_dump postgresql://u:p@h/shop?x=1 >/b/x":                        "PostgreSQL [shop] /b x",
		"cd /b/c && pg_dump --dbname=\"$URL\" -f now.dump":                 "PostgreSQL [] /b/c now.dump",
		"pg_dump -s shop > /b/schema.sql":                                  "",
		"command -v pg_dump >/dev/null || exit 1":                          "",
		"mysqldump -u root --databases a b -r /b/m.sql":                    "MySQL [a b] /b m.sql",
		"mariadb-dump --all-databases | zstd -o /b/all.zst":                "MySQL all /b all.zst",
		"sqlite3 /srv/x.db \".backup '/b/x.db'\"":                          "SQLite [/srv/x.db] /b x.db",
		"sqlite3 /srv/x.db 'VACUUM INTO \"/b/x.db\"'":                      "SQLite [/srv/x.db] /b x.db",
		"sqlite3 /srv/x.db 'DELETE FROM sessions'":                         "",
		"pgbackrest --stanza=main backup":                                  "PostgreSQL all",
		"pgbackrest info":                                                  "",
		"docker exec db pg_dump -U shop shop | gzip > /b/x.gz 2>/dev/null": "PostgreSQL [shop] /b x.gz",
		"/usr/bin/pg_basebackup -D /b/base -Ft -z >> /var/log/backup.log":  "PostgreSQL all /b base",
		"pg_dump shop | aws s3 cp - s3://bucket/x.dump":                    "PostgreSQL [shop]",
		"restic backup /srv":                                               "",
	} {
		j := &Job{}
		(&builder{}).shellLines(j, line, nil, j.Place, false, nil)
		var got []string
		for _, d := range dumpers(j) {
			w := d.Kind + " [" + strings.Join(d.Bases, " ") + "]"
			if d.All {
				w = d.Kind + " all"
			}
			for _, x := range d.Targets {
				w += " " + x.Folder + " " + x.Name
			}
			got = append(got, w)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s:\n got %q\nwant %q", line, strings.Join(got, "; "), want)
		}
	}
}
