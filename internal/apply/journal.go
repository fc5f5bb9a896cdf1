package apply

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/host"
	"assay/internal/plan"

	"golang.org/x/sys/unix"
)

// Dir is where the journal lies: root's own, since it holds files as they were,
// secrets among them.
const Dir = "/var/lib/assay/journal"

// keepFor is how long what ended well can be undone.
const keepFor = 30 * 24 * time.Hour

// State is how far a change has come.
type State string

// The states. An entry whose process died stays open or undoing.
const (
	Open    State = "open"    // under way, or cut off
	Kept    State = "kept"    // done, looked at again, and good
	Undoing State = "undoing" // being taken back, or cut off in that
	Undone  State = "undone"  // everything is as it was
	Stuck   State = "stuck"   // not everything could be taken back
)

// Entry is one change of the host, as the journal has it.
type Entry struct {
	ID     int       `json:"id"`
	Began  time.Time `json:"began"`
	By     string    `json:"by"` // who asked for it, as sudo says
	Plan   plan.Plan `json:"plan"`
	Swaps  []Swap    `json:"swaps"`
	Units  []Was     `json:"units"`
	Deeds  []Did     `json:"deeds,omitempty"`
	Before []string  `json:"before"` // keys of the findings before
	// Refused are the validators that had a word against the files as they were.
	Refused []plan.Test `json:"refused,omitempty"`
	// The rest is read from the log.
	State State     `json:"-"`
	Ended time.Time `json:"-"`
	Why   string    `json:"-"` // why it was undone, or is stuck
	Begun int       `json:"-"` // swaps that were begun

	ready int // sections of the plan that are worked out
	dir   string
}

// Swap is one path's change.
type Swap struct {
	Path   string     `json:"path"`
	Mark   string     `json:"mark"`
	Before host.Image `json:"before"`
	After  host.Image `json:"after"`
	Part   int        `json:"part,omitempty"`
	Step   int        `json:"step"` // of the part
}

// Did is a deed, and whether it was done already before.
type Did struct {
	Part int  `json:"part,omitempty"`
	Step int  `json:"step"`
	Was  bool `json:"was"`
}

// Was is how a unit was before.
type Was struct {
	Unit    string `json:"unit"`
	State   string `json:"state"`             // systemd's word: active, failed ...
	Enabled string `json:"enabled"`           // systemd's word, "" where there is no such unit
	Missing bool   `json:"missing,omitempty"` // there was no such unit
	refused bool   // systemd does not take its files: LoadState is bad-setting, say
}

// up says that a unit did its work; one that systemd starts again and again does not.
func (w Was) up() bool { return w.State == "active" || w.State == "reloading" }

// line is one of the log: each is on the disk before the next thing is done.
type line struct {
	At    time.Time `json:"at"`
	State State     `json:"state,omitempty"`
	Begin *int      `json:"begin,omitempty"` // a swap
	Step  *int      `json:"step,omitempty"`  // a deed or a unit's verb
	Why   string    `json:"why,omitempty"`
}

// Unfinished is the entry that was cut off, if there is one.
func Unfinished(dir string) (*Entry, error) {
	all, err := History(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if e.State == Open || e.State == Undoing || e.State == Stuck {
			return e, nil
		}
	}
	return nil, nil
}

// History is all entries, the newest first. A folder in which no entry was
// finished writing holds none: nothing had been changed then.
func History(dir string) ([]*Entry, error) {
	names, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []*Entry
	for _, n := range names {
		if _, err := strconv.Atoi(n.Name()); err != nil {
			continue
		}
		e, err := read(filepath.Join(dir, n.Name()))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *Entry) int { return b.ID - a.ID })
	return out, nil
}

func read(dir string) (*Entry, error) {
	b, err := os.ReadFile(filepath.Join(dir, "entry.json"))
	if err != nil {
		return nil, err
	}
	e := &Entry{dir: dir, State: Open}
	if err := json.Unmarshal(b, e); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, "entry.json"), err)
	}
	if err := e.parts(); err != nil {
		return nil, err
	}
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for l := range bytes.Lines(log) {
		var x line
		if json.Unmarshal(l, &x) != nil { // the last one, cut off
			continue
		}
		if x.Begin != nil {
			e.Begun = max(e.Begun, *x.Begin+1)
		}
		if x.State != "" {
			e.State, e.Ended, e.Why = x.State, x.At, x.Why
		}
	}
	return e, nil
}

