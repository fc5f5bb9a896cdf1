package report

import (
	"strconv"
	"strings"
)

func remedy(m Remedy) markup {
	if m.Do == "" && len(m.Commands) == 0 {
		return markup{}
	}
	return markup{prose(m.Do).html + typedLines(m.Commands).html}
}

func verifying(cmd string) markup {
	if cmd == "" {
		return markup{}
	}
	return typedLines([]string{cmd})
}

// typedLines are commands, whole on their lines; what is to be done by hand
// stands among them as comments.
func typedLines(commands []string) markup {
	if len(commands) == 0 {
		return markup{}
	}
	code := parts{}
	for _, c := range commands {
		if len(c) > maxCommand {
			c = "# a command of " + strconv.Itoa(len(c)) + " bytes: see --format json"
		}
		for l := range strings.SplitSeq(strings.TrimRight(c, "\n"), "\n") {
			line := literal(l)
			if strings.HasPrefix(strings.TrimSpace(l), "#") {
				line = el("i", line)
			}
			code = append(code, line, own("\n"))
		}
	}
	return el("div", class("typing"), el("pre", class("typed"), is("tabindex", "0"), el("code", code)))
}
