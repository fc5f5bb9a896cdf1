package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/tape"
)

const sshdConfig = "/etc/ssh/sshd_config"

// sshPasswords are the sockets of an sshd that takes passwords.
func (b *builder) sshPasswords() fact.Of[*Exposure] {
	return fact.Bind(b.sockets(), func(all []*Listener) fact.Of[*Exposure] {
		x := &Exposure{Program: "SSH", Port: 22}
		for _, l := range all {
			held, _ := l.Holders.Look(&b.notes)
			ours := slices.ContainsFunc(held, func(p Process) bool { return p.Comm == "sshd" })
			if strings.HasPrefix(l.Proto, "tcp") && (ours || l.Port == 22) {
				l.Reach = b.reach(l)
				x.Port, x.Listeners = l.Port, append(x.Listeners, l)
			}
		}
		if len(x.Listeners) == 0 {
			return fact.Absent[*Exposure]()
		}
		return fact.Bind(b.sshdSays("passwordauthentication", "yes"), func(says string) fact.Of[*Exposure] {
			if strings.EqualFold(says, "no") {
				return fact.Absent[*Exposure]()
			}
			return fact.Known(x)
		})
	})
}

// sshdSays is the first value of a keyword, which is the one in force
// (sshd_config(5)); what stands below a Match is for some alone.
func (b *builder) sshdSays(key, otherwise string) fact.Of[string] {
	var n fact.Notes
	if v, src, ok := b.sshdFile(sshdConfig, key, &n, 0); ok && !n.Blind() {
		return fact.Known(v, src)
	}
	if n.Blind() {
		return fact.Unknown[string](n.Why())
	}
	return fact.Known(otherwise, fact.Source{Where: sshdConfig, Text: "does not say: " + key + " " + otherwise, Ask: tape.Ask{Kind: tape.KindFile, Name: sshdConfig}})
}

func (b *builder) sshdFile(file, key string, n *fact.Notes, depth int) (string, fact.Source, bool) {
	text, _ := b.f.File(file).Look(n)
	line := 0
	for l := range strings.Lines(text) {
		line++
		w := strings.Fields(strings.Replace(l, "=", " ", 1))
		switch {
		case len(w) < 2 || strings.HasPrefix(w[0], "#"):
		case strings.EqualFold(w[0], "Match"):
			return "", fact.Source{}, false
		case strings.EqualFold(w[0], key):
			return strings.Trim(w[1], `"`), fact.Source{Where: file, Line: line, Text: strings.TrimSpace(l), Ask: tape.Ask{Kind: tape.KindFile, Name: file}}, true
		case strings.EqualFold(w[0], "Include") && depth < 2:
			for _, pattern := range w[1:] {
				if !path.IsAbs(pattern) {
					pattern = path.Join(path.Dir(sshdConfig), pattern)
				}
				files, _ := b.f.Glob(pattern).Look(n)
				for _, f := range files {
					if v, src, ok := b.sshdFile(f, key, n, depth+1); ok {
						return v, src, true
					}
				}
			}
		}
	}
	return "", fact.Source{}, false
}

// otherCounters is what counts failed logins in fail2ban's place: another
// program, or OpenSSH itself from 9.8 on (PerSourcePenalties), which has its
// sessions in a program of their own.
func (b *builder) otherCounters() fact.Of[string] {
	var n fact.Notes
	for _, u := range []string{"crowdsec.service", "sshguard.service"} {
		if p, _ := b.f.Unit(u).Look(&n); p["ActiveState"] == "active" {
			return fact.Known(u, facts.UnitSource(u, p))
		}
	}
	const session = "/usr/lib/openssh/sshd-session"
	if _, state := b.f.Stat(session, false).Look(&n); state == fact.IsKnown {
		return fact.Known("sshd itself", fact.Source{Where: session, Text: "is there: OpenSSH 9.8 or later", Ask: tape.Ask{Kind: tape.KindStat, Name: session}})
	}
	if n.Blind() {
		return fact.Unknown[string](n.Why())
	}
	return fact.Absent[string]()
}
