package host

import (
	"context"
	"encoding/binary"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	drainLeast = time.Second // nginx may have followed the link just before it moved
	drainMost  = 30 * time.Second
	drainRest  = 100 * time.Millisecond
	drainCalm  = 3 // looks in a row that have to find nothing
)

// drain waits until nobody waits at a socket and nobody is served by it: whoever
// gunicorn has not accepted when it is told to stop is reset (gunicorn 20 to 26).
// What takes longer than any request may is left to the stop.
func (h hands) drain(ctx context.Context, socket string) error {
	began, calm := time.Now(), 0
	for time.Since(began) < drainMost {
		n, err := engaged(ctx, socket)
		if err != nil {
			return err
		}
		if calm++; n > 0 {
			calm = 0
		}
		if calm >= drainCalm && time.Since(began) >= drainLeast {
			return nil
		}
		time.Sleep(drainRest)
	}
	return nil
}

// engaged counts who waits at a unix socket and who is connected to it. A socket
// that was accepted bears the name of the one that listened.
func engaged(ctx context.Context, socket string) (int, error) {
	req := make([]byte, 24) // struct unix_diag_req
	req[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(req[4:], established|unixListening)
	binary.NativeEndian.PutUint32(req[12:], unixShowName|unixShowQueue)
	n := 0
	err := askKernel(ctx, req, func(b []byte) {
		if len(b) < 16 {
			return
		}
		name, queue := "", 0
		attributes(b[16:], func(kind uint16, v []byte) {
			switch {
			case kind == unixDiagName:
				name = strings.TrimRight(string(v), "\x00")
			case kind == unixDiagQueue && len(v) >= 8:
				queue = int(binary.NativeEndian.Uint32(v))
			}
		})
		if name != socket {
			return
		}
		if 1<<b[2] == unixListening {
			n += queue
		} else {
			n++
		}
	})
	return n, err
}
