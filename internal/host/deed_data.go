package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// beforeFile is where a database goes before a release migrates it.
func beforeFile(args []string) string {
	return filepath.Join(lastDumps, path.Base(args[1])+"-before-"+path.Base(args[3])+".sql")
}

func dumped(_ hands, _ context.Context, args []string) (bool, error) { return exists(beforeFile(args)) }

// dumpBefore writes a database down as it is. args are its kind, its name or its file,
// the account, and the release that will migrate it. A dump gets its name once it
// is whole.
func dumpBefore(h hands, ctx context.Context, args []string) error {
	if err := os.MkdirAll(lastDumps, 0o700); err != nil {
		return err
	}
	if err := h.roomFor(ctx, args); err != nil {
		return err
	}
	name := beforeFile(args)
	out, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	argv := []string{"runuser", "-u", args[2], "--", "sqlite3", args[1], ".dump"}
	if args[0] == "postgresql" {
		argv = []string{"runuser", "-u", "postgres", "--", "pg_dump", "--dbname=" + args[1]}
	}
	if err := h.pour(ctx, out, argv...); err != nil {
		return errors.Join(err, os.Remove(name+".new"))
	}
	return os.Rename(name+".new", name)
}

// roomFor refuses a dump for which there may be no room.
func (h hands) roomFor(ctx context.Context, args []string) error {
	var size int64
	if args[0] == "postgresql" {
		out, err := h.psql(ctx, fmt.Sprintf("SELECT pg_database_size('%s')", args[1]))
		if err != nil {
			return err
		}
		size, _ = strconv.ParseInt(out, 10, 64)
	} else if st, err := os.Stat(args[1]); err == nil {
		size = st.Size()
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(lastDumps, &disk); err != nil {
		return err
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < 2*size {
		return fmt.Errorf("dump %s: it has %d MB, and %s %d left: no less than twice as much is wanted (--no-dump migrates without one)", args[1], size>>20, lastDumps, free>>20)
	}
	return nil
}

func dumpStays(_ hands, _ context.Context, args []string) (string, error) {
	if there, err := exists(beforeFile(args)); !there || err != nil {
		return "", err
	}
	return beforeFile(args) + ": the database as it was before the migration", nil
}

// For how long a migration may wait for a lock, while all others wait behind it,
// and for one statement. libpq takes them from the environment.
const migrationLimits = `Environment="PGOPTIONS=-c lock_timeout=5s -c statement_timeout=300s"`

// upgrade brings the database to the schema of a release. args are the release,
// the account, the file of variables, the app, and the revision before.
func upgrade(h hands, ctx context.Context, args []string) error {
	_, err := h.flask(ctx, 20*time.Minute, args, "db", "upgrade")
	return err
}

// upgradeStays: a migration is not taken back, since what visitors wrote since
// may lie in what it made.
func upgradeStays(h hands, ctx context.Context, args []string) (string, error) {
	now, err := h.revision(ctx, args)
	switch {
	case err != nil:
		return "the database, of which nobody knows whether it was migrated: " + err.Error(), nil
	case now == args[4]:
		return "", nil
	}
	return fmt.Sprintf("the schema of the database: it is at %s, and was at %s. What only adds to it does not trouble older code", now, args[4]), nil
}

// flask runs one of Flask's commands as the app, with its variables.
func (h hands) flask(ctx context.Context, most time.Duration, args []string, words ...string) (string, error) {
	release, account, env, app := args[0], args[1], args[2], args[3]
	return h.confined(ctx, most, account, release, "-"+path.Dir(path.Dir(release))+"/data", []string{migrationLimits, "EnvironmentFile=" + env},
		append([]string{venvOf(release) + "/bin/flask", "--app", app}, words...)...)
}

// revision is the schema that the database has, "-" where it has none, as Alembic
// says it: "8b2d64c7e9f0 (head)".
func (h hands) revision(ctx context.Context, args []string) (string, error) {
	out, err := h.flask(ctx, time.Minute, args, "db", "current")
	if err != nil {
		if m := aStranger.FindStringSubmatch(err.Error()); m != nil { // the database's own, of later code
			return m[1], nil
		}
		return "", err
	}
	var all []string
	for l := range strings.Lines(out) {
		if m := aHead.FindStringSubmatch(strings.TrimSpace(l)); m != nil {
			all = append(all, m[1])
		}
	}
	switch len(all) {
	case 0:
		return "-", nil
	case 1:
		return all[0], nil
	}
	return "", fmt.Errorf("the database has several revisions at once: %s", strings.Join(all, ", "))
}

// Revision asks a release which schema the database has.
func Revision(ctx context.Context, w Writer, release, account, env, app string) (string, error) {
	h, ok := w.(hands)
	if !ok {
		return "", errors.New("only this host's own database can be asked")
	}
	args := []string{release, account, env, app, "-"}
	if _, err := h.row("upgrade", args); err != nil {
		return "", err
	}
	return h.revision(ctx, args)
}
