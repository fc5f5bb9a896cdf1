package facts

import (
	"fmt"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Sessions is how many of the sessions that an app gives out were signed with
// the key that it loads now. name is the app's, as it was loaded.
func (f *Facts) Sessions(name string, v tape.SessionVisit) fact.Of[tape.SessionReply] {
	a := tape.Ask{Kind: tape.KindSession, Name: name, Arg: v.String()}
	return read(f, a, "new sessions from "+v.Endpoint, func(r tape.SessionReply) string {
		if r.Cookies == 0 {
			return "no session cookie came"
		}
		s := fmt.Sprintf("GET %s, %d session cookies: %d signed with the key that the app loads now", r.Path, r.Cookies, r.Key)
		if r.Fallback > 0 {
			s += fmt.Sprintf(", %d with a fallback", r.Fallback)
		}
		if r.Other > 0 {
			s += fmt.Sprintf(", %d with neither", r.Other)
		}
		return s
	})
}
