// Package host is the eyes: it answers asks, on this machine or from a tape.
//
// The host may be hostile and we are often root, so every kind of ask has its
// bounds of time and bytes, stands alone (a hang or a panic in one leaves the
// others untouched), and reads what other users can write only with those
// users' rights (see walk.go and trust.go).
package host

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/internal/tape"
)

// Reader answers asks. Not being able to see is an answer, never an error.
// Answers come in the order of the asks, one for each.
type Reader interface {
	See(ctx context.Context, asks ...tape.Ask) []tape.Answer
}

// Options are what Local may be told; the zero value is right for an audit.
type Options struct {
	Version    string           // of assay: Visit and User-Agent
	Parallel   int              // asks under way at once; 16 when 0
	Now        func() time.Time // time.Now when nil
	ResolvConf string           // /etc/resolv.conf when ""
	Roots      *x509.CertPool   // the system's store when nil
	NoImport   bool             // nothing of the app is run, in no sandbox
	Deep       bool             // said of the visit, which then asks for what takes its time
	Page       string           // a URL that somebody complains about: said of the visit, which then asks for it
	Wait       time.Duration    // for an answer over HTTP; 6 seconds when 0
	AppSeconds int              // that one import may take; 20 when 0
}

const parallel = 16

// quick are the kinds that need not queue behind those that wait for a network
// or a program.
var quick = []tape.Kind{tape.KindSelf, tape.KindFile, tape.KindStat, tape.KindGlob, tape.KindTree, tape.KindAccess, tape.KindProcs, tape.KindEnviron,
	tape.KindSockets, tape.KindConns, tape.KindWrites, tape.KindDisk, tape.KindMemory, tape.KindAddrs}

type local struct {
	opt      Options
	slots    chan struct{} // for asks that wait for somebody
	quick    chan struct{} // for those that only the disk answers
	sessions tls.ClientSessionCache
	root     bool
	vault    vault
	hung     sync.Map // endpoints that gave no answer in time, for who is in a hurry
	kinds    map[tape.Kind]func(context.Context, tape.Ask) tape.Answer
}

// Local returns a reader of this machine.
func Local(opt Options) Reader {
	if opt.Wait <= 0 {
		opt.Wait = httpWait
	}
	if opt.AppSeconds <= 0 {
		opt.AppSeconds = appSeconds
	}
	if opt.Parallel <= 0 {
		opt.Parallel = parallel
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.ResolvConf == "" {
		opt.ResolvConf = "/etc/resolv.conf"
	}
	l := &local{opt: opt, slots: make(chan struct{}, opt.Parallel), quick: make(chan struct{}, opt.Parallel), sessions: tls.NewLRUClientSessionCache(0), root: os.Geteuid() == 0}
	l.kinds = map[tape.Kind]func(context.Context, tape.Ask) tape.Answer{
		tape.KindSelf:    l.self,
		tape.KindFile:    l.file,
		tape.KindStat:    l.stat,
		tape.KindGlob:    l.glob,
		tape.KindTree:    l.tree,
		tape.KindAccess:  l.access,
		tape.KindProcs:   l.procs,
		tape.KindEnviron: l.environ,
		tape.KindSockets: l.sockets,
		tape.KindConns:   l.conns,
		tape.KindWrites:  l.writes,
		tape.KindDisk:    l.disk,
		tape.KindMemory:  l.memory,
		tape.KindDumps:   l.dumps,
		tape.KindAddrs:   l.addrs,
		tape.KindCommand: l.command,
		tape.KindDNS:     l.dns,
		tape.KindKey:     l.key,
		tape.KindTLS:     l.tls,
		tape.KindHTTP:    l.http,
		tape.KindServed:  l.served,
		tape.KindMetrics: l.metrics,
		tape.KindDial:    l.dial,
		tape.KindSQL:     l.sql,
		tape.KindRedis:   l.redis,
		tape.KindApp:     l.app,
		tape.KindSession: l.session,
		tape.KindLeaks:   l.leaks,
	}
	return l
}

func (l *local) See(ctx context.Context, asks ...tape.Ask) []tape.Answer {
	return each(asks, 2*l.opt.Parallel, func(a tape.Ask) tape.Answer {
		slots := l.slots
		if slices.Contains(quick, a.Kind) {
			slots = l.quick
		}
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			return l.alone(ctx, a)
		case <-ctx.Done():
			return stopped(ctx, a)
		}
	})
}

// each answers the asks with a few workers, in their order.
func each(asks []tape.Ask, workers int, see func(tape.Ask) tape.Answer) []tape.Answer {
	out := make([]tape.Answer, len(asks))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(workers, len(asks)) {
		wg.Go(func() {
			for i := range next {
				out[i] = see(asks[i])
			}
		})
	}
	for i := range asks {
		next <- i
	}
	close(next)
	wg.Wait()
	return out
}

// alone answers one ask on a goroutine of its own. A system call that hangs
// (a dead NFS server, a page that a hostile process never delivers) keeps its
// goroutine; the ask is answered as unseen and the visit goes on.
func (l *local) alone(ctx context.Context, a tape.Ask) tape.Answer {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit(a))
	defer cancel()
	done := make(chan tape.Answer, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- unseen("see "+short(a.String()), fmt.Sprintf("panic: %v", p))
			}
		}()
		done <- l.answer(ctx, a)
	}()
	var v tape.Answer
	select {
	case v = <-done:
	case <-ctx.Done():
		// The kind's own limit ends with a better reason than ours.
		select {
		case v = <-done:
		case <-time.After(300 * time.Millisecond):
			v = stopped(ctx, a)
		}
	}
	v.Body, v.Stderr, v.Why = valid(v.Body), valid(v.Stderr), valid(v.Why)
	v.Millis = time.Since(began).Milliseconds() + 1 // 0 would read as "not measured"
	return v
}

// limit is the time after which an ask is given up; the kinds that wait for
// somebody have shorter limits of their own.
func limit(a tape.Ask) time.Duration {
	switch a.Kind {
	case tape.KindCommand:
		row, _ := tape.CommandRow(a.Name)
		return time.Duration(row.Seconds+2) * time.Second
	case tape.KindDNS:
		return 3*dnsTries*dnsWait + time.Second
	case tape.KindApp:
		return 2*appSeconds*time.Second + 5*time.Second
	case tape.KindLeaks:
		if strings.HasPrefix(a.Arg, tape.History) {
			return historyWait + 2*time.Second
		}
		return leaksWait + 2*time.Second
	case tape.KindSession:
		return sessionsWait + 2*time.Second
	case tape.KindProcs, tape.KindSockets, tape.KindTree, tape.KindGlob:
		return 15 * time.Second
	}
	return 8 * time.Second
}

func (l *local) answer(ctx context.Context, a tape.Ask) tape.Answer {
	see, ok := l.kinds[a.Kind]
	if !ok {
		return unseen("see "+short(a.String()), "no such kind of ask")
	}
	return see(ctx, a)
}
