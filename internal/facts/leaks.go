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
