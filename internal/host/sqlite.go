package host

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"assay/internal/syntax/dsn"
	"assay/internal/syntax/sqlite"
	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// maxLog is the longest write-ahead log that is read: SQLite begins it anew at
// 4 MB unless a reader keeps it from doing so.
const maxLog = 64 << 20

// sqliteFile is the file of a SQLite URL.
func sqliteFile(raw string) (string, bool) {
	if s, _, _ := strings.Cut(dsn.GivenScheme(raw), "+"); s != "sqlite" {
		return "", false
	}
	d, err := dsn.Parse(raw)
	return d.Path, err == nil
}

// sqlite reads the file as the service would, in its view of the disk, and
// never lets SQLite itself touch it: even a reader would make files beside it,
// and take locks that a writer has to wait for.
func (l *local) sqlite(ctx context.Context, e errand, file, deed string) tape.Answer {
	if !path.IsAbs(file) && file != "" {
		return hinted(unseen(deed, "the file "+short(file)+" lies where the app's code says"), "write the whole path: sqlite:////srv/...")
	}
	r := tape.SQLReply{Engine: "sqlite", Database: file, Addr: file}
	if file == "" {
		return tape.Encode(r) // in memory
	}
	if why := badPath(file); why != "" {
		return unseen(deed, why)
	}
	v := tape.Answer{}
	thread(func() bool {
		if err := l.wearService(e.Identity); err != nil {
			v = unseen(deed, cause(err))
			return true
		}
		began := time.Now()
		for range 4 { // a commit may be under way
			if v = sqliteLook(r, file, e.Table, deed); v.Status == tape.Seen || ctx.Err() != nil || time.Since(began) > clientWait {
				break
			}
			time.Sleep(40 * time.Millisecond)
		}
		return true
	})
	return v
}

// wearService gives this thread a service's rights in its view of the disk.
func (l *local) wearService(id tape.Identity) error {
	if !l.root {
		return nil
	}
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	if id.PID != 0 {
		if err := enter(id.PID); err != nil {
			return err
		}
	}
	return cred{name: "the service", uid: id.UID, gid: id.GID, groups: id.Groups}.wear()
}

var errBusy = errors.New("it is being written each time that it is looked at")

func sqliteLook(r tape.SQLReply, file, table, deed string) tape.Answer {
	began := time.Now()
	yes := map[bool]string{true: "yes", false: "no"}
	may := func(p string) bool { return unix.Faccessat2(unix.AT_FDCWD, p, unix.W_OK, unix.AT_EACCESS) == nil }
	journal := "delete"
	d, version, no, err := sqliteRead(file, table[strings.LastIndexByte(table, '.')+1:])
	switch {
	case errors.Is(err, sqlite.ErrFormat):
		r.Class, r.Error = tape.StoreGarbled, err.Error()
		return tape.Encode(r)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.EACCES), errors.Is(err, errNotFile):
		r.Class, r.Error = trouble(err)
		if errors.Is(err, errNotFile) {
			r.Class, r.Error = tape.StoreGarbled, err.Error()
		}
	case err != nil:
		return unseen(deed, cause(err))
	case d.WAL:
		journal = "wal"
	}
	r.Rows = map[string][][]string{"file": {{"journal_mode", journal}, {"writable", yes[may(file)]}, {"folder_writable", yes[may(path.Dir(file))]}}}
	if err != nil {
		return tape.Encode(r)
	}
	r.Connect = micros(began)
	r.Rows["tables"] = [][]string{}
	for _, t := range d.Tables[:min(len(d.Tables), 400)] {
		r.Rows["tables"] = append(r.Rows["tables"], []string{"main", brief(t.Name)})
	}
	if no != nil {
		r.Refused = map[string]string{"version": brief(no.Error())}
		return tape.Encode(r)
	}
	r.Rows["version"] = [][]string{}
	for _, s := range version[:min(len(version), 50)] {
		r.Rows["version"] = append(r.Rows["version"], []string{brief(s)})
	}
	return tape.Encode(r)
}

// sqliteRead reads the schema and Alembic's table at one point in time: a
// rollback journal beside the file means that a commit is under way (or was cut
// off), and a change of the counter or of the log's salt that one came between.
func sqliteRead(file, table string) (d *sqlite.DB, version []string, no, err error) {
	f, _, err := regular(file)
	if err != nil {
		return nil, nil, nil, err
	}
	defer f.Close()
	look := func() (*sqlite.DB, error) {
		if b, _ := head(file+"-journal", 8); len(b) == 8 && b[0] == 0xd9 {
			return nil, errBusy
		}
		log, err := head(file+"-wal", maxLog)
		if err != nil {
			return nil, err
		}
		st, err := f.Stat()
		if err != nil {
			return nil, err
		}
		return sqlite.Open(f, st.Size(), log)
	}
	for range 4 {
		if d, err = look(); err != nil {
			return nil, nil, nil, err
		}
		version, no = d.First(table)
		again, err := look()
		if err == nil && again.Change == d.Change && again.Salt == d.Salt {
			return d, version, no, nil
		}
	}
	return nil, nil, nil, errBusy
}

// regular opens a regular file, and nothing that opening could set off.
func regular(name string) (*os.File, int64, error) {
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return nil, 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, 0, errNotFile
	}
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, 0, err
	}
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		return nil, 0, errNotFile
	}
	return os.NewFile(uintptr(fd), name), st.Size, nil
}

// head reads up to most bytes; nothing of what is not there, and an error for
// what is longer and must be whole.
func head(name string, most int64) ([]byte, error) {
	f, size, err := regular(name)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > most && most == maxLog {
		return nil, errors.New("its write-ahead log is longer than 64 MiB")
	}
	return io.ReadAll(io.LimitReader(f, most))
}
