package setup

import (
	"fmt"
	"strings"
)

const renewalHook = `#!/bin/sh
# nginx serves a renewed certificate only after it has reloaded.
exec systemctl reload nginx
`

func (i Intent) backupService() string {
	user, after, dir := "postgres", "After=postgresql.service\n", i.dumps()
	if i.Store == SQLite {
		user, after = i.account(), ""
	}
	return fmt.Sprintf(`[Unit]
Description=Dump of %[1]s's database
%[2]s
[Service]
Type=oneshot
User=%[3]s
UMask=0077
ExecStart=/usr/local/sbin/backup-%[1]s
Nice=10
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=%[4]s
ProtectHome=yes
PrivateTmp=yes
`, i.Name, after, user, strings.TrimSpace(dir+" "+i.sqliteFolder()))
}

// sqliteFolder: who reads a database in WAL mode writes its -shm file.
func (i Intent) sqliteFolder() string {
	if i.Store == SQLite {
		return i.data()
	}
	return ""
}

func (i Intent) backupTimer() string {
	return fmt.Sprintf(`[Unit]
Description=Nightly dump of %s's database

[Timer]
OnCalendar=*-*-* 03:30
RandomizedDelaySec=15m
# A machine that slept through it makes up for it when it boots.
Persistent=true

[Install]
WantedBy=timers.target
`, i.Name)
}

func (i Intent) dumps() string { return "/var/backups/" + i.Name }

// backupScript checks a dump before it gets its name: one that broke off, or that
// cannot be read to its end, is none.
func (i Intent) backupScript() string {
	if i.Store == SQLite {
		return fmt.Sprintf(`#!/bin/sh
# Copies the database as it stands at one moment, checks the copy, and keeps two
# weeks. A copy gets its name once it is whole.
set -eu
dir=%[1]s
rm -f "$dir/.new"
sqlite3 %[2]s/%[3]s.db "VACUUM INTO '$dir/.new'"
test "$(sqlite3 "$dir/.new" 'PRAGMA integrity_check')" = ok
mv "$dir/.new" "$dir/%[3]s-$(date +%%F).db"
find "$dir" -name '%[3]s-*.db' -mtime +14 -delete
`, i.dumps(), i.data(), i.Name)
	}
	return fmt.Sprintf(`#!/bin/sh
# Dumps the database, reads the dump to its end, and keeps two weeks. A dump gets
# its name once it is whole.
set -eu
dir=%[1]s
pg_dump --format=custom --file="$dir/.new" %[2]s
pg_restore --file=/dev/null "$dir/.new"
mv "$dir/.new" "$dir/%[2]s-$(date +%%F).dump"
find "$dir" -name '%[2]s-*.dump' -mtime +14 -delete
`, i.dumps(), i.Name)
}

const (
	journalSize  = "# Without a limit the journal takes a tenth of the disk, up to 4 GB.\n[Journal]\nSystemMaxUse=1G\n"
	sshJail      = "# Whoever guesses passwords is kept out for a while. Debian 12 has no auth.log: the\n# journal is read.\n[sshd]\nenabled = true\nbackend = systemd\n"
	autoUpgrades = "// Security updates come by themselves.\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n"
)

// declared is what no look at this host can tell. The lines that are commented
// out are for who knows.
func (i Intent) declared() string {
	health := ""
	if i.Health != "" {
		health = fmt.Sprintf("health = %q\n", i.Health)
	}
	return fmt.Sprintf(`# What cannot be seen from this host itself. assay check asks for the lines that are
# commented out until somebody who knows fills them in.
contact = %q
%s# firewall = "what the provider lets through"
# uptime = "who asks this site from outside, how often, and who hears of it"
# agent = "who watches memory, disk and load"
# errors = "who reads the journal"
# off-site = "where copies of the dumps go"
# backups = "what is copied besides the database: uploads, /etc"
# restored = 2026-01-31 # when a dump was last restored for a trial
# runbook = "where the notes for a bad night are"
# rollback = "how the release before comes back"
`, i.Email, health)
}
