package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Tryout is an app that is tried before anything is changed: its packages are
// installed and its import made in a folder that is thrown away.
type Tryout struct {
	Source string            // the app's folder
	Named  string            // what its packages are named by: uv.lock
	List   string            // that as pip reads it, beside its code or in Files
	More   []string          // packages that are wanted besides
	Config string            // gunicorn's settings, in Files
	Files  map[string]string // files that are not there yet, by path
	Home   string            // where the app is to live; in the variables another place stands for it
	Later  []string          // other places that are not there yet
	Env    []string          // its variables, NAME=value
	Entry  string
	Stores bool     // it keeps things in a database or a Redis, which is not there yet
	System []string // packages of the system's that an import may need and that are to be installed
}

// tryouts is the folder of a tryout. It bears the same name each time, so that
// the next one clears away what a power failure left. It lies on the disk: packages
// may be large, and the sandbox covers the places that anybody can write.
const (
	tryouts    = "/var/lib/assay-tryout"
	tryoutUnit = "assay-tryout.service"
)

// TryOut tries an app out. The error says why it cannot come out well, or that
// ctx has ended. What could not be known is no error: unknown says why, and is ""
// where all was tried.
func TryOut(ctx context.Context, t Tryout) (unknown string, err error) {
	h := Hands(Options{}).(hands)
	uid, err := unused()
	if err != nil {
		return err.Error(), nil
	}
	release, err := scratch(tryouts, h.endTryout)
	if err != nil {
		return err.Error(), nil
	}
	defer release()
	y := tryout{Tryout: t, hands: h, uid: uid, release: tryouts + "/releases/tried", system: tryouts + "/system", tree: tryouts + "/system/root"}
	defer h.endTryout()
	for _, step := range []func(context.Context) error{y.lay, y.borrow, y.install, y.load} {
		var u unknowable
		switch err := step(ctx); {
		case ctx.Err() != nil:
			return "", errors.New("it was stopped; nothing was changed")
		case errors.As(err, &u):
			return u.why, nil
		case err != nil:
			return "", err
		}
	}
	return "", nil
}

type tryout struct {
	Tryout
	hands
	uid                   int
	release, system, tree string // the app; what belongs to uid; what the system's packages bring
	pip                   string // the wheel
}

// unknowable is what keeps us from knowing.
type unknowable struct{ why string }

func (u unknowable) Error() string { return u.why }

func unknown(format string, args ...any) error { return unknowable{fmt.Sprintf(format, args...)} }

// unused is a user that nobody is and nothing belongs to: between those that
// systemd gives to sessions and to services (systemd, "Users, Groups, UIDs and
// GIDs on systemd Systems": 60706 to 61183).
func unused() (int, error) {
	at := map[int]bool{}
	list, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range list {
		var st unix.Stat_t
		if unix.Lstat(p, &st) == nil {
			at[int(st.Uid)] = true
		}
	}
	for id := 61183; id >= 60706; id-- {
		_, err := user.LookupId(strconv.Itoa(id))
		var unknown user.UnknownUserIdError
		if errors.As(err, &unknown) && !at[id] {
			return id, nil
		}
	}
	return 0, errors.New("no user is free to try the app out as")
}

// scratch makes a folder that is this process's alone until it is released. Where
// a killed one left its own, end ends what may still write there.
func scratch(dir string, end func()) (release func(), err error) {
	if old, err := os.Open(dir); err == nil {
		defer old.Close()
		if unix.Flock(int(old.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			return nil, errors.New("another setup is trying its app out")
		}
		end()
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(os.Mkdir(dir, 0o711), os.Chmod(dir, 0o711)); err != nil {
		return nil, err
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return func() { _ = os.RemoveAll(dir); _ = f.Close() }, nil
}

// endTryout ends what may still run of one.
func (h hands) endTryout() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_ = h.Systemctl(ctx, "stop", tryoutUnit) // most often it is not there
}

// lay copies the app, and makes the folders that are another's than root.
func (y *tryout) lay(ctx context.Context) error {
	if err := makeFolder(path.Dir(y.release), 0); err != nil {
		return unknown("%v", err)
	}
	if err := copyTree(y.hands, ctx, []string{y.Source, y.release}); err != nil {
		return err // what cannot be copied now cannot be copied then
	}
	for name, text := range y.Files {
		at := tryouts + "/" + path.Base(name)
		if err := errors.Join(os.WriteFile(at, []byte(text), 0o644), os.Chmod(at, 0o644)); err != nil {
			return unknown("%v", err)
		}
	}
	for _, dir := range []string{y.system, y.system + "/tmp", venvOf(y.release), tryouts + "/data", tryouts + "/uploads"} {
		if err := makeFolder(dir, y.uid); err != nil {
			return unknown("%v", err)
		}
	}
	return nil
}

func makeFolder(dir string, uid int) error {
	return errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755), os.Chown(dir, uid, uid))
}

// as runs a program as the user of the tryout, and returns all that it says, what
// it says of errors among it.
func (y *tryout) as(ctx context.Context, most time.Duration, env []string, argv ...string) (string, error) {
	flags := []string{"--unit=" + tryoutUnit, "--property=CapabilityBoundingSet=CAP_SETUID CAP_SETGID", "--setenv=HOME=" + y.system, "--setenv=TMPDIR=" + y.system + "/tmp"}
	for _, e := range env {
		flags = append(flags, "--setenv="+e)
	}
	id := strconv.Itoa(y.uid)
	return y.enclosed(ctx, most, y.release, tryouts, flags, append([]string{"setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups", "--inh-caps=-all", "sh", "-c", `exec "$@" 2>&1`, "sh"}, argv...))
}

// at is where a file lies: one of Files in the folder of the tryout.
func (y *tryout) at(name string) string {
	if _, ok := y.Files[name]; ok {
		return tryouts + "/" + path.Base(name)
	}
	return name
}

// moved is a text in which the place of the tryout stands for the app's own.
func (y *tryout) moved(text string) string { return strings.ReplaceAll(text, y.Home, tryouts) }
