package facts

import (
	"cmp"
	"fmt"

	"assay/internal/fact"
	"assay/internal/tape"
)

// App is what an app became when it was loaded in the sandbox. name says how
// its service is started ("pid 812", "unit shop.service", or both), target
// names the app where the server's own words do not, as is the service's
// identity.
func (f *Facts) App(name, target, as string) fact.Of[tape.App] {
	a := tape.Ask{Kind: tape.KindApp, Name: name, Arg: target, As: as}
	return Remember(f, a.String(), func() fact.Of[tape.App] {
		return read(f, a, "the app, loaded in a sandbox", func(p tape.App) string {
			switch {
			case p.Ended != "":
				return p.Ended
			case p.Error != nil:
				return p.Error.Type + ": " + p.Error.Text
			}
			return fmt.Sprintf("%s with Python %s in %.1f s", cmp.Or(p.Target, p.Kind), p.Python, p.Took)
		})
	})
}
