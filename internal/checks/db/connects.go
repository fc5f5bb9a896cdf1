package db

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "db.connects",
	Title:    "the app's database takes the app's login",
	Severity: check.Critical,
	Stage:    model.StageData,
	Breaks:   true,
	Guide:    "000 step 10: the database connection",
	Why:      "Every page that needs the database gives 500 Internal Server Error.",
	Cure:     check.OnHost,
	Ask:      askDatabases,
})

const (
	slow  = 200_000   // microseconds: a local server needs 5 ms, one in the next room 20
	tardy = 1_000_000 // a page that waits this long for a connection is lost
)

// askDatabases asks about every database, and says so when there may be others
// that only the app's code names.
func askDatabases(m *model.Model, d *model.Deployment) []check.Case {
	out := check.Each((*model.Deployment).Databases, connects)(m, d)
	if d == nil {
		return out
	}
	if why, more := d.MoreDatabases(); more && (len(out) == 0 || out[0].Unseen == nil) {
		out = append(out, check.Case{Unseen: &why})
	}
	return out
}

func connects(h *check.Hearing, s *model.Store) check.Verdict {
	h.Saw(s.Told)
	r, known := s.SQL.Open(h)
	switch {
	case !known:
		return check.CannotTell(s.Name+" is gone from the service's environment", "look again")
	case s.Kind == "SQLite":
		return sqlite(h, s, r)
	case r.Class == tape.StoreTimeout || r.Class == tape.StoreResolver, r.Class == tape.StoreOther, r.Class == "":
	default:
		_, _ = s.Unit.Look(h.Aside())
	}
	if r.Class != "" {
		return refused(h, s, r)
	}
	took := r.Connect + r.Select
	if took < slow {
		return check.Passed()
	}
	v, long := check.Warned, "more than 200 ms"
	if took > tardy {
		v, long = check.Failed, "more than a second"
	}
	return v(fmt.Sprintf("%s at %s takes %s to let the app in and to answer SELECT 1", s.Kind, s.Addr, long), slowRemedy(s)).
		Because("Each new connection costs a page that long, and a pool opens many at once after a restart.").Breaking(took > tardy)
}

