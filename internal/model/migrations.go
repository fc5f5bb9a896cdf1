package model

import (
	"slices"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Schema is a database whose tables the app's migrations make.
type Schema struct {
	*Store
	App   *App
	Table string // Alembic's
}

// Schemas is the database of the app's migrations, where it has a folder of them.
func (d *Deployment) Schemas() fact.Of[[]*Schema] {
	if d.Contained() || d.Server == nil || d.Server.Idle {
		return fact.Known[[]*Schema](nil)
	}
	return fact.Bind(d.Server.Code, func(a *App) fact.Of[[]*Schema] {
		if a.Migrations.Dir == "" || len(a.Migrations.Revisions) == 0 {
			return fact.Known[[]*Schema](nil, a.Source)
		}
		return fact.Then(d.Databases(), func(list []*Store) []*Schema {
			for _, st := range list {
				if st.Engine != nil && (st.Engine.Bind == "default" || st.Engine.Bind == "") {
					name := tape.VersionTable
					if a.Migrations.VersionTable != "" {
						name = a.Migrations.VersionTable
					}
					return []*Schema{{Store: st, App: a, Table: name}}
				}
			}
			return nil
		})
	})
}

// Subject is the database with what is asked of it.
func (s *Schema) Subject() string { return "tables of " + s.Store.Subject() }

// Node is the state of its tables, which needs the database itself.
func (s *Schema) Node() Node { return s.Store.SchemaNode() }

// SchemaNode is the state of a store's tables.
func (s *Store) SchemaNode() Node { return s.Node() + "/schema" }

// Known says whether a revision is among the app's migrations.
func (s *Schema) Known(revision string) bool {
	return slices.ContainsFunc(s.App.Migrations.Revisions, func(r tape.Revision) bool { return r.Revision == revision })
}

// Pending are the revisions that lead from what the database has to the heads,
// in no order.
func (s *Schema) Pending(have []string) []string {
	done := s.ancestors(have)
	var out []string
	for r := range s.ancestors(s.App.Migrations.Heads) {
		if !done[r] {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out
}

func (s *Schema) ancestors(of []string) map[string]bool {
	seen := map[string]bool{}
	for todo := slices.Clone(of); len(todo) > 0; {
		r := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[r] {
			continue
		}
		seen[r] = true
		for _, x := range s.App.Migrations.Revisions {
			if x.Revision == r {
				todo = append(todo, x.Down...)
			}
		}
	}
	return seen
}

// Transactions is a database with the transactions that were left open in it.
type Transactions struct{ *Store }

// Node is what was left open.
func (t Transactions) Node() Node { return t.OpenNode() }

// Waits says that somebody waits for the locks of a transaction that was left open.
func (s *Store) Waits() bool {
	r, state := s.SQL.Look(&fact.Notes{})
	return state == fact.IsKnown && slices.ContainsFunc(r.Rows["idle"], func(row []string) bool { return len(row) >= 6 && row[5] != "0" })
}

// Transactional are the databases that more than one may lock.
func (d *Deployment) Transactional() fact.Of[[]Transactions] {
	return fact.Then(d.Databases(), func(list []*Store) []Transactions {
		var out []Transactions
		for _, s := range list {
			if s.Kind == "PostgreSQL" {
				out = append(out, Transactions{s})
			}
		}
		return out
	})
}
