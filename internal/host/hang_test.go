package host

import (
	"context"
	"fmt"
	"testing"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// A disk that never answers: a FUSE mount whose server takes no request.
func deadDisk(t *testing.T, dir string) {
	t.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("this kernel has no FUSE: ", err)
	}
	if err := unix.Mount("dead", dir, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)); err != nil {
		unix.Close(fd)
		t.Skip("mount FUSE: ", err)
	}
	t.Cleanup(func() {
		unix.Close(fd) // whoever waits for it is let go
		must(t, unix.Unmount(dir, unix.MNT_DETACH))
	})
}

func TestDeadDisk(t *testing.T) {
	dir := rootDir(t)
	deadDisk(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	asks := []tape.Ask{
		file(dir + "/x"), {Kind: tape.KindStat, Name: dir + "/x"}, {Kind: tape.KindTree, Name: dir}, {Kind: tape.KindGlob, Name: dir + "/*"},
		as(dir+"/x", "r", wwwData, 0), file("/etc/passwd"), {Kind: tape.KindAddrs},
	}
	began := time.Now()
	for i, v := range Local(Options{}).See(ctx, asks...) {
		if i < 5 {
			want(t, v, tape.Unseen, "see "+asks[i].String()+": no answer in time")
		} else if v.Status != tape.Seen {
			t.Errorf("%s: %+v", asks[i], v)
		}
	}
	if d := time.Since(began); d > 15*time.Second {
		t.Errorf("took %v", d)
	}
}
