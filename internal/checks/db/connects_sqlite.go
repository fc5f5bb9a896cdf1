package db

import (
	"fmt"
	"path"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

// sqlite is a file: it needs to be one, to be readable, and its folder must
// take the journal.
func sqlite(h *check.Hearing, s *model.Store, r tape.SQLReply) check.Verdict {
	if r.Database == "" {
		return check.DoesNotApply("the database lives in the app's memory")
	}
	who := account(h, s)
	folder := path.Dir(s.Database)
	rem := check.Remedy{
		Do:       fmt.Sprintf("Give %s the file and its folder: SQLite writes a journal beside it.", who),
		Commands: []string{"namei -l " + s.Database, fmt.Sprintf("sudo chown %s %s %s", who, folder, s.Database), fmt.Sprintf("sudo chmod u+rwx %s", folder)},
		Verify:   "sudo assay check --only db.connects",
		Minutes:  5,
	}
	file, dir := r.Cell("file", "writable") == "yes", r.Cell("file", "folder_writable") == "yes"
	switch {
	case r.Class == tape.StoreGarbled:
		return check.Failed(fmt.Sprintf("%s is no SQLite database: %s", s.Database, r.Error), check.Remedy{
			Do: "Restore the backup, or correct the path in the URL.", Commands: []string{"file " + s.Database}, Verify: rem.Verify, Minutes: 15})
	case r.Class == tape.StoreAbsent && dir:
		return check.Passed() // SQLite makes it; whether that is wanted is the migrations' question
	case r.Class != "":
		return check.Failed(fmt.Sprintf("%s cannot open its database %s: %s", who, s.Database, r.Error), rem)
	case !file || !dir:
		what := "the database " + s.Database
		if file {
			what = "the folder of its database " + s.Database
		}
		rem.Steps = given(s, r, who)
		return check.Failed(fmt.Sprintf("%s may not write %s", who, what), rem).At(check.High).
			Because("Pages that only read work; each that writes gives 500: attempt to write a readonly database.")
	}
	return check.Passed()
}
