package backup

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

// repair mends a job that is there.
func repair(x *model.Backup, d *model.Dumping) check.Remedy {
	r := check.Remedy{Do: "See why the job makes no good dump of this database, mend it, run it once by hand, and restore what it made into an empty database.", Minutes: 20}
	switch {
	case d.Job.Service != "" && d.Job.Never != "":
		r.Do = "Turn the timer on, and make a dump now."
		r.Commands = []string{"sudo systemctl enable --now " + d.Job.Name, "sudo systemctl start " + d.Job.Service}
		r.Minutes = 5
	case d.Job.Service != "":
		r.Commands = []string{"sudo journalctl -u " + d.Job.Service + " -n 50", "sudo systemctl start " + d.Job.Service}
	case d.Job.Never != "":
		script := d.Job.Name
		r.Do = "Give the script a name without a dot and let it be executable: run-parts runs no other."
		r.Commands = []string{fmt.Sprintf("sudo mv %s %s", script, strings.TrimSuffix(script, path.Ext(script))), "sudo chmod 755 " + strings.TrimSuffix(script, path.Ext(script))}
		r.Minutes = 5
	default:
		r.Commands = []string{"# as the job's user: " + cmp.Or(d.Job.Command, d.Job.Name)}
	}
	r.Verify = "sudo journalctl -u " + d.Job.Service + " -n 5"
	if len(d.Targets) > 0 {
		r.Verify = "sudo ls -lt " + d.Targets[0].Folder + " | head -3"
	} else if d.Job.Service == "" {
		r.Verify = "# look at the newest backup where it is kept"
	}
	return r
}

// first is for a job whose time has not come.
func first(d *model.Dumping) check.Remedy {
	return check.Remedy{Do: "Run it once by hand, and see that what it makes can be restored.", Minutes: 5,
		Commands: []string{"sudo systemctl start " + d.Job.Service}, Verify: "sudo ls -lt " + d.Targets[0].Folder + " | head -3"}
}

// consistent copies a SQLite file as SQLite does.
func consistent(x *model.Backup, d *model.Dumping) check.Remedy {
	file := x.Store.Addr
	return check.Remedy{
		Do:       "Let SQLite itself make the copy: it waits for the change that is under way and takes in what lies in the -wal file.",
		Commands: []string{fmt.Sprintf("# in place of %s, in %s", d.Tool, d.Source.Where), fmt.Sprintf("sqlite3 %s \"VACUUM INTO '/var/backups/%s'\"", file, path.Base(file))},
		Verify:   fmt.Sprintf("sqlite3 /var/backups/%s 'PRAGMA integrity_check'", path.Base(file)), Minutes: 10,
	}
}

// nightly is a timer that dumps the database, for who has none.
func nightly(x *model.Backup) check.Remedy {
	name := plain(cmp.Or(x.Store.Database, "app"))
	user, tool := "postgres", fmt.Sprintf("pg_dump -Fc -f /var/backups/%s/%s.new %s", name, name, name)
	test := "pg_restore -l"
	switch x.Store.Kind {
	case "MySQL", "MariaDB":
		user, tool, test = "root", fmt.Sprintf("mariadb-dump --single-transaction --routines --result-file=/var/backups/%s/%s.new %s", name, name, name), "tail -n 1"
	case "SQLite":
		name = plain(strings.TrimSuffix(path.Base(x.Store.Addr), path.Ext(x.Store.Addr)))
		user, tool, test = "root", fmt.Sprintf("sqlite3 %s \".backup /var/backups/%s/%s.new\"", x.Store.Addr, name, name), "file"
	}
	unit := "backup-" + name
	return check.Remedy{
		Do: "Dump it every night, keep two weeks, and copy the folder to another machine: a backup on the same disk dies with it. Restore one now and then. Where the provider or another machine backs it up, say so in /etc/assay/assay.toml (backups = \"...\").",
		Commands: []string{
			fmt.Sprintf("sudo install -d -o %s -m 0700 /var/backups/%s", user, name),
			fmt.Sprintf("sudo tee /etc/systemd/system/%s.service <<'END'", unit),
			"[Service]", "Type=oneshot", "User=" + user,
			"ExecStart=" + tool,
			fmt.Sprintf("ExecStart=sh -c 'mv /var/backups/%s/%s.new /var/backups/%s/%s-$(date +%%%%F).dump'", name, name, name, name),
			fmt.Sprintf("ExecStart=find /var/backups/%s -name '*.dump' -mtime +14 -delete", name),
			"END",
			fmt.Sprintf("sudo tee /etc/systemd/system/%s.timer <<'END'", unit),
			"[Timer]", "OnCalendar=03:30", "Persistent=true", "[Install]", "WantedBy=timers.target",
			"END",
			"sudo systemctl daemon-reload", fmt.Sprintf("sudo systemctl enable --now %s.timer", unit), fmt.Sprintf("sudo systemctl start %s.service", unit),
		},
		Verify:  fmt.Sprintf("sudo sh -c '%s /var/backups/%s/*.dump' | head", test, name),
		Minutes: 15,
	}
}

// plain is a name that may stand in a command as it is.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return -1
	}, s)
}
