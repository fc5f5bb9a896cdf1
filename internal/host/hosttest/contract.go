// Package hosttest is the contract that every host.Reader passes.
package hosttest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"assay/internal/tape"
)

// reader is host.Reader, spelled here so that host's own tests can call us.
type reader interface {
	See(ctx context.Context, asks ...tape.Ask) []tape.Answer
}

var kinds = []tape.Kind{
	tape.KindSelf, tape.KindFile, tape.KindStat, tape.KindGlob, tape.KindTree, tape.KindAccess,
	tape.KindProcs, tape.KindEnviron, tape.KindSockets, tape.KindConns, tape.KindWrites, tape.KindDisk, tape.KindMemory, tape.KindDumps, tape.KindAddrs, tape.KindCommand,
	tape.KindDNS, tape.KindKey, tape.KindTLS, tape.KindHTTP, tape.KindDial, "", "no such kind",
}

// odd is what a hostile configuration may put into an ask.
var odd = []string{
	"", "\x00", "/etc/\x00passwd", "relative/path", "../..", "/", "//", "/./..", "-rf", "--help",
	"/nonexistent/x", "/etc/passwd/x", "\xff\xfe", "\x1b[31m", "a b c", "[", "/[", "/*/[!", "*",
	"0", "-1", "99999999999999999999", "1.2.3.4", "[::1]:0", "tcp:", "unix:", "tls:x:1", "GET", "GET x /\r\nEvil: 1", "OPTIONS x /\nOrigin: \x00", "HEAD x /\nTransfer-Encoding: chunked",
	strings.Repeat("a", 1<<20), "/" + strings.Repeat("a/", 100000), strings.Repeat("a.", 500),
}

// Contract asks r what no polite caller would, and holds it to its promises:
// one answer for each ask, in their order, valid text, a why with every
// refusal, an end when the context ends, and no panic.
func Contract(t *testing.T, r reader) {
	t.Helper()
	t.Run("odd asks", func(t *testing.T) {
		var asks []tape.Ask
		for _, k := range kinds {
			for i, s := range odd {
				asks = append(asks,
					tape.Ask{Kind: k, Name: s},
					tape.Ask{Kind: k, Name: "/etc/passwd", Arg: s},
					tape.Ask{Kind: k, Name: s, Arg: odd[(i+7)%len(odd)], As: odd[(i+3)%len(odd)]})
			}
		}
		hold(t, asks, r.See(t.Context(), asks...))
	})
	t.Run("no asks", func(t *testing.T) { hold(t, nil, r.See(t.Context())) })
	t.Run("order", func(t *testing.T) { order(t, r) })
	t.Run("stopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		asks := slices.Repeat([]tape.Ask{{Kind: tape.KindFile, Name: "/etc/passwd"}, {Kind: tape.KindProcs}}, 100)
		began := time.Now()
		hold(t, asks, r.See(ctx, asks...))
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("a stopped visit went on for %v", d)
		}
	})
}

func hold(t *testing.T, asks []tape.Ask, got []tape.Answer) {
	t.Helper()
	if len(got) != len(asks) {
		t.Fatalf("%d answers to %d asks", len(got), len(asks))
	}
	for i, v := range got {
		name := asks[i].String()
		name = name[:min(len(name), 120)]
		switch v.Status {
		case tape.Seen, tape.Absent:
		case tape.Unseen:
			if v.Why == "" {
				t.Errorf("%q: unseen without a why", name)
			}
			if v.Body != "" {
				t.Errorf("%q: unseen with a body", name)
			}
			if len(v.Why) > 2000 {
				t.Errorf("%q: a why of %d bytes", name, len(v.Why))
			}
		default:
			t.Errorf("%q: status %q", name, v.Status)
		}
		if v.Millis < 0 {
			t.Errorf("%q: took %d ms", name, v.Millis)
		}
		for _, s := range []string{v.Body, v.Stderr, v.Why, v.Hint} {
			if !utf8.ValidString(s) {
				t.Errorf("%q: invalid UTF-8: %.80q", name, s)
			}
		}
	}
}

// order asks many things at once and one by one: stable answers are the same.
func order(t *testing.T, r reader) {
	var asks []tape.Ask
	for _, p := range []string{"/etc/passwd", "/etc/group", "/nonexistent", "/etc", "/proc/version", "/usr"} {
		for _, k := range []tape.Kind{tape.KindFile, tape.KindStat} {
			asks = append(asks, tape.Ask{Kind: k, Name: p})
		}
	}
	asks = slices.Repeat(asks, 10)
	got := r.See(t.Context(), asks...)
	hold(t, asks, got)
	for i, a := range asks[:min(12, len(got))] {
		one := r.See(t.Context(), a)
		hold(t, []tape.Ask{a}, one)
		for k := i; k < len(asks); k += 12 {
			if got[k].Status != one[0].Status || got[k].Body != one[0].Body {
				t.Errorf("%s: answer %d is another one's", a, k)
			}
		}
	}
}
