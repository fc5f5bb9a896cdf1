package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// ErrStands is for a release that cannot come back: the one in its place goes on.
var ErrStands = errors.New("the release in its place goes on serving")

// unitNow is what systemd says of a unit.
func (h hands) unitNow(ctx context.Context, unit string) (map[string]string, error) {
	v := h.See(ctx, tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: unit})[0]
	if v.Status != tape.Seen {
		return nil, fmt.Errorf("look at %s: %s", unit, v.Why)
	}
	now := map[string]string{}
	for l := range strings.Lines(v.Body) {
		key, value, _ := strings.Cut(strings.TrimSpace(l), "=")
		now[key] = value
	}
	return now, nil
}

func unitUp(h hands, ctx context.Context, args []string) (bool, error) {
	now, err := h.unitNow(ctx, args[0])
	return now["ActiveState"] == "active", err
}

// startRelease starts the unit of a release that nobody is sent to yet.
func startRelease(h hands, ctx context.Context, args []string) error {
	began := time.Now()
	_ = h.Systemctl(ctx, "reset-failed", args[0]) // where it failed before
	if err := h.Systemctl(ctx, "start", args[0]); err != nil {
		return h.because(ctx, args[0], began, err)
	}
	return nil
}

// stopRelease lets a release finish what it was given, and stops it.
func stopRelease(h hands, ctx context.Context, args []string) (string, error) {
	now, err := h.unitNow(ctx, args[0])
	if err != nil {
		return "", err
	}
	if now["ActiveState"] != "inactive" && now["ActiveState"] != "failed" {
		if err := h.drain(ctx, args[1]); err != nil {
			return "", err
		}
		if err := h.Systemctl(ctx, "stop", args[0]); err != nil {
			return "", err
		}
	}
	_ = h.Systemctl(ctx, "reset-failed", args[0])
	return "", nil
}

func bootEnabled(h hands, ctx context.Context, args []string) (bool, error) {
	now, err := h.unitNow(ctx, args[0])
	return now["UnitFileState"] == "enabled", err
}

func enableBoot(h hands, ctx context.Context, args []string) error {
	return h.Systemctl(ctx, "enable", args[0])
}

func disableBoot(h hands, ctx context.Context, args []string) (string, error) {
	if on, err := bootEnabled(h, ctx, args); !on || err != nil {
		return "", err
	}
	return "", h.Systemctl(ctx, "disable", args[0])
}

func retired(h hands, ctx context.Context, args []string) (bool, error) {
	now, err := h.unitNow(ctx, args[0])
	return (now["ActiveState"] == "inactive" || now["ActiveState"] == "failed") && now["UnitFileState"] != "enabled", err
}

// retire ends a release that another one has taken the place of. The link leads
// to the other one before it is disabled, so that a boot in between has one.
func retire(h hands, ctx context.Context, args []string) error {
	if _, err := disableBoot(h, ctx, args); err != nil {
		return err
	}
	_, err := stopRelease(h, ctx, args)
	return err
}

// unretire brings a release back behind its socket, and shows that it answers,
// before anything leads there again.
func unretire(h hands, ctx context.Context, args []string) (string, error) {
	up, err := unitUp(h, ctx, args)
	if err != nil {
		return "", err
	}
	if !up {
		err = startRelease(h, ctx, args)
	}
	if err == nil && len(args) > 3 {
		err = prove(h, ctx, args)
	}
	if err == nil {
		err = enableBoot(h, ctx, args)
	}
	if err != nil {
		if !up {
			_ = h.Systemctl(ctx, "stop", args[0])
		}
		return "", fmt.Errorf("%w; %w", err, ErrStands)
	}
	return "", nil
}

// because adds to an error what a unit wrote last, without its secrets.
func (h hands) because(ctx context.Context, unit string, since time.Time, err error) error {
	if said := h.lastSaid(ctx, unit, since); said != "" {
		return fmt.Errorf("%w; its log says: %s", err, strings.TrimRight(said, "."))
	}
	return err
}

func (h hands) lastSaid(ctx context.Context, unit string, since time.Time) string {
	t := &tape.Tape{}
	service, _ := serviceOfUnit(ctx, h.local, unit)
	t.Put(tape.Ask{Kind: tape.KindFile, Name: "environment"}, tape.Answer{Status: tape.Seen, Body: strings.Join(service.Env, "\n")})
	journal := tape.Ask{Kind: tape.KindCommand, Name: "journal", Arg: unit}
	t.Put(journal, h.See(ctx, journal)[0])
	t.Redact([]byte(unit))
	v, _ := t.Get(journal)
	var all, grave []string
	for l := range strings.Lines(v.Body) {
		var entry struct {
			Message  any    `json:"MESSAGE"`
			Priority string `json:"PRIORITY"`
			At       string `json:"__REALTIME_TIMESTAMP"`
		}
		if json.Unmarshal([]byte(l), &entry) != nil {
			continue
		}
		at, _ := strconv.ParseInt(entry.At, 10, 64)
		if text, ok := entry.Message.(string); ok && !time.UnixMicro(at).Before(since.Add(-time.Second)) {
			all = append(all, text)
			if entry.Priority < "5" { // syslog(3): a warning or worse
				grave = append(grave, text)
			}
		}
	}
	return gistOfLog(all, grave)
}

// gistOfLog is what a log says of a failure: its last complaints, each once (each
// worker has its own), or else the last of its warnings.
func gistOfLog(all, grave []string) string {
	var out []string
	for _, l := range complaint.FindAllString(strings.Join(all, "\n"), -1) {
		if l = strings.TrimSpace(l); !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		out = grave[max(0, len(grave)-1):]
	}
	return short(strings.Join(out[max(0, len(out)-3):], "; "))
}

func pruned(_ hands, _ context.Context, args []string) (bool, error) {
	there, err := exists(args[0])
	left, also := exists(args[0] + ".old")
	return !there && !left, errors.Join(err, also)
}

func prune(_ hands, _ context.Context, args []string) error {
	gone := args[0] + ".old" // at no moment half of a release is there
	err := os.Rename(args[0], gone)
	if errors.Is(err, unix.EXDEV) { // a folder of a lower layer (overlayfs without redirect_dir)
		err = os.RemoveAll(args[0])
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	lock := strings.NewReplacer("/srv/", "/etc/", "/releases/", "/requirements-").Replace(args[0]) + ".txt" // what pip was given, of some
	if err := os.Remove(lock); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(gone)
}

func pruneStays(_ hands, _ context.Context, args []string) (string, error) {
	if there, err := exists(args[0]); there || err != nil {
		return "", err
	}
	return args[0] + " is gone: it was one of the oldest, and went to make room", nil
}
