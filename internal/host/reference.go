package host

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/regex"
	"assay/internal/tape"
)

// errand is one login to a server, done for the app: what the child is told.
type errand struct {
	Kind     string            // sql or redis
	URL      string            // with its secret: never in an argument, a variable or an answer
	Table    string            // Alembic's
	Env      map[string]string // of the service: what libpq looks at
	Identity tape.Identity
}

// reference is "pid 812/env/DATABASE_URL", "unit shop.service/env/X", and with
// either or both in front "/engine/BIND" and "/config/NAME".
var reference = regex.New(`^(?:pid ([1-9][0-9]*))? ?(?:unit ([^\s/]+))?/(env|engine|config)/(.+)$`)

const maxReference = 600

// errandFor finds what a reference leads to: a variable of a process or of a
// unit, or what the app was found to use when it was loaded. The URL stays in
// memory and goes to the child alone.
func (l *local) errandFor(ctx context.Context, a tape.Ask, deed string) (errand, tape.Answer) {
	e := errand{Kind: string(a.Kind), Table: a.Arg}
	var err error
	if e.Identity, err = tape.ParseIdentity(a.As); err != nil || e.Identity.UID < 0 || e.Identity.GID < 0 || e.Identity.PID < 0 || len(e.Identity.Groups) > 1024 {
		return e, unseen(deed, "no identity is given")
	}
	m := reference.FindStringSubmatch(a.Name)
	if m == nil || len(a.Name) > maxReference || m[1] == "" && m[2] == "" {
		return e, unseen(deed, "not a place where a URL may lie")
	}
	if !l.root {
		if why := others(e.Identity); why != "" {
			return e, hinted(unseen(deed, why), sudo)
		}
	}
	var env []string
	v := absent()
	if pid := m[1]; pid != "" {
		v, env = l.environOf(pid, e.Identity, deed)
	}
	if v.Status != tape.Seen && m[2] == "" {
		return e, v
	}
	if v.Status != tape.Seen { // its title stands where its environment was
		s, why := serviceOfUnit(ctx, l, m[2])
		if why != "" {
			return e, unseen(deed, why)
		}
		env = s.Env
	}
	e.Env = libpqVariables(env)
	if m[3] != "env" {
		if e.URL, _ = l.vault.get(a.Name); e.URL == "" {
			return e, unseen(deed, "the app was not loaded in this visit")
		}
		return e, tape.Answer{Status: tape.Seen}
	}
	i := slices.IndexFunc(env, func(kv string) bool { return strings.HasPrefix(kv, m[4]+"=") })
	if i < 0 {
		return e, absent()
	}
	e.URL = env[i][len(m[4])+1:]
	return e, tape.Answer{Status: tape.Seen}
}

// environOf reads a process's environment, provided that it still is the
// service's or root's: a process id is used again.
func (l *local) environOf(pid string, id tape.Identity, deed string) (tape.Answer, []string) {
	var p tape.Proc
	if !readStatus("/proc/"+pid, &p) {
		return absent(), nil
	}
	if p.UID != id.UID && p.UID != 0 {
		return unseen(deed, fmt.Sprintf("process %s runs as user %d", pid, p.UID)), nil
	}
	b, err := readEnviron(pid, tape.MaxFile)
	if err != nil {
		return l.failed(deed, err), nil
	}
	env, ok := splitEnviron(string(b))
	if !ok {
		return unseen(deed, "the process has written its title over its environment"), nil
	}
	return tape.Answer{Status: tape.Seen}, env
}

// libpqVariables are those that decide how libpq connects (and where it looks
// for its files).
func libpqVariables(env []string) map[string]string {
	out := map[string]string{}
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		if k == "HOME" || strings.HasPrefix(k, "PG") {
			out[k] = v
		}
	}
	return out
}

// ownNamespaces says whether a process sees the disk and the network as we do.
func ownNamespaces(pid int) bool {
	dir := "/proc/" + strconv.Itoa(pid)
	for _, ns := range []string{"/ns/mnt", "/ns/net"} {
		if !sameLink("/proc/self"+ns, dir+ns) {
			return false
		}
	}
	return sameLink("/proc/self/root", dir+"/root")
}
