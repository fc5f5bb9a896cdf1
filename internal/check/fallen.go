package check

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/regex"
)

// Raise is what lets a fallen gunicorn start again, by what it said before it
// fell; ok is false where that is for a person, or in the code.
func Raise(u *model.Unit) (do string, steps []plan.Step, ok bool) {
	d := u.Deployment()
	if d == nil || !u.Fallen() {
		return "", nil, false
	}
	s := d.Server
	c, _ := u.Complaint()
	for _, r := range raises {
		m := r.says.FindStringSubmatch(c.Text)
		if m == nil {
			continue
		}
		if steps := r.steps(u, s, m); steps != nil {
			return r.do, Forgiven(u, steps), true
		}
	}
	if o, blocked := u.Blocked(); blocked {
		do, steps = unblocked(u, s, o)
	}
	return do, Forgiven(u, steps), steps != nil
}

// raises are gunicorn's and Python's words (gunicorn 20.1 to 23), and what an
// operator does then.
var raises = []struct {
	says  *regex.Regex
	do    string
	steps func(u *model.Unit, s *model.AppServer, m []string) []plan.Step
}{
	{regex.New(`^Failed to find attribute |^Application object must be callable|^Failed to parse |did you mean |No module named '\w+\.py'`),
		"Name the app that the module has.", namedApp},
	{regex.New(`class uri |(?:eventlet|gevent|uvicorn|tornado)`),
		"What the worker class needs is not installed: take threads, which need nothing, until it is.", threaded},
	{regex.New(`^Invalid value for (\w+): |^Invalid (\w+): `),
		"Take the line out of gunicorn's file: gunicorn's own value counts then.", withoutLine},
	{regex.New(`^(?:SyntaxError|IndentationError)()`),
		"Take the line that is not finished out of gunicorn's file: gunicorn's own value counts then.", withoutLine},
	{regex.New(`^FileNotFoundError: |isn't writable \[FileNotFoundError`),
		"Let systemd make the folder for the log at each start, for the service's user.", madeLogs},
	{regex.New(`^PermissionError: \[Errno 13\] Permission denied: '/|isn't writable`),
		"Let the service use the file.", openedFile},
	{regex.New(`^KeyError: '(\w*SECRET_KEY)'$`),
		"Nothing sets the key any more: make a new one. Everybody is logged out once.", newSecret},
	{regex.New(`^Can't connect to /`),
		"Let systemd make a folder of the service's own for the socket.", ownSocket},
	{regex.New(`Connection in use: |failed: \[Errno 98\]`),
		"Another program has the port: give gunicorn a unix socket of its own, and leave the port to the other.", ownSocket},
}

// namedApp names the one app of the module in the command.
func namedApp(u *model.Unit, s *model.AppServer, _ []string) []plan.Step {
	told, is := u.Context.Evident.Target[0], u.Context.Evident.Target[1]
	if told == "" || told == is {
		return nil
	}
	return rewritten(u, "start the app that is there, "+is, func(word string) string {
		if word == told || word+":application" == told {
			return is
		}
		return word
	})
}

// rewritten gives a unit its command line with other words; nil where none of
// them changes, or it is not plain words.
func rewritten(u *model.Unit, say string, word func(string) string) []plan.Step {
	t, state := u.Files.Look(&fact.Notes{})
	starts := t.All("Service", "ExecStart")
	if state != fact.IsKnown || len(starts) != 1 || strings.ContainsAny(starts[0].Value, "\"'\\$") {
		return nil
	}
	words := strings.Fields(starts[0].Value)
	is := make([]string, len(words))
	for i, w := range words {
		is[i] = word(w)
	}
	if slices.Equal(is, words) {
		return nil
	}
	return plan.DropIn(say, u.Name, "Service", "ExecStart", "", strings.Join(is, " "))
}

// threaded takes the worker class that gunicorn brings itself.
func threaded(_ *model.Unit, s *model.AppServer, m []string) []plan.Step {
	class, state := s.Setting("worker_class").Look(&fact.Notes{})
	if state != fact.IsKnown || len(class) == 0 || class[0] == "sync" || class[0] == "gthread" {
		return nil
	}
	kind, _, _ := strings.Cut(class[0], ".")
	if !slices.Contains([]string{"eventlet", "gevent", "uvicorn", "uvicorn_worker", "tornado", "meinheld"}, kind) {
		return nil // the app's own class
	}
	pairs := []string{"worker_class", "gthread"}
	if n, state := s.Number("threads").Look(&fact.Notes{}); state == fact.IsKnown && n < 2 {
		pairs = append(pairs, "threads", "4")
	}
	return plan.Gunicorn("let gunicorn work with threads, since "+kind+" is not installed", s, pairs...)
}