// unended says what is to be done about an entry that has no good end.
func (e *Entry) unended() string {
	if e.State == Open {
		return fmt.Sprintf("was cut off\nhint: sudo assay undo %d takes it back, sudo assay resume %d ends it", e.ID, e.ID)
	}
	return fmt.Sprintf("is not wholly taken back\nhint: sudo assay undo %d", e.ID)
}

// load reads the contents of the files, before and after.
func (e *Entry) load() error {
	for i := range e.Swaps {
		for name, image := range map[string]*host.Image{"before": &e.Swaps[i].Before, "after": &e.Swaps[i].After} {
			if image.Kind != host.FileImage {
				continue
			}
			b, err := os.ReadFile(filepath.Join(e.dir, fmt.Sprintf("%d.%s", i, name)))
			if err != nil {
				return err
			}
			image.Body = b
		}
	}
	return nil
}

// create writes an entry whole before anything of the host is touched: the file
// entry.json comes last, by a rename.
func create(dir string, e *Entry) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, n := range all {
		if id, err := strconv.Atoi(n.Name()); err == nil {
			e.ID = max(e.ID, id)
		}
	}
	e.ID++
	e.dir = filepath.Join(dir, strconv.Itoa(e.ID))
	if err := os.Mkdir(e.dir, 0o700); err != nil {
		return err
	}
	if err := e.bodies(0); err != nil {
		return err
	}
	if err := onDisk(filepath.Join(e.dir, "log"), nil); err != nil {
		return err
	}
	if err := e.whole("entry.json", e); err != nil {
		return err
	}
	return flushed(dir)
}

// bodies writes what the files hold, from the nth swap on.
func (e *Entry) bodies(n int) error {
	for i := n; i < len(e.Swaps); i++ {
		s := &e.Swaps[i]
		s.Mark = fmt.Sprintf(".assay-%d-%d", e.ID, i)
		for name, image := range map[string]host.Image{"before": s.Before, "after": s.After} {
			if image.Kind != host.FileImage {
				continue
			}
			name = filepath.Join(e.dir, fmt.Sprintf("%d.%s", i, name))
			if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) { // of a part that was cut off
				return err
			}
			if err := onDisk(name, image.Body); err != nil {
				return err
			}
		}
	}
	return nil
}

// whole writes a file that is there in full or not at all.
func (e *Entry) whole(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	tmp := filepath.Join(e.dir, name+".new")
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := onDisk(tmp, b); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(e.dir, name)); err != nil {
		return err
	}
	return flushed(e.dir)
}

func onDisk(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

func flushed(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// say adds a line to the log.
func (e *Entry) say(x line) error {
	x.At = time.Now().UTC()
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(e.dir, "log"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if x.State != "" {
		e.State, e.Ended, e.Why = x.State, x.At, x.Why
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// prune takes away what ended long ago.
func prune(dir string, now time.Time) {
	all, err := History(dir)
	if err != nil {
		return
	}
	for _, e := range all {
		if (e.State == Kept || e.State == Undone) && now.Sub(e.Ended) > keepFor {
			_ = os.RemoveAll(e.dir)
		}
	}
}

// ErrBusy says that another assay is changing this host.
var ErrBusy = errors.New("another assay is changing this host")

// Busy says that somebody is changing this host now, so that what is open was not
// cut off.
func Busy(dir string) bool {
	f, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// lock is held while the host is changed; it ends with the process.
func lock(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	for range 3 { // who only asks whether it is held lets go at once
		if errors.Is(err, unix.EWOULDBLOCK) {
			time.Sleep(20 * time.Millisecond)
			err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		}
	}
	if err != nil {
		b, _ := os.ReadFile(f.Name())
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s", ErrBusy, strings.TrimSpace(string(b)))
		}
		return nil, err
	}
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(fmt.Sprintf("process %d since %s\n", os.Getpid(), time.Now().UTC().Format("15:04:05 UTC"))), 0)
	return func() { _ = f.Close() }, nil
}
