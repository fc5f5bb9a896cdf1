package host

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const (
	watchRest = 500 * time.Millisecond
	twice     = 2 // one answer may be a visitor's bad luck
)

// frontProbe is a page as visitors get it: below which status, and within what time.
type frontProbe struct {
	pageProbe
	within time.Duration
}

func frontProbes(args []string) (out []frontProbe) {
	for _, a := range args {
		f := strings.SplitN(a, " ", 3)
		below, _ := strconv.Atoi(f[0])
		millis, _ := strconv.Atoi(f[1])
		out = append(out, frontProbe{pageProbe{below, f[2]}, time.Duration(millis) * time.Millisecond})
	}
	return out
}

// watch asks for pages as a visitor does, over HTTPS, for a while, and ends with an
// error when answers are worse than they were. args are the unit, the site's name,
// the seconds, and the pages: "400 900 /health" has to answer below 400 within 900 ms.
func watch(h hands, ctx context.Context, args []string) error {
	unit, site := args[0], args[1]
	seconds, _ := strconv.Atoi(args[2])
	pages := frontProbes(args[3:])
	before, err := h.unitNow(ctx, unit)
	if err != nil {
		return err
	}
	bad, slow := make([]int, len(pages)), make([]int, len(pages))
	began := time.Now()
	for end := began.Add(time.Duration(seconds) * time.Second); time.Now().Before(end); time.Sleep(watchRest) {
		now, err := h.unitNow(ctx, unit)
		if err != nil {
			return err
		}
		if now["ActiveState"] != "active" || now["NRestarts"] != before["NRestarts"] {
			return h.because(ctx, unit, began, fmt.Errorf("%s does not stay up", unit))
		}
		for i, p := range pages {
			at := time.Now()
			status, err := h.fetch(ctx, front(site), site, p.path)
			took := time.Since(at)
			var why error
			switch {
			case err != nil:
				why = fmt.Errorf("https://%s%s: %w", site, p.path, err)
			case status >= p.below:
				why = fmt.Errorf("https://%s%s answers %d", site, p.path, status)
			}
			if bad[i]++; why == nil {
				bad[i] = 0
			}
			if slow[i]++; took <= p.within {
				slow[i] = 0
			}
			switch {
			case bad[i] >= twice:
				return h.because(ctx, unit, began, why)
			case slow[i] > twice:
				return fmt.Errorf("https://%s%s takes %d ms, and has to answer within %d", site, p.path, took.Milliseconds(), p.within.Milliseconds())
			}
		}
	}
	return nil
}

// front is the way that visitors take, from this host itself.
func front(site string) dialFunc {
	return func(ctx context.Context) (net.Conn, error) {
		c, err := dialTCP(ctx, netip.MustParseAddrPort("127.0.0.1:443"))
		if err != nil {
			return nil, err
		}
		t := tls.Client(c, tlsConfig(site))
		if err := t.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(&tlsError{err}, c.Close())
		}
		return t, nil
	}
}

// Glance asks for a page once, at a release's own socket or, where that is "", as
// a visitor does. It is what a release has to be as good as.
func Glance(ctx context.Context, w Writer, socket, site, page string) (status int, took time.Duration, err error) {
	h, ok := w.(hands)
	if !ok {
		return 0, 0, errors.New("only this host's own pages can be asked for")
	}
	dial := front(site)
	if socket != "" {
		dial = func(ctx context.Context) (net.Conn, error) { return h.dialUnix(ctx, socket, "connect to "+socket) }
	}
	at := time.Now()
	status, err = h.fetch(ctx, dial, site, page)
	return status, time.Since(at), err
}
