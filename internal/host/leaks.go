package host

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/regex"
	"assay/internal/syntax/gitindex"
	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// Bounds of one search.
const (
	leaksWait    = 15 * time.Second
	leakFiles    = 4000
	leakFolders  = 1500
	leakBytes    = 96 << 20
	leakHits     = 40
	gitIndexSize = 24 << 20
	shortLeak    = 8 // characters: less is a word that stands anywhere
)

// live is a secret of the running app, and where its value ends.
type live struct {
	name  string
	value []byte
}

// leaks searches the files below a folder for the values of the app's secrets.
// It goes by the rule of trust: a folder that others own is read as they.
func (l *local) leaks(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "look for secrets in " + short(a.Name)
	if why := badPath(a.Name); why != "" {
		return unseen(deed, why)
	}
	if !l.root {
		return hinted(unseen(deed, "what is secret is known to root alone"), sudo)
	}
	ref, past := strings.CutPrefix(a.Arg, tape.History)
	secrets := l.secretsOf(ctx, ref)
	if secrets == nil {
		return unseen(deed, "the app was not loaded in this visit")
	}
	if past {
		return l.history(ctx, path.Clean(a.Name), secrets)
	}
	ctx, cancel := context.WithTimeout(ctx, leaksWait)
	defer cancel()
	s := &search{l: l, root: path.Clean(a.Name), secrets: secrets}
	for _, x := range secrets {
		s.report.Secrets = append(s.report.Secrets, x.name)
	}
	s.git(ctx)
	if v := s.run(ctx); v.Status == tape.Unseen {
		return v
	}
	return tape.Encode(s.report)
}

// secretsOf are the values that an app was loaded with, and those of the
// environment that it was loaded in; nil where it was not loaded.
func (l *local) secretsOf(ctx context.Context, ref string) []live {
	held := l.vault.below(ref + "/")
	if _, loaded := l.vault.get(ref); !loaded {
		return nil
	}
	out := []live{}
	add := func(name, value string) {
		if u, err := url.Parse(value); err == nil && u.User != nil && strings.Contains(value, "://") {
			name, value = "the password of "+name, ""
			if p, set := u.User.Password(); set {
				value = p
			}
		} else if !tape.IsSecret(name) {
			return
		}
		known := slices.ContainsFunc(out, func(x live) bool { return string(x.value) == value })
		if !known && len(value) >= shortLeak && len(value) <= 4096 && !ordinary.MatchString(value) && !tape.KnownDefault(value) {
			out = append(out, live{name, []byte(value)})
		}
	}
	var s service
	f := strings.Fields(ref)
	if len(f) > 1 && f[0] == "pid" {
		if pid, err := strconv.Atoi(f[1]); err == nil {
			l.serviceOfProcess(&s, pid, anyUser, "read its environment")
		}
	} else if len(f) > 1 {
		if u, why := serviceOfUnit(ctx, l, f[1]); why == "" {
			s.env = u.Env
		}
	}
	slices.Sort(s.env)
	for _, kv := range s.env {
		k, v, _ := strings.Cut(kv, "=")
		add(k, v)
	}
	for _, k := range held {
		v, _ := l.vault.get(k)
		add(strings.TrimPrefix(strings.TrimPrefix(k, ref+"/config/"), ref+"/"), v)
	}
	return out
}

// ordinary is a value that may well stand in a file by chance.
var ordinary = regex.New(`^([A-Za-z._-]{1,15}|[0-9]{1,9})$`)

