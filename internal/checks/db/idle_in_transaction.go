package db

import (
	"fmt"
	"strconv"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "db.idle-in-transaction",
	Title:    "nobody has left a transaction open",
	Severity: check.Medium,
	Stage:    model.StageData,
	Guide:    "beyond the guides",
	Why:      "What it has locked stays locked, and vacuum cannot clean up behind it.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Transactional, idle),
})

// forgotten is how many seconds a transaction may be open while nothing is asked.
const forgotten = 60

func idle(h *check.Hearing, t model.Transactions) check.Verdict {
	r, known := t.SQL.Open(h.Aside())
	if !known || r.Class != "" {
		return check.CannotTell("the server does not answer the app's login", "see db.connects")
	}
	if why := r.Refused["idle"]; why != "" {
		return check.CannotTell("ask for open transactions: "+why, "")
	}
	for _, row := range r.Rows["idle"] {
		if len(row) < 6 {
			continue
		}
		age, _ := strconv.Atoi(row[4])
		waiting, _ := strconv.Atoi(row[5])
		if waiting == 0 && age < forgotten {
			continue
		}
		who := fmt.Sprintf("connection %s of %s", row[0], row[1])
		if row[2] != "" {
			who += " (" + row[2] + ")"
		}
		h.Saw(fact.Source{Where: "pg_stat_activity of " + t.At(), Text: fmt.Sprintf("%s is %s for %d s; %d wait for it", who, row[3], age, waiting)})
		cure := check.Remedy{Do: "End it (what it had changed is undone), and find who leaves it open: a console, a migration, a job, a session that the app does not close. A limit ends the next one by itself.",
			Commands: append(admin(t.Store, "SELECT pg_terminate_backend("+row[0]+")"), admin(t.Store, "ALTER ROLE "+role(t.Store, r)+" SET idle_in_transaction_session_timeout = '60s'")...),
			Verify:   "sudo assay check --only db.idle-in-transaction", Minutes: 10}
		if waiting > 0 {
			if cure.Steps = ended(h, t.Store); cure.Steps != nil {
				cure.Do += " A restart of the server ends it as well."
			}
			return check.Failed(fmt.Sprintf("a connection of %s is idle in transaction in %s, and others wait for its locks", quote(row[1]), t.At()), cure).At(check.Critical).Breaking(true).
				Because("Each page that needs what it has locked hangs until gunicorn kills its worker.")
		}
		return check.Failed(fmt.Sprintf("a connection of %s is idle in transaction in %s for more than a minute", quote(row[1]), t.At()), cure)
	}
	return check.Passed()
}
