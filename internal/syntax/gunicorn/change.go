package gunicorn

import (
	"slices"
	"strings"
)

// SetOption gives a command line with an option set: in the place where it is
// given, else behind everything. A flag is given for True and taken out for
// False. It is not ok where the command is not plain words, and for an option
// that is given several times.
func SetOption(command, name, value string) (string, bool) {
	i := slices.IndexFunc(options, func(o option) bool { return o.name == name })
	if i < 0 || strings.ContainsAny(command, "\"'\\$\n") || strings.ContainsAny(value, " \"'\\$%\n") {
		return "", false
	}
	words := strings.Fields(command)
	long := options[i].words[len(options[i].words)-1]
	given := 0
	for _, w := range words {
		word, _, _ := strings.Cut(w, "=")
		if o, ok := lookup(word); ok && o.name == name {
			given++
		}
	}
	if options[i].action == appends && given > 1 {
		return "", false
	}
	for at := 1; at < len(words); at++ {
		word, _, glued := strings.Cut(words[at], "=")
		if o, ok := lookup(word); !ok || o.name != name {
			continue
		}
		switch {
		case options[i].action == flag && value == "False":
			words = slices.Delete(words, at, at+1)
		case options[i].action == flag:
		case glued:
			words[at] = word + "=" + value
		case at+1 < len(words):
			words[at+1] = value
		default:
			return "", false
		}
		return strings.Join(words, " "), true
	}
	switch {
	case options[i].action != flag:
		return command + " " + long + " " + value, true
	case value == "True":
		return command + " " + long, true
	}
	return "", false
}

// Spelt spells a value as gunicorn's Python file wants it: numbers and truth
// bare, text in quotes.
func Spelt(value string) string {
	if value == "True" || value == "False" || value != "" && strings.Trim(value, "0123456789") == "" {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}
