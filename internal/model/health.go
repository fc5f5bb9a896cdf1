package model

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Health is the health check of an app: the page that a monitor asks.
type Health struct {
	*AppServer
	Spot    *Spot // nil: no rule of the app is one
	Through fact.Of[tape.HTTPReply]
	Direct  fact.Of[tape.HTTPReply]
	// Calls are all of its health checks, as they answer where no database can be
	// reached; unknown where that was not tried.
	Calls fact.Of[[]tape.HealthCall]
	// Here are locations of nginx's own that answer as a health check would.
	Here []fact.Source
	// Dark says that the site's first page fails too.
	Dark   fact.Of[bool]
	sites  fact.Of[[]*Site]
	stores []*Store
}

// Node is the health check, which stands on all that the app needs.
func (x *Health) Node() Node { return Node("health:" + x.Name) }

// Healths are the health checks of the app, where a service runs it.
func (d *Deployment) Healths() fact.Of[[]*Health] {
	return asMet(d, func() fact.Of[[]*Health] {
		if d.health == nil {
			return fact.Known[[]*Health](nil)
		}
		return fact.Known([]*Health{d.health})
	})
}

var (
	healthRule = regex.New(`(?i)(^|/)[_-]*(health(z|[_-]?check|[_-]?status)?|healthy|ready|readyz|readiness|livez|liveness|alive|ping|l?b?heartbeat)[_-]*/?$`)
	stateRule  = regex.New(`(?i)(^|/)[_-]*(status|live|up)/?$`)
)

// spots finds the pages of the app that machines ask for.
func (b *builder) spots(d *Deployment) {
	s := d.Server
	if s.Idle || d.Contained() {
		return
	}
	x := &Health{AppServer: s, Through: fact.Absent[tape.HTTPReply](), Direct: fact.Absent[tape.HTTPReply](), sites: d.Sites}
	d.health = x
	d.metrics = &Metrics{AppServer: s, Said: d.Declared}
	x.stores, _ = s.Stores.Look(&b.notes)
	x.Calls = fact.Bind(s.Code, func(a *App) fact.Of[[]tape.HealthCall] {
		if a.Health == nil {
			return fact.Unknown[[]tape.HealthCall](fact.Why{Text: "call the app's health checks in the sandbox: it came to no end", Ask: a.Source.Ask})
		}
		return fact.Known(a.Health)
	})
	x.Dark = d.dark()
	for _, f := range d.met {
		for _, l := range f.Site.Server.Locations() {
			if healthRule.MatchString(l.Path) && !l.IsRegex() && len(l.Directive.Find("return")) > 0 {
				x.Here = append(x.Here, SourceOf(l.Directive))
			}
		}
	}
	a, _ := s.Code.Look(&b.notes)
	if a == nil {
		return
	}
	var own fact.Notes
	if r, ok := a.healthRule(d.Declared.Health); ok {
		x.Spot = b.spot(d, a, r)
		if f := x.Spot.Front; f != nil {
			x.Through = b.f.HTTP(f.Endpoint, f.Host, x.Spot.Path)
		}
		if o := x.Spot.Own; o != nil {
			x.Direct = b.f.HTTP(o.Endpoint, o.Host, x.Spot.Path)
		} else if _, state := s.Listens.Look(&own); state == fact.IsUnknown {
			x.Direct = fact.Unknown[tape.HTTPReply](own.Why())
		}
	}
	needs := []Node{s.CodeNode(), s.Node()}
	for _, st := range x.stores {
		needs = append(needs, st.Node())
	}
	for _, f := range d.met {
		needs = append(needs, f.Node())
	}
	b.m.Needs[x.Node()] = needs
	b.exposed(d, a)
}