// below are the references that begin so, in order.
func (v *vault) below(prefix string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []string
	for k := range v.held {
		if strings.HasPrefix(k, prefix) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

type search struct {
	l       *local
	root    string
	secrets []live
	tracked map[string]bool // by path below the top
	report  tape.LeakReport
	bytes   int64
}

// git finds the working tree that the folder is part of, and what it tracks.
func (s *search) git(ctx context.Context) {
	var where string
	if s.report.Top, where, s.report.Git = s.l.repository(ctx, s.root); where != "" {
		s.index(ctx, where)
	}
}

// repository finds the working tree that a folder is part of, and where git
// keeps what it knows of it.
func (l *local) repository(ctx context.Context, root string) (top, where, why string) {
	for dir, n := root, 0; n < 8; dir, n = path.Dir(dir), n+1 {
		st := l.stat(ctx, tape.Ask{Kind: tape.KindStat, Name: path.Join(dir, ".git")})
		if st.Status == tape.Seen {
			where, why = l.gitFolder(ctx, dir, st)
			return dir, where, why
		}
		if st.Status == tape.Unseen || dir == "/" {
			return "", "", st.Why
		}
	}
	return "", "", ""
}

func (l *local) gitFolder(ctx context.Context, top string, st tape.Answer) (where, why string) {
	where = path.Join(top, ".git")
	if kind, _ := tape.Decode[tape.Stat](st); kind.Type == "file" { // a worktree or a submodule
		v := l.file(ctx, tape.Ask{Kind: tape.KindFile, Name: where, Arg: "head"})
		to, ok := strings.CutPrefix(strings.TrimSpace(v.Body), "gitdir: ")
		if !ok {
			return "", "read " + where + ": it names no folder"
		}
		where = absolute(to, top)
	}
	return where, ""
}

func (s *search) index(ctx context.Context, where string) {
	body, v := s.l.whole(ctx, path.Join(where, "index"), gitIndexSize)
	if v.Status == tape.Absent {
		return // nothing was ever added
	}
	if v.Status == tape.Unseen {
		s.report.Git = v.Why
		return
	}
	names, err := gitindex.Names(body)
	if err != nil {
		s.report.Git = "read " + path.Join(where, "index") + ": " + err.Error()
		return
	}
	s.tracked = make(map[string]bool, len(names))
	for _, n := range names {
		s.tracked[n] = true
	}
}

// whole reads a regular file of a given size at most.
func (l *local) whole(ctx context.Context, name string, most int) ([]byte, tape.Answer) {
	var body []byte
	v := l.read(ctx, func(r *reading) tape.Answer {
		p, err := r.walk(name, true)
		if err != nil {
			return l.failedRead(r, "read "+short(name), err)
		}
		defer p.close()
		var more bool
		if body, more, err = r.upTo(p, most); err != nil {
			return l.failedRead(r, "read "+short(name), err)
		}
		if more {
			return unseen("read "+short(name), fmt.Sprintf("it is larger than %d MiB", most>>20))
		}
		return tape.Answer{Status: tape.Seen}
	})
	return body, v
}

// upTo reads a regular file, as much of it as is asked for.
func (r *reading) upTo(s *spot, most int) (body []byte, more bool, err error) {
	fd, err := r.open(s, unix.S_IFREG)
	if err != nil {
		return nil, false, err
	}
	defer unix.Close(fd)
	body, err = r.bytes(fd, most+1)
	if len(body) > most {
		body, more = body[:most], true
	}
	return body, more, err
}

var (
	// notSource are folders of other people's code and of what is made from the
	// app's own.
	notSource = []string{".git", ".hg", ".svn", "node_modules", "site-packages", "dist-packages", "__pycache__", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
	notText   = regex.New(`(?i)\.(png|jpe?g|gif|webp|avif|ico|bmp|svg|woff2?|ttf|otf|eot|mp[34]|webm|mov|zip|gz|xz|bz2|zst|tgz|pyc|so|whl|pdf|sqlite3?|db)$`)
)

func (s *search) run(ctx context.Context) tape.Answer {
	folders := 0
	for queue := []string{""}; len(queue) > 0; folders++ {
		dir := queue[0]
		queue = queue[1:]
		if ctx.Err() != nil || folders >= leakFolders || s.report.Files >= leakFiles || s.bytes >= leakBytes {
			s.report.More = fmt.Sprintf("more than %d files below %s", s.report.Files, s.root)
			break
		}
		entries, more, v := s.l.listing(ctx, path.Join(s.root, dir), true)
		switch {
		case v.Status != tape.Seen && folders == 0:
			if v.Status == tape.Absent {
				return unseen("search "+short(s.root)+" for secrets", "there is no such folder")
			}
			return v
		case v.Status == tape.Unseen:
			s.report.More = v.Why
			continue
		case more || len(entries) > tape.MaxTree:
			s.report.More = "more names in " + short(path.Join(s.root, dir)) + " than are listed"
		}
		if dir != "" && slices.ContainsFunc(entries, func(e tape.Entry) bool { return e.Path == "pyvenv.cfg" }) {
			continue
		}
		for _, e := range entries {
			name := path.Join(dir, e.Path)
			switch {
			case e.Type == "dir" && !slices.Contains(notSource, e.Path):
				queue = append(queue, name)
			case e.Type == "file" && e.Size > 0 && e.Size < tape.MaxFile && !notText.MatchString(e.Path) && s.report.Files < leakFiles:
				s.file(ctx, name)
			}
		}
	}
	return tape.Answer{Status: tape.Seen}
}

func (s *search) file(ctx context.Context, name string) {
	body, v := s.l.whole(ctx, path.Join(s.root, name), tape.MaxFile)
	if v.Status != tape.Seen {
		if v.Status == tape.Unseen && s.report.More == "" {
			s.report.More = v.Why
		}
		return
	}
	s.report.Files++
	s.bytes += int64(len(body))
	inTree := strings.TrimPrefix(path.Join(s.root, name), strings.TrimSuffix(s.report.Top, "/")+"/")
	tracked := s.report.Top != "" && s.tracked[inTree]
	add := func(at int, what string, live bool) {
		if len(s.report.Hits) < leakHits {
			s.report.Hits = append(s.report.Hits, tape.Leak{Path: name, Line: bytes.Count(body[:at], []byte("\n")) + 1, Name: what, Live: live, Tracked: tracked})
		}
	}
	for _, x := range s.secrets {
		if at := alone(body, x.value); at >= 0 {
			add(at, x.name, true)
		}
	}
	for _, k := range keyShapes {
		if m := k.shape.FindIndex(body); m != nil && !slices.ContainsFunc(s.secrets, func(x live) bool { return bytes.Contains(body[m[0]:m[1]], x.value) }) {
			add(m[0], k.name, false)
		}
	}
}

// alone finds a value that is no part of a longer word.
func alone(body, value []byte) int {
	for from := 0; ; {
		i := bytes.Index(body[from:], value)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(value)
		if (i == 0 || !wordByte(body[i-1]) || !wordByte(value[0])) && (end == len(body) || !wordByte(body[end]) || !wordByte(value[len(value)-1])) {
			return i
		}
		from = i + 1
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// keyShapes are keys that say themselves whose they are, and that they are
// real: nothing else looks so.
var keyShapes = []struct {
	name  string
	shape *regex.Regex
}{
	{"a live key of Stripe", regex.New(`\b[sr]k_live_[0-9A-Za-z]{24,}`)},
	{"a token of GitHub", regex.New(`\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{60,})`)},
	{"a token of GitLab", regex.New(`\bglpat-[0-9A-Za-z_-]{20}\b`)},
	{"a token of Slack", regex.New(`\bxox[bp]-[0-9]{10,}-[0-9]{10,}-[0-9A-Za-z-]{20,}`)},
	{"a key of SendGrid", regex.New(`\bSG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}\b`)},
}
