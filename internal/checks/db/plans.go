package db

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/regex"
	"assay/internal/tape"
)

// moved lets the app's URL name the port of the only server that there is.
func moved(s *model.Store) []plan.Step {
	ports := map[string]bool{}
	for _, o := range s.Others {
		ports[o[strings.LastIndexByte(o, ':')+1:]] = true
	}
	if len(ports) != 1 || s.Host == "" || s.Kind == "PostgreSQL" && !s.Only {
		return nil
	}
	port := s.Others[0][strings.LastIndexByte(s.Others[0], ':')+1:]
	return check.Rewritten("let the app look for "+s.Kind+" at port "+port+", where it listens", s, func(line string) string {
		at := strings.LastIndexByte(line, '@') + 1
		if at == 0 || !strings.HasPrefix(line[at:], s.Host) {
			return ""
		}
		end := at + len(s.Host)
		rest, given := strings.CutPrefix(line[end:], ":"+strconv.Itoa(s.Port))
		if !given && strings.HasPrefix(rest, ":") {
			return ""
		}
		return line[:end] + ":" + port + rest
	})
}

// encrypted lets the app speak TLS, where its server asks for it and the URL
// forbids it.
func encrypted(s *model.Store) []plan.Step {
	return check.Rewritten("let the app speak TLS with "+s.Kind, s, func(line string) string {
		for _, mode := range []string{"disable", "allow"} {
			line = strings.Replace(line, "sslmode="+mode, "sslmode=require", 1)
		}
		return line
	})
}

// withTLS switches the server's TLS on, which the app insists on. Debian gives
// each cluster a certificate.
func withTLS(h *check.Hearing, s *model.Store) []plan.Step {
	c, u, ok := settings(h, s)
	if on, set := c.Value("ssl"); !ok || !set || !slices.Contains([]string{"off", "false", "no", "0"}, strings.ToLower(on)) {
		return nil
	}
	if cert, set := c.Value("ssl_cert_file"); !set || cert == "" {
		return nil
	}
	return plan.Key("let PostgreSQL speak TLS, which the app insists on", c.Path, plan.Equals, "ssl", "on", plan.Act{Verb: "reload", Unit: u})
}

// usual is PostgreSQL's own max_connections; who has less made it so.
const usual = 100

// widened gives a server back as many connections as it takes by itself, where
// its file has fewer than the app's pools may open.
func widened(h *check.Hearing, s *model.Store) []plan.Step {
	c, u, ok := settings(h, s)
	value, _ := c.Value("max_connections")
	has, err := strconv.Atoi(value)
	workers, _ := s.Server.Number("workers").Look(h.Aside())
	if !ok || err != nil || has >= usual || has >= 3+max(workers, 1)*15 { // three are the superuser's; SQLAlchemy opens 5 and 10 more
		return nil
	}
	return plan.Key("let PostgreSQL take "+strconv.Itoa(usual)+" connections, as it does by itself", c.Path, plan.Equals, "max_connections", strconv.Itoa(usual), plan.Act{Verb: "restart", Unit: u})
}

func settings(h *check.Hearing, s *model.Store) (c model.Conf, unit string, ok bool) {
	c, known := s.Conf.Look(h.Aside())
	u, state := s.Unit.Look(h.Aside())
	if known != fact.IsKnown || state != fact.IsKnown || s.Kind != "PostgreSQL" {
		return c, "", false
	}
	return c, u.Name, true
}

// ended undoes what was left open on a server of this host.
func ended(h *check.Hearing, s *model.Store) []plan.Step {
	u, state := s.Unit.Look(h.Aside())
	if state != fact.IsKnown || !u.Running() {
		return nil
	}
	steps := plan.Systemctl("end the transaction that was left open", "restart", u.Name)
	if app := s.Server.UnitName(); app != "" { // its workers wait, or hold connections that are cut
		steps = append(steps, plan.Systemctl("let the app connect anew", "restart", app)...)
	}
	return steps
}

// again lets a server that was told a smaller limit while it ran go by its files.
func again(h *check.Hearing, s *model.Store) []plan.Step {
	r, known := s.Room.Look(h.Aside())
	u, state := s.Unit.Look(h.Aside())
	app := s.Server.UnitName()
	if known != fact.IsKnown || state != fact.IsKnown || app == "" || 2*r.Holds > r.May {
		return nil
	}
	_, _ = s.Room.Look(h)
	return append(plan.Systemctl("let "+s.Kind+" go by its files again", "restart", u.Name), plan.Systemctl("let the app connect anew", "restart", app)...)
}

// own lets the app log in as the role of the account that it runs as: over its
// socket PostgreSQL takes no other one.
func own(h *check.Hearing, s *model.Store, r tape.SQLReply) []plan.Step {
	u, state := s.Server.User.Look(h.Aside())
	if state != fact.IsKnown || slices.Contains([]string{"root", "postgres", ""}, u.Name) || s.Kind != "PostgreSQL" {
		return nil
	}
	return check.Rewritten("let the app log in as "+u.Name+", the account that it runs as", s, func(line string) string {
		return strings.Replace(line, "://"+role(s, r)+"@", "://"+u.Name+"@", 1)
	})
}

// tooOpen is PostgreSQL's word for a data folder that it does not start on.
var tooOpen = regex.New(`data directory "(/[^"]+)" has invalid permissions`)

var cluster = regex.New(`^postgresql@([\w.]+)-([\w.-]+)\.service$`)

// closed gives the folder of a cluster's data the mode that PostgreSQL asks for.
func closed(u *model.Unit, said string) []plan.Step {
	m, c := tooOpen.FindStringSubmatch(said), cluster.FindStringSubmatch(u.Name)
	if m == nil || c == nil || m[1] != "/var/lib/postgresql/"+c[1]+"/"+c[2] {
		return nil
	}
	return plan.All(plan.Owned("leave PostgreSQL's data to PostgreSQL alone, as it asks for", m[1], "", "", "0700"), check.Up("start "+u.Name+", which the app needs", u))
}

// given leaves a SQLite file and its folder to the service, where they are root's:
// what root once ran made them.
func given(s *model.Store, r tape.SQLReply, who string) []plan.Step {
	folder := path.Dir(s.Database)
	var steps []plan.Step
	for _, p := range []struct {
		path, cell string
		stat       fact.Of[tape.Stat]
	}{{folder, "folder_writable", s.Folder}, {s.Database, "writable", s.File}} {
		st, state := p.stat.Look(&fact.Notes{})
		switch {
		case r.Cell("file", p.cell) == "yes":
			continue
		case state != fact.IsKnown || st.UID != 0 || st.Mode&0o200 == 0 || st.Real != "" && st.Real != p.path || strings.Count(folder, "/") < 2 || ours(folder):
			return nil
		}
		steps = append(steps, plan.Owned(fmt.Sprintf("give %s %s", who, p.path), p.path, who, "", "")...)
	}
	return steps
}

// ours are folders of the system, which no service is given.
func ours(folder string) bool {
	return slices.Contains([]string{"/var/lib", "/var/www", "/var/log", "/var/tmp", "/var/cache", "/var/spool", "/usr/local", "/srv/www"}, folder) ||
		slices.ContainsFunc([]string{"/etc/", "/usr/", "/boot/", "/root/", "/proc/", "/sys/", "/dev/"}, func(p string) bool { return strings.HasPrefix(folder+"/", p) })
}