// healthRule is the rule that is declared, else the one that a monitor would be given: the plainest.
func (a *App) healthRule(said fact.Of[string]) (tape.AppRule, bool) {
	var out []tape.AppRule
	own, _ := said.Look(&fact.Notes{})
	for _, r := range a.Rules {
		if r.Rule == own {
			return r, true
		}
		if !strings.Contains(r.Rule, "<") && r.Subdomain == "" && slices.Contains(r.Methods, "GET") && (healthRule.MatchString(r.Rule) || stateRule.MatchString(r.Rule)) {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return tape.AppRule{}, false
	}
	rank := func(r tape.AppRule) int {
		switch {
		case strings.Contains(r.Rule, "health"):
			return 0
		case strings.Contains(r.Rule, "read"):
			return 1
		case healthRule.MatchString(r.Rule):
			return 2
		}
		return 3
	}
	return slices.MinFunc(out, func(x, y tape.AppRule) int {
		return cmp.Or(rank(x)-rank(y), len(x.Rule)-len(y.Rule), strings.Compare(x.Rule, y.Rule))
	}), true
}

// Liar is a health check that tried to connect to a database server, could not,
// and said that all is well; honest says that another one told.
func Liar(calls []tape.HealthCall) (liar tape.HealthCall, lies bool) {
	for _, c := range calls {
		server := slices.ContainsFunc(c.Databases, func(k string) bool { return k != "sqlite" })
		switch {
		case !server || c.Late || c.Raised != "":
		case c.Status >= 400:
			return tape.HealthCall{}, false
		case c.Status == 200 && !lies:
			liar, lies = c, true
		}
	}
	return liar, lies
}

var (
	badWord   = regex.New(`(?i)^(disconnected|not[ _]?connected|down|fail(ed|ure|ing)?|error\b.*|unavailable|unreachable|unhealthy|not[ _]?ok|bad|dead|ko)$`)
	partNames = map[string]string{"database": "sql", "db": "sql", "postgres": "sql", "postgresql": "sql", "mysql": "sql", "sql": "sql", "redis": "Redis", "cache": "Redis"}
)

// Slander is what a health check's answer says of a store that answers the
// app's own login: "database: disconnected".
func (x *Health) Slander(r tape.HTTPReply) (says string, of *Store) {
	var body map[string]any
	if json.Unmarshal([]byte(r.Body), &body) != nil {
		return "", nil
	}
	all := map[string]any{}
	for k, v := range body {
		all[k] = v
		if in, ok := v.(map[string]any); ok {
			for k, v := range in {
				all[k] = v
			}
		}
	}
	for _, k := range sortedKeys(all) {
		kind, known := partNames[strings.ToLower(k)]
		text, isText := all[k].(string)
		well, isBool := all[k].(bool)
		if !known || !(isText && badWord.MatchString(strings.TrimSpace(text)) || isBool && !well) {
			continue
		}
		if isBool {
			text = "false"
		}
		if st := x.answering(kind); st != nil {
			text, _, _ = strings.Cut(text, ":")
			return k + ": " + clip(text), st
		}
	}
	return "", nil
}

// Sick is a store of the app that fails: what the health check is for.
func (x *Health) Sick(w fact.Witness) *Store {
	x.Weigh(w)
	for _, st := range x.stores {
		if st.Failed() {
			return st
		}
	}
	return nil
}

// Accuses says that an answer speaks ill of a store, known or not.
func (x *Health) Accuses(r tape.HTTPReply) bool { return r.Status != 0 && badSign.MatchString(r.Body) }

var badSign = regex.New(`(?i)"(database|db|postgres|postgresql|mysql|sql|redis|cache)"\s*:\s*("?(disconnected|not|down|fail|error|un|bad|dead|ko)|false)`)

// Weigh opens what is known of the stores.
func (x *Health) Weigh(w fact.Witness) {
	x.Stores.Look(w)
	for _, st := range x.stores {
		st.Used.Look(w)
		if st.SQLKind() {
			st.SQL.Look(w)
		} else {
			st.Redis.Look(w)
		}
	}
}

// answering is the store of a kind, where there is one, that answered the login.
func (x *Health) answering(kind string) *Store {
	var found *Store
	var n fact.Notes
	for _, st := range x.stores {
		if (kind == "Redis") == st.SQLKind() {
			continue
		}
		used, _ := st.Used.Look(&n)
		r, state := st.SQL.Look(&n)
		c, cs := st.Redis.Look(&n)
		if found != nil || !used || !(state == fact.IsKnown && r.Class == "" || cs == fact.IsKnown && c.Class == "") {
			return nil // which of several is meant is not to be told
		}
		found = st
	}
	return found
}
