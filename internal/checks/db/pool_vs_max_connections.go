package db

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "db.pool-vs-max-connections",
	Title:    "the database takes as many connections as the workers' pools may open",
	Severity: check.High,
	Stage:    model.StageData,
	Guide:    "001: connection pooling",
	Why:      "Under load the server refuses further connections: pages give 500, and psql and the backup do not get in either.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Pools, poolFits),
})

// room is what a server has to give to the app.
type room struct {
	most, reserved, others, held int
	limit                        string // what limits it, in words
}

func (r room) free() int { return r.most - r.reserved - r.others }

func poolFits(h *check.Hearing, p *model.Pool) check.Verdict {
	if name, pooled := p.Pooler.Open(h); pooled {
		return check.DoesNotApply(name + " stands between the app and the server, and shares out a few connections")
	}
	all, _ := p.Consumers.Open(h)
	reply, known := p.SQL.Open(h)
	if !known || reply.Class != "" {
		return check.CannotTell("the server does not answer the app's login", "see db.connects")
	}
	r, ok := roomOf(p, reply)
	if !ok {
		return check.CannotTell("the server does not say how many connections it takes", "")
	}
	configured, reachable, who := 0, 0, []string{}
	for _, c := range all {
		h.Saw(c.Source)
		if n := c.Configured(); n < 0 || configured < 0 {
			configured = -1
		} else {
			configured += n
		}
		reachable += c.Reachable()
		who = append(who, c.Deployment+"'s")
	}
	h.Saw(fact.Source{Where: p.Kind + " at " + or(reply.Addr, p.Addr), Text: fmt.Sprintf("%s, %d of them reserved; %d are held now, %d of them by others", r.limit, r.reserved, r.held, r.others)})
	few := r.free() * 8 / 10
	asked := strconv.Itoa(configured)
	if configured < 0 {
		asked = "endlessly many"
	}
	workers := check.List(who) + " workers"
	switch {
	case reachable > r.free():
		return check.Failed(fmt.Sprintf("%s can hold %d connections at a time, and %s has %d for them (%s)", workers, reachable, p.Kind, max(r.free(), 0), r.limit), poolRemedy(p, all))
	case r.held*10 > (r.most-r.reserved)*7:
		return check.Warned(fmt.Sprintf("more than 70 %% of the connections that %s takes are held already (%s)", p.Kind, r.limit), poolRemedy(p, all))
	case reachable > few:
		return check.Warned(fmt.Sprintf("%s can hold %d connections at a time, of %d that %s has for them (%s)", workers, reachable, r.free(), p.Kind, r.limit), poolRemedy(p, all))
	case configured < 0 || configured > few:
		return check.Warned(fmt.Sprintf("the pools of %s are allowed %s connections, and %s has %d for them (%s)", workers, asked, p.Kind, r.free(), r.limit), poolRemedy(p, all)).
			Because(fmt.Sprintf("Today their threads take %d at most. Threads, a gevent worker or a task that opens connections by itself get up to what the pools allow, and then the server refuses.", reachable))
	}
	return check.Passed()
}

// roomOf reads the narrowest of the limits that hold for this login.
func roomOf(p *model.Pool, r tape.SQLReply) (room, bool) {
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			return -1
		}
		return n
	}
	most := number(r.Cell("limits", "max_connections"))
	x := room{most: most, limit: fmt.Sprintf("max_connections %d", most)}
	own := 0
	for _, row := range r.Rows["activity"] {
		if len(row) < 4 {
			continue
		}
		n := max(number(row[3]), 0)
		x.held += n
		if row[0] == r.User && row[2] == r.Database {
			own += n
		}
	}
	if held := number(r.Cell("status", "Threads_connected")); held > x.held {
		x.held = held - 1 // ours
	}
	x.others = max(x.held-own, 0)
	x.reserved = max(number(r.Cell("limits", "superuser_reserved_connections")), 0) + max(number(r.Cell("limits", "reserved_connections")), 0)
	narrower := func(n int, what string) {
		if n >= 0 && n < x.free() {
			x = room{most: n, held: own, limit: what + " " + strconv.Itoa(n)}
		}
	}
	narrower(number(r.Cell("role", r.User)), "the role's CONNECTION LIMIT")
	narrower(number(r.Cell("database", r.Database)), "the database's CONNECTION LIMIT")
	if p.Kind != "PostgreSQL" {
		for _, row := range r.Rows["role"] {
			if len(row) > 1 && number(row[1]) > 0 {
				narrower(number(row[1]), "max_user_connections")
			}
		}
	}
	return x, most >= 0
}

func poolRemedy(p *model.Pool, all []model.Consumer) check.Remedy {
	threads := 1
	var processes []string
	for _, c := range all {
		threads = max(threads, c.Threads)
		processes = append(processes, fmt.Sprintf("%s: %d workers of %d threads", c.Deployment, c.Workers, c.Threads))
	}
	r := check.Remedy{
		Do: fmt.Sprintf("Give each worker a pool of as many connections as it has threads, and two to spare (%s). Or fewer workers, or PgBouncer; more max_connections only with the memory for them, about 10 MB each.",
			strings.Join(processes, "; ")),
		Commands: []string{fmt.Sprintf(`SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": %d, "max_overflow": 2}`, min(threads, 20)),
			"# Flask-SQLAlchemy 3 does not read SQLALCHEMY_POOL_SIZE and SQLALCHEMY_MAX_OVERFLOW any more"},
		Verify:  "sudo assay check --only db.pool",
		Minutes: 15,
	}
	if u := p.Server.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return r
}