// spare are settings without which gunicorn serves as well.
var spare = []string{"workers", "threads", "timeout", "graceful_timeout", "keepalive", "max_requests", "max_requests_jitter", "worker_connections", "backlog", "loglevel",
	"limit_request_line", "limit_request_fields", "limit_request_field_size"}

// withoutLine takes one line out of gunicorn's own file.
func withoutLine(u *model.Unit, s *model.AppServer, m []string) []plan.Step {
	name := strings.Join(m[1:], "")
	line, file, ok := s.BadLine(name)
	if !ok {
		return nil
	}
	set, _, _ := strings.Cut(line.Old[0], "=")
	if set = strings.TrimSpace(set); !slices.Contains(spare, set) {
		return nil
	}
	return plan.Change("let gunicorn's own "+set+" count", file, line, plan.Act{Verb: "restart", Unit: u.Name})
}

// openedFile lets the service read a file of its app, or write its log.
func openedFile(u *model.Unit, s *model.AppServer, _ []string) []plan.Step {
	r, state := u.Context.Evident.Shut.Look(&fact.Notes{})
	if state != fact.IsKnown || r.OK || len(r.Steps) == 0 || u.User == "" || u.User == "root" {
		return nil
	}
	last := r.Steps[len(r.Steps)-1]
	group := u.Group
	if group == "" {
		group = u.Deployment().OwnGroup()
	}
	say := "let " + u.Name + " use " + last.Path
	restart := plan.Systemctl(say, "restart", u.Name)
	switch {
	case last.Type != "file" || last.ACL || last.Owner != "root" || last.OK:
		return nil
	case strings.HasPrefix(last.Path, "/var/log/") && path.Dir(last.Path) != "/var/log":
		return append(plan.Owned(say, last.Path, u.User, group, ""), restart...) // gunicorn gives its log to its group, too
	case strings.HasPrefix(last.Path, u.Context.Folder+"/") && group != "" && group != "root" && last.Mode&0o077 == 0:
		return append(plan.Owned(say, last.Path, "", group, fmt.Sprintf("%04o", last.Mode|0o040)), restart...)
	}
	return nil
}

// madeLogs lets systemd make the folder of a log.
func madeLogs(u *model.Unit, s *model.AppServer, _ []string) []plan.Step {
	name, below := strings.CutPrefix(u.Context.Evident.Logs, "/var/log/")
	if !below || !plainPath.MatchString(name) {
		return nil
	}
	return plan.DropIn("let systemd make the folder of the log", u.Name, "Service", "LogsDirectory", name)
}

// plainPath is one that a unit's file may hold as it is.
var plainPath = regex.New(`^[A-Za-z0-9_-][A-Za-z0-9._/-]*$`)

// newSecret makes the key that the app signs its cookies with.
func newSecret(u *model.Unit, s *model.AppServer, m []string) []plan.Step {
	file, ok := s.EnvFileFor(m[1])
	if !ok {
		return nil
	}
	return plan.Key("make a new "+m[1]+": everybody is logged out once", file, plan.Shell, m[1], plan.Secret, plan.Act{Verb: "restart", Unit: u.Name})
}

// ownSocket is for a socket that gunicorn cannot make where it is told to.
func ownSocket(u *model.Unit, s *model.AppServer, m []string) []plan.Step {
	r, state := u.Context.Makes.Look(&fact.Notes{})
	if strings.Contains(m[0], "/") && !(state == fact.IsKnown && r.Error == "permission denied") {
		return nil
	}
	return OwnSocket(u)
}

// unblocked lets gunicorn listen in another way than it is told to.
func unblocked(u *model.Unit, s *model.AppServer, o model.Obstacle) (do string, steps []plan.Step) {
	told, state := s.Setting("bind").Look(&fact.Notes{})
	switch {
	case o.Folder != "":
		return "Let systemd make the folder at each start.", OwnSocket(u)
	case o.Bind.Problem == "":
		return "Let gunicorn and nginx meet at a unix socket, which needs no address and no port.", OwnSocket(u)
	case state == fact.IsKnown && len(told) == 1 && path.IsAbs(told[0]) && !strings.Contains(told[0], ":"):
		return "Write unix: in front of the path.", plan.Gunicorn("let gunicorn listen on the socket "+told[0], s, "bind", "unix:"+told[0])
	}
	return "", nil
}
