package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/syntax/shell"
	"assay/internal/tape"
)

// Hook is what certbot runs once it has renewed a certificate: a line of its
// configuration, or a file of renewal-hooks.
type Hook struct {
	Where   string
	Runs    bool // certbot passes over files that are not executable, and over NAME~
	Reloads bool // it lets nginx read its certificates anew
	Calls   string
	Source  fact.Source
}

// certbotHooks are the folders whose files certbot runs after a renewal; those
// of post also when it failed (certbot/_internal/hooks.py, 2.1 to 4).
const certbotHooks = "/etc/letsencrypt/renewal-hooks/"

// hooks are those of one lineage, and those of all.
func (b *builder) hooks(c RenewalConf) fact.Of[[]Hook] {
	var out []Hook
	var n fact.Notes
	for _, key := range []string{"renew_hook", "deploy_hook", "post_hook"} {
		if v := c.Get(key); v != "" && v != "None" {
			out = append(out, hookOf(key+" in "+c.File, v, c.At(key)))
		}
	}
	const ini = "/etc/letsencrypt/cli.ini"
	text, _ := b.f.File(ini).Look(&n)
	own := parseRenewal(ini, text)
	for _, key := range []string{"deploy-hook", "renew-hook", "post-hook"} {
		if v := own.Get(key); v != "" {
			out = append(out, hookOf(key+" in "+ini, v, own.At(key)))
		}
	}
	for _, dir := range []string{"deploy", "post"} {
		files, _ := b.f.Glob(certbotHooks + dir + "/*").Look(&n)
		for _, f := range files {
			st, _ := b.f.Stat(f, false).Look(&n)
			real := f
			if st.Type == "link" {
				real = st.Real
				st, _ = b.f.Stat(real, false).Look(&n)
			}
			if st.Type != "file" {
				continue
			}
			text, _ := b.f.File(real).Look(&n)
			k := hookOf(f, text, fact.Source{Where: f, Ask: tape.Ask{Kind: tape.KindFile, Name: real}})
			k.Runs = st.Mode&0o111 != 0 && !strings.HasSuffix(f, "~")
			out = append(out, k)
		}
	}
	if n.Blind() && !slices.ContainsFunc(out, func(k Hook) bool { return k.Runs && k.Reloads }) {
		return fact.Unknown[[]Hook](n.Why())
	}
	return fact.Known(out)
}

// hookOf reads the text of a hook, which is a shell's mostly. What calls another
// program does not tell by itself whether nginx reloads.
func hookOf(where, text string, src fact.Source) Hook {
	k := Hook{Where: where, Runs: true, Source: src}
	if strings.ContainsRune(text, 0) {
		k.Calls = where
		return k
	}
	for _, l := range shell.Lines(text) {
		words := shell.Words(l.Text)
		if rereads(words) {
			k.Reloads, k.Source.Line, k.Source.Text = true, max(src.Line, l.No), l.Text
			return k
		}
		for _, w := range words {
			if path.IsAbs(w) && k.Calls == "" && !slices.ContainsFunc(systemFolders, func(f string) bool { return strings.HasPrefix(w, f) }) && !strings.HasPrefix(w, "/etc/") && !strings.HasPrefix(w, "/var/") {
				k.Calls = w
			}
		}
	}
	return k
}

var rereading = regex.New(`\b(reload|try-reload-or-restart|reload-or-restart|force-reload|restart|try-restart|start|HUP|SIGHUP|hup|nginx_reload)\b`)

// rereads says that a command makes nginx read its certificates: systemctl
// reload nginx, nginx -s reload, kill -HUP of its pid file, docker exec of the same.
func rereads(words []string) bool {
	all := strings.Join(words, " ")
	return strings.Contains(all, "nginx") && rereading.MatchString(all) && !strings.HasPrefix(all, "echo ") && !strings.HasPrefix(all, "logger ")
}

func (j *Job) reloadsNginx() bool {
	return slices.ContainsFunc(j.lines, func(l jobLine) bool { return rereads(l.words) })
}
