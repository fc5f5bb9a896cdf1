package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	proofs    = 5                // answers in a row that a release has to give
	slowest   = 60 * time.Second // that it may take to the first one
	unwell    = 10 * time.Second // and to get well, once it answers
	proofWait = 10 * time.Second // for one answer
	proofRest = 100 * time.Millisecond
)

// probe of a page: below which status its answer has to be.
type pageProbe struct {
	below int
	path  string
}

func pageProbes(args []string) (out []pageProbe) {
	for _, a := range args {
		below, path, _ := strings.Cut(a, " ")
		n, _ := strconv.Atoi(below)
		out = append(out, pageProbe{n, path})
	}
	return out
}

// prove asks a release at its own socket, as nginx would for a visitor, until it
// has answered well several times in a row. args are its unit, its socket, the
// name that visitors type, and the pages: "400 /health" has to answer below 400.
func prove(h hands, ctx context.Context, args []string) error {
	unit, socket, site := args[0], args[1], args[2]
	began := time.Now()
	var answered time.Time
	var why error
	for row := 0; row < proofs; {
		var heard bool
		if heard, why = h.passes(ctx, unit, socket, site, pageProbes(args[3:])); why == nil {
			row++
			time.Sleep(proofRest / 10)
			continue
		}
		row = 0
		now, err := h.unitNow(ctx, unit)
		restarts, _ := strconv.Atoi(now["NRestarts"])
		if heard && answered.IsZero() {
			answered = time.Now()
		}
		switch {
		case err != nil:
			return err
		case now["ActiveState"] == "failed" || now["ActiveState"] == "inactive" || restarts > 1:
			return h.because(ctx, unit, began, fmt.Errorf("%s does not stay up", unit))
		case time.Since(began) > slowest || !answered.IsZero() && time.Since(answered) > unwell:
			return h.because(ctx, unit, began, why)
		}
		time.Sleep(proofRest)
	}
	return nil
}

// passes asks each page once; heard says that it answered at all.
func (h hands) passes(ctx context.Context, unit, socket, site string, pages []pageProbe) (heard bool, err error) {
	if len(pages) == 0 {
		pages = []pageProbe{{500, "/"}}
	}
	for _, p := range pages {
		dial := func(ctx context.Context) (net.Conn, error) {
			c, err := h.dialUnix(ctx, socket, "connect to "+socket)
			if err != nil {
				return nil, err
			}
			if err := heldBy(c, unit); err != nil {
				return nil, errors.Join(err, c.Close())
			}
			return c, nil
		}
		status, err := h.fetch(ctx, dial, site, p.path)
		switch {
		case err != nil:
			return heard, fmt.Errorf("%s at %s: %w", p.path, socket, err)
		case status >= p.below:
			return true, fmt.Errorf("%s at %s answers %d, and has to answer below %d", p.path, socket, status, p.below)
		}
		heard = true
	}
	return heard, nil
}

// fetch asks for a page as nginx does for a visitor who came by HTTPS.
func (h hands) fetch(ctx context.Context, dial dialFunc, site, page string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, proofWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://endpoint"+page, nil)
	if err != nil {
		return 0, err
	}
	req.Host = site
	for k, v := range map[string]string{"User-Agent": "assay/" + h.opt.Version, "Accept": "*/*", "X-Real-IP": "127.0.0.1",
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": site} {
		req.Header.Set(k, v)
	}
	resp, err := send(ctx, dial, req)
	if err != nil {
		return 0, errors.New(failedReply(ctx, err).Error)
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return 0, errors.New(failedReply(ctx, err).Error)
	}
	return resp.StatusCode, nil
}

// heldBy says that a process of a unit listens at the other end: the kernel keeps
// who called listen(2) (unix(7), SO_PEERCRED).
func heldBy(c net.Conn, unit string) error {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	if ctrl := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); ctrl != nil || err != nil {
		return errors.Join(ctrl, err)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", cred.Pid))
	if err != nil {
		return fmt.Errorf("who listens there is gone: %w", err)
	}
	for l := range strings.Lines(string(b)) {
		if strings.HasSuffix(strings.TrimSpace(l), "/"+unit) || strings.Contains(l, "/"+unit+"/") {
			return nil
		}
	}
	return fmt.Errorf("process %d listens there, and is none of %s", cred.Pid, unit)
}
