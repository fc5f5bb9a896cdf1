package facts

import (
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Jail is one of fail2ban's, as its server has it now.
type Jail struct {
	Files   []string // that it reads
	Journal string   // or what it takes from the journal
	Failed  string   // failures that it has counted since it was started
	Banned  []string // now
}

// Jails are the names of those that fail2ban's server has.
func (f *Facts) Jails() fact.Of[[]string] {
	a := tape.Ask{Kind: tape.KindCommand, Name: "fail2ban"}
	where := "fail2ban-client status"
	return fact.Bind(f.text(a, where), func(body string) fact.Of[[]string] {
		list, ok := f2bValue(body, "Jail list:")
		if !ok {
			return fact.Unknown[[]string](fact.Why{Text: "ask fail2ban's server for its jails: it does not say", Hint: "sudo " + where, Ask: a})
		}
		names := commas(list)
		return fact.Known(names, fact.Source{Where: where, Text: "Jail list: " + list, Ask: a})
	})
}

// Jail is what one of them watches.
func (f *Facts) Jail(name string) fact.Of[Jail] {
	a := tape.Ask{Kind: tape.KindCommand, Name: "fail2ban-jail", Arg: name}
	where := "fail2ban-client status " + name
	return fact.Bind(f.text(a, where), func(body string) fact.Of[Jail] {
		banned, ok := f2bValue(body, "Banned IP list:")
		if !ok {
			return fact.Unknown[Jail](fact.Why{Text: "ask fail2ban's server for the jail " + name + ": it does not say", Hint: "sudo " + where, Ask: a})
		}
		files, _ := f2bValue(body, "File list:")
		j := Jail{Files: strings.Fields(files), Banned: strings.Fields(banned)}
		j.Journal, _ = f2bValue(body, "Journal matches:")
		j.Failed, _ = f2bValue(body, "Total failed:")
		text := "Journal matches: " + j.Journal
		if j.Journal == "" {
			text = "File list: " + files
		}
		return fact.Known(j, fact.Source{Where: where, Text: short(text + ", Total failed: " + j.Failed + ", Banned IP list: " + banned), Ask: a})
	})
}

// f2bValue is what stands behind a label in the tree that fail2ban-client draws.
func f2bValue(body, label string) (string, bool) {
	_, rest, ok := strings.Cut(body, label)
	rest, _, _ = strings.Cut(rest, "\n")
	return strings.TrimSpace(rest), ok
}

func commas(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}
