package host

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"assay/internal/tape"
)

//go:embed probe/*.py
var probeFiles embed.FS

// probe is one program, run by the service's own interpreter; its parts stand
// in the order in which they need each other.
var probe = sync.OnceValue(func() string {
	var b strings.Builder
	for _, part := range []string{"begin", "watch", "values", "app", "around", "code", "uses", "rehearse", "trial", "load"} {
		text, _ := probeFiles.ReadFile("probe/" + part + ".py") // a part that is missing fails every test
		b.Write(text)
		b.WriteString("\n\n")
	}
	return b.String()
})

// service is how an app is started.
type service struct {
	argv []string
	env  []string
	dir  string
	pid  int // whose view of the disk it has; 0: ours
	at   uint64
}

// app loads an app once, in the sandbox, and says what it became.
func (l *local) app(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "load the app of " + short(a.Name)
	if l.opt.NoImport {
		return hinted(unseen(deed, "turned off with --no-import"), "run without --no-import")
	}
	if !l.root {
		return hinted(unseen(deed, "the sandbox needs root"), sudo)
	}
	id, err := tape.ParseIdentity(a.As)
	if err != nil || id.UID < 0 || id.GID < 0 || len(id.Groups) > 64 {
		return unseen(deed, "no identity is given")
	}
	s, v := l.service(ctx, a, id, deed)
	if v.Status == tape.Unseen {
		return v
	}
	cellOf, v := l.cell(ctx, s, id, a.Arg, deed)
	if v.Status == tape.Unseen {
		return v
	}
	p, err := imprison(ctx, cellOf)
	if err != nil {
		return unsealed(deed, err)
	}
	r := result(p)
	r.Nobody = id.UID == 0
	key := rawOf(r, "SECRET_KEY")
	if r.Error == nil && r.Ended == "" && key != "" && !placed(r, "SECRET_KEY") {
		r.Again = l.again(ctx, cellOf, key)
	}
	r.Hasty = l.opt.AppSeconds < appSeconds && strings.Contains(r.Ended, "still busy")
	l.keep(a.Name, r)
	return tape.Encode(r)
}

// again imports once more: a key that stands nowhere may be made at import.
func (l *local) again(ctx context.Context, c cell, key string) string {
	p, err := imprison(ctx, c)
	if err != nil {
		return ""
	}
	switch second := rawOf(result(p), "SECRET_KEY"); second {
	case "":
		return ""
	case key:
		return "same"
	}
	return "different"
}

// service finds out how the app is started, from the process or from its unit.
func (l *local) service(ctx context.Context, a tape.Ask, id tape.Identity, deed string) (service, tape.Answer) {
	var s service
	f := strings.Fields(a.Name)
	if len(f) != 2 && len(f) != 4 {
		return s, unseen(deed, "no such service")
	}
	for i := 0; i < len(f); i += 2 {
		switch f[i] {
		case "pid":
			pid, err := strconv.Atoi(f[i+1])
			if err != nil || pid <= 1 {
				return s, unseen(deed, "not a process id")
			}
			if v := l.serviceOfProcess(&s, pid, id.UID, deed); v.Status == tape.Unseen {
				return s, v
			}
		case "unit":
			if !unitName.MatchString(f[i+1]) {
				return s, unseen(deed, "not a unit's name")
			}
			u, why := serviceOfUnit(ctx, l, f[i+1])
			if why != "" {
				return s, unseen(deed, why)
			}
			s.argv = u.Argv
			if s.pid == 0 {
				s.env, s.dir = u.Env, u.Dir
			}
		default:
			return s, unseen(deed, "no such service")
		}
	}
	return s, tape.Answer{Status: tape.Seen}
}

const anyUser = -1

// serviceOfProcess reads how a process was started, provided that it still is
// the service's: a process id is used again, and what another one was given is
// not for this one's code.
func (l *local) serviceOfProcess(s *service, pid, uid int, deed string) tape.Answer {
	dir := fmt.Sprintf("/proc/%d", pid)
	at := startOf(pid)
	b, err := readProc(dir+"/cmdline", 128<<10)
	if err != nil {
		return l.gone(deed, err)
	}
	env, err := readEnviron(strconv.Itoa(pid), tape.MaxFile)
	if err != nil {
		return l.gone(deed, err)
	}
	vars, ok := splitEnviron(string(env))
	if !ok {
		return unseen(deed, "the process has written its title over its environment")
	}
	if len(vars) > maxVariables {
		return unseen(deed, fmt.Sprintf("its environment holds more than %d variables", maxVariables))
	}
	cwd, err := os.Readlink(dir + "/cwd")
	if err != nil {
		return l.gone(deed, err)
	}
	var now tape.Proc
	if !readStatus(dir, &now) || at == 0 || startOf(pid) != at {
		return unseen(deed, "the process has ended meanwhile")
	}
	if uid != anyUser && now.UID != uid {
		return unseen(deed, fmt.Sprintf("process %d now runs as user %d", pid, now.UID))
	}
	s.argv, s.env, s.dir, s.pid, s.at = splitArgs(b), vars, cwd, pid, at
	return tape.Answer{Status: tape.Seen}
}

// startOf is when a process was started, in ticks since the host was; 0 where it
// is gone. The name of its program may hold anything.
func startOf(pid int) uint64 {
	b, err := readProc(fmt.Sprintf("/proc/%d/stat", pid), 4<<10)
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 20 {
		return 0
	}
	at, _ := strconv.ParseUint(f[19], 10, 64)
	return at
}

// gone: a process that has ended meanwhile leaves us without an answer, not
// with the answer that there is none.
func (l *local) gone(deed string, err error) tape.Answer {
	return hinted(unseen(deed, cause(err)), l.sudoHint())
}

// cell says who runs what: the service's interpreter, and for a service that
// is root nobody, since nothing of an app runs as root.
func (l *local) cell(ctx context.Context, s service, id tape.Identity, target, deed string) (cell, tape.Answer) {
	c := cell{Enter: s.pid, Started: s.at, UID: id.UID, GID: id.GID, Groups: id.Groups, Dir: strings.TrimSuffix(s.dir, " (deleted)"),
		Env: s.env, Memory: memoryFor(), Seconds: l.opt.AppSeconds}
	if strings.HasSuffix(s.dir, " (deleted)") {
		return c, unseen(deed, "its working folder "+c.Dir+" was deleted")
	}
	if c.UID == 0 {
		n := nobody()
		c.UID, c.GID, c.Groups = n.uid, n.gid, nil
	}
	w, why := l.words(ctx, s, target)
	if why != "" {
		return c, unseen(deed, why)
	}
	c.Program, c.Argv = w.python, []string{w.python, "-c", probe()}
	secret, plain := tape.SecretNames()
	job, err := json.Marshal(map[string]any{"out": toldFD, "server": w.server, "argv": w.argv, "first": w.first, "target": target,
		"secret_name": secret, "plain_name": plain, "nobody": id.UID == 0})
	if err != nil {
		return c, unseen(deed, err.Error())
	}
	c.Job = job
	return c, tape.Answer{Status: tape.Seen}
}
