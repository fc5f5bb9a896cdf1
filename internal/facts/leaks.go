package facts

import (
	"fmt"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Leaks is where the secrets of an app stand below a folder. name is the app's,
// as it was loaded.
func (f *Facts) Leaks(folder, name string) fact.Of[tape.LeakReport] {
	a := tape.Ask{Kind: tape.KindLeaks, Name: folder, Arg: name}
	return read(f, a, folder, func(r tape.LeakReport) string {
		return fmt.Sprintf("%d files searched for the values of %s", r.Files, strings.Join(r.Secrets, ", "))
	})
}

// History is the same for the git repository that the folder is part of: every
// version that it keeps of a file. Absent on a visit that did not go deep.
func (f *Facts) History(folder, name string) fact.Of[tape.LeakReport] {
	return fact.Bind(f.Visit(), func(v tape.Visit) fact.Of[tape.LeakReport] {
		if !v.Deep {
			return fact.Absent[tape.LeakReport](fact.Source{Where: folder, Text: "the git history was not asked for (--deep)"})
		}
		a := tape.Ask{Kind: tape.KindLeaks, Name: folder, Arg: tape.History + name}
		return read(f, a, folder, func(r tape.LeakReport) string {
			return fmt.Sprintf("%d versions of files in the git history searched for the values of %s", r.Files, strings.Join(r.Secrets, ", "))
		})
	})
}