func slowRemedy(s *model.Store) check.Remedy {
	return check.Remedy{
		Do:       "Look for what it waits for: the name's lookup (a resolver that does not answer), TLS over a long way, or a server without a free CPU.",
		Commands: []string{"getent hosts " + or(s.Host, "localhost"), "uptime"},
		Verify:   "sudo assay check --only db.connects",
		Minutes:  30,
	}
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// refused says by the class of the error what is so and what cures it.
func refused(h *check.Hearing, s *model.Store, r tape.SQLReply) check.Verdict {
	say, cure := trouble(h, s, r)
	if steps := check.Unremarked(s); steps != nil {
		h.Saw(s.Told)
		cure = check.Remedy{Do: "Take the remark out of the line: in a file of EnvironmentFile= systemd takes it for a part of the value.", Commands: edit(s), Steps: steps}
	}
	cure.Verify, cure.Minutes = or(cure.Verify, "sudo assay check --only db.connects"), max(cure.Minutes, 5)
	return check.Failed(say, cure)
}

func trouble(h *check.Hearing, s *model.Store, r tape.SQLReply) (string, check.Remedy) {
	where := s.Kind + " at " + s.Addr
	who := quote(or(r.User, s.User))
	switch r.Class {
	case tape.StoreRefused, tape.StoreAbsent:
		return down(h, s, r)
	case tape.StoreAuth:
		return fmt.Sprintf("%s refuses the app's login: %s", where, r.Error), passwordRemedy(s, r)
	case tape.StorePeer:
		return fmt.Sprintf("%s lets %s in only as the system's user of that name, and the app runs as %s", where, who, account(h, s)), peerRemedy(h, s, r)
	case tape.StoreRole:
		return fmt.Sprintf("%s knows no user %s", where, who), roleRemedy(s, r)
	case tape.StoreRule:
		return fmt.Sprintf("%s has no rule that lets the app in: %s", where, r.Error), ruleRemedy(s, r)
	case tape.StoreNoDatabase:
		if r.Code == "42501" || r.Code == "1044" {
			return fmt.Sprintf("%s does not let %s into the database %s", where, who, quote(or(r.Database, s.Database))), grantRemedy(s, r)
		}
		return fmt.Sprintf("%s has no database %s", where, quote(or(r.Database, s.Database))), databaseRemedy(s, r)
	case tape.StoreFull:
		return fmt.Sprintf("%s takes no more connections: %s", where, r.Error), fullRemedy(h, s, r)
	case tape.StoreTLS:
		return fmt.Sprintf("%s and the app do not agree about TLS: %s", where, r.Error), tlsRemedy(h, s)
	case tape.StoreHost:
		return fmt.Sprintf("the app looks for its database at %s, and that name has no address", quote(or(r.Host, s.Host))), hostRemedy(s, r)
	}
	return other(h, where, s, r)
}

func other(h *check.Hearing, where string, s *model.Store, r tape.SQLReply) (string, check.Remedy) {
	if dir, full := s.Full.Look(h.Aside()); full == fact.IsKnown {
		_, _ = s.Full.Look(h)
		return fmt.Sprintf("%s cannot work: the disk of its data, %s, is full (%s)", where, dir, r.Error), check.Remedy{
			Do:       "Make room: see what fills the disk, or enlarge it; then restart the server. Never delete anything in that folder by hand: pg_wal holds what is not in the tables yet.",
			Commands: []string{"df -h " + dir, "df -i " + dir, "sudo du -xsh " + dir + "/* | sort -h | tail"}, Verify: "df -h " + dir, Minutes: 30}
	}
	look := check.Remedy{Do: "Look at what listens there.", Commands: []string{fmt.Sprintf("sudo ss -ltnp 'sport = :%d'", s.Port)}, Minutes: 15}
	switch r.Class {
	case tape.StoreTimeout:
		look.Do = "Look whether the server hangs (a full disk, a stopped process), and whether a firewall on the way drops what is sent."
		if s.Local {
			look.Commands = append(look.Commands, "df -h", "sudo journalctl -b -p err -n 50 --no-pager")
		}
		return fmt.Sprintf("%s: %s within 3 seconds", where, r.Error), look
	case tape.StoreGarbled:
		return fmt.Sprintf("%s: %s", where, r.Error), look
	case tape.StoreResolver:
		look.Do, look.Commands = "Repair the name servers of this host.", []string{"cat /etc/resolv.conf", "getent hosts " + or(s.Host, "localhost")}
		asked := r.Error
		var n fact.Notes
		if line, state := s.Resolver.Look(&n); state == fact.IsKnown {
			h.Saw(line)
			asked = fmt.Sprintf("no name server answered about it: %s says %s", line.Where, line.Text)
		}
		return fmt.Sprintf("the app's database is called %s, and %s", quote(s.Host), asked), look
	case tape.StoreDenied:
		look.Do, look.Commands = "Let the service's user reach the socket.", []string{"namei -l " + strings.TrimPrefix(r.Addr, "unix:")}
		return fmt.Sprintf("the app may not connect to %s: %s", where, r.Error), look
	case tape.StoreUnreachable:
		return fmt.Sprintf("no way leads to %s: %s", where, r.Error), look
	case tape.StoreStarting:
		look.Do, look.Commands = "Wait until it is up; if that takes longer than a minute, read its log.", []string{"sudo tail -n 50 /var/log/postgresql/*.log"}
		return fmt.Sprintf("%s does not take connections yet: %s", where, r.Error), look
	case tape.StoreURL:
		look.Do, look.Commands = "Correct the URL: each of : / ? # @ % in a user or a password is written as %3A %2F %3F %23 %40 %25.", edit(s)
		return fmt.Sprintf("the app's database URL (%s) cannot be used: %s", s.Name, r.Error), look
	}
	var n fact.Notes
	if line, state := s.Said.Look(&n); state == fact.IsKnown {
		h.Saw(line)
		look.Do = "Give the server what the system refuses it. Where a disk is full, look what fills it; never delete anything in PostgreSQL's data folder by hand."
		look.Commands = []string{"df -h", "sudo journalctl -b -p err -n 50 --no-pager"}
		return fmt.Sprintf("%s lets nobody in (%s), and its log says why: %s", where, r.Error, line.Text), look
	}
	look.Do, look.Commands = "Read the server's log at this moment.", nil
	return fmt.Sprintf("%s refuses the app's login: %s", where, r.Error), look
}

func quote(s string) string { return `"` + s + `"` }

func account(h *check.Hearing, s *model.Store) string {
	u, state := s.Server.User.Look(h.Aside())
	if state != fact.IsKnown {
		return "another one"
	}
	return u.Name
}
