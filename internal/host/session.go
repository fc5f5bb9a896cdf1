package host

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // #nosec: what Flask signs with
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"assay/internal/tape"
)

const (
	sessionWait     = 5 * time.Second  // for one answer
	sessionsWait    = 16 * time.Second // for all
	sessionsAtOnce  = 4
	maxFallbackKeys = 20
)

// session asks the app itself for new sessions, and says with which of its keys
// they were signed. Cookies and keys stay here.
func (l *local) session(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "ask the app of " + short(a.Name) + " for sessions"
	visit, err := tape.ParseSessionVisit(a.Arg)
	if err != nil {
		return unseen(deed, err.Error())
	}
	key, ok := l.vault.get(a.Name + "/config/SECRET_KEY")
	if !ok {
		return unseen(deed, "the app was not loaded in this visit")
	}
	keys := []string{key}
	for i := range maxFallbackKeys {
		if k, ok := l.vault.get(fmt.Sprintf("%s/config/SECRET_KEY_FALLBACKS/%d", a.Name, i)); ok {
			keys = append(keys, k)
		}
	}
	dial, v := l.endpoint(visit.Endpoint, visit.Host, deed)
	if dial == nil {
		return v
	}
	if _, before := l.hung.Load(visit.Endpoint + visit.Host); before {
		return unseen(deed, "a request before got no answer in time")
	}
	ctx, cancel := context.WithTimeout(ctx, l.within(sessionsWait))
	defer cancel()
	s := sessions{l: l, dial: dial, visit: visit, keys: keys}
	for _, p := range visit.Paths {
		if s.one(ctx, p); s.denied != nil {
			return s.denied.answer
		}
		if s.reply.Cookies > 0 {
			s.reply.Path = p
			s.rest(ctx)
			break
		}
	}
	if ctx.Err() != nil && l.opt.Wait < httpWait {
		return unseen(deed, "no answer in time")
	}
	return tape.Encode(s.reply)
}

type sessions struct {
	l      *local
	dial   dialFunc
	visit  tape.SessionVisit
	keys   []string // the key, then the fallbacks
	mu     sync.Mutex
	reply  tape.SessionReply
	denied *notSeen
}

// rest sends a few requests at once, so that more than one worker is asked.
func (s *sessions) rest(ctx context.Context) {
	var wg sync.WaitGroup
	for range min(sessionsAtOnce, s.visit.Count) {
		wg.Go(func() {
			for ctx.Err() == nil && s.more() {
				s.one(ctx, s.reply.Path)
			}
		})
	}
	wg.Wait()
}

func (s *sessions) more() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reply.Sent < s.visit.Count && s.reply.Error == ""
}

func (s *sessions) one(ctx context.Context, path string) {
	ctx, cancel := context.WithTimeout(ctx, s.l.within(sessionWait))
	defer cancel()
	s.mu.Lock()
	s.reply.Sent++
	s.mu.Unlock()
	req, why := s.l.request(s.visit.Request(path).String())
	if why != "" {
		return
	}
	resp, err := send(ctx, s.dial, req)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		errors.As(err, &s.denied)
		e := failedReply(ctx, err)
		s.reply.Error, s.reply.Class = e.Error, e.Class
		return
	}
	resp.Body.Close()
	s.count(resp.Cookies())
}

func (s *sessions) count(cookies []*http.Cookie) {
	for _, c := range cookies {
		if c.Name != s.visit.Cookie || c.Value == "" {
			continue
		}
		s.reply.Cookies++
		switch by := signedBy(c.Value, s.keys); {
		case by == 0:
			s.reply.Key++
		case by > 0:
			s.reply.Fallback++
		case strings.Count(c.Value, ".") < 2:
			s.reply.Foreign++
		default:
			s.reply.Other++
		}
		return
	}
}

// signedBy says which of the keys signed a session, -1 for none: itsdangerous'
// URLSafeTimedSerializer as Flask 0.10 to 3.1 uses it (salt cookie-session, the
// key derived by HMAC, SHA-1): payload.time.signature.
func signedBy(cookie string, keys []string) int {
	i := strings.LastIndexByte(cookie, '.')
	if i < 0 {
		return -1
	}
	sent, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(cookie[i+1:], "="))
	if err != nil {
		return -1
	}
	for n, k := range keys {
		derive := hmac.New(sha1.New, []byte(k))
		derive.Write([]byte("cookie-session"))
		mac := hmac.New(sha1.New, derive.Sum(nil))
		mac.Write([]byte(cookie[:i]))
		if hmac.Equal(mac.Sum(nil), sent) {
			return n
		}
	}
	return -1
}
