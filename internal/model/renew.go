package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Renewal is what should renew one of certbot's certificates.
type Renewal struct {
	Lineage string
	Path    string // of the certificate that nginx serves
	Used    fact.Source
	Conf    fact.Of[RenewalConf] // Absent: certbot does not renew it
	Plain   fact.Of[[]string]    // files of the lineage that are no links, as certbot wants them
	Links   map[string]string    // where those should lead, for the ones whose text archive/ has
	Plugins fact.Of[[]string]    // that the renewal names and certbot does not have
	Jobs    []*Job               // that run an ACME client
	Unseen  []fact.Why           // where such a job may hide
	Looked  fact.Source
	Timer   fact.Of[facts.Props]  // of Debian's certbot, where nothing else renews
	Failed  fact.Of[Complaint]    // what the last attempt ran into; Absent: nothing is written of it
	Ways    fact.Of[[]*Challenge] // of a client that writes its answers into a folder
	Hooks   fact.Of[[]Hook]       // that certbot runs after it; none are looked for where its installer is nginx
	Reloads *Job                  // that reloads nginx by the clock, or with the renewal
}

// RenewalConf is certbot's own file for a lineage.
type RenewalConf struct {
	File   string
	values map[string]confValue
}

type confValue struct {
	text string
	line int
}

// Get is a value of the file.
func (c RenewalConf) Get(key string) string { return c.values[key].text }

// At is the line of a value.
func (c RenewalConf) At(key string) fact.Source {
	v := c.values[key]
	return fact.Source{Where: c.File, Line: v.line, Text: key + " = " + v.text, Ask: tape.Ask{Kind: tape.KindFile, Name: c.File}}
}

// Subject is the lineage.
func (r *Renewal) Subject() string { return r.Lineage }

// Node is the renewal.
func (r *Renewal) Node() Node { return Node("renewal:" + r.Lineage) }

// Renewals are the lineages of the certificates that a deployment is served with.
func (d *Deployment) Renewals() fact.Of[[]*Renewal] {
	return of(d, func() fact.Of[[]*Renewal] {
		return fact.Then(d.Sites, func([]*Site) []*Renewal { return d.renewals })
	})
}

func (b *builder) renewals() {
	for _, d := range b.m.Deployments {
		for _, n := range d.names {
			ends, _ := n.TLS.Look(&b.notes)
			for _, e := range ends {
				if e.File == nil || e.File.Lineage == "" {
					continue
				}
				i := slices.IndexFunc(d.renewals, func(r *Renewal) bool { return r.Lineage == e.File.Lineage })
				if i < 0 {
					i = len(d.renewals)
					d.renewals = append(d.renewals, b.renewal(e.File))
				}
				b.challenge(d.renewals[i], n)
			}
		}
		for _, l := range d.leaves {
			b.grew(l, d.renewals)
		}
	}
}

func (b *builder) renewal(f *CertFile) *Renewal {
	conf := "/etc/letsencrypt/renewal/" + f.Lineage + ".conf"
	r := &Renewal{Lineage: f.Lineage, Path: f.Path, Used: f.Source, Failed: fact.Absent[Complaint](), Plain: fact.Known[[]string](nil), Plugins: fact.Known[[]string](nil)}
	r.Conf = fact.Then(b.f.File(conf), func(text string) RenewalConf { return parseRenewal(conf, text) })
	r.Ways = fact.Known[[]*Challenge](nil)
	all := facts.Remember(b.f, "clock", b.clock)
	r.Unseen, r.Looked = all.unseen, jobsSource(all.jobs)
	for _, j := range all.jobs {
		if j.renews() {
			r.Jobs = append(r.Jobs, j)
		}
	}
	r.Timer = fact.Absent[facts.Props]()
	if !slices.ContainsFunc(r.Jobs, func(j *Job) bool { return j.Sleeps() == "" }) {
		r.Timer = b.f.Unit("certbot.timer")
	}
	var unread fact.Notes
	c, state := r.Conf.Look(&unread)
	switch state {
	case fact.IsUnknown:
		why := unread.Why()
		r.Ways, r.Plain, r.Plugins = fact.Unknown[[]*Challenge](why), fact.Unknown[[]string](why), fact.Unknown[[]string](why)
	case fact.IsKnown:
		r.Plain = b.plainFiles(f.Lineage)
		r.Links = b.links(r)
		r.Plugins = b.missingPlugins(c)
		r.Failed = b.lastRenewal(r)
	}
	r.Hooks = fact.Then(r.Conf, func(RenewalConf) []Hook { return nil })
	if state == fact.IsKnown && c.Get("installer") != "nginx" {
		r.Hooks = b.hooks(c)
	}
	if i := slices.IndexFunc(all.jobs, func(j *Job) bool { return j.Sleeps() == "" && j.reloadsNginx() }); i >= 0 {
		r.Reloads = all.jobs[i]
	}
	return r
}

func parseRenewal(file, text string) RenewalConf {
	c := RenewalConf{File: file, values: map[string]confValue{}}
	n := 0
	for l := range strings.Lines(text) {
		n++
		if k, v, ok := strings.Cut(l, "="); ok && !strings.HasPrefix(strings.TrimSpace(k), "#") {
			c.values[strings.TrimSpace(k)] = confValue{strings.TrimSpace(v), n}
		}
	}
	return c
}

// clock is everything that runs by the clock.
type clock struct {
	jobs   []*Job
	unseen []fact.Why
}

func (b *builder) clock() clock {
	jobs, unseen := b.jobs()
	return clock{jobs, unseen}
}

// clients renew certificates, with the word that makes them do so.
var clients = []struct{ program, word string }{
	{"certbot", "renew"}, {"letsencrypt", "renew"}, {"certbot-auto", "renew"}, {"snap.certbot.renew", ""},
	{"acme.sh", "--cron"}, {"acme.sh", "--renew-all"}, {"dehydrated", "-c"}, {"dehydrated", "--cron"}, {"lego", "renew"}, {"getssl", ""}, {"simp_le", ""}, {"uacme", ""},
}

// renews says that a job runs an ACME client.
func (j *Job) renews() bool {
	return slices.ContainsFunc(j.lines, func(l jobLine) bool {
		for i, w := range l.words {
			for _, c := range clients {
				if path.Base(w) == c.program && (c.word == "" || slices.Contains(l.words[i:], c.word)) {
					return true
				}
			}
		}
		return false
	}) || strings.HasPrefix(j.Name, "snap.certbot.renew")
}

// Sleeps says why the job never runs its client: Debian's cron job for certbot
// leaves it to the timer where systemd runs.
func (j *Job) Sleeps() string {
	if j.Never != "" {
		return j.Never
	}
	if j.left || toSystemd.MatchString(j.Command) {
		return j.Name + " leaves it to systemd"
	}
	return ""
}

// toSystemd is how Debian's jobs leave their work to a timer.
var toSystemd = regex.New(`! -d /run/systemd/system|test -e /run/systemd/system \|\||(?m)^if \[ -d /run/systemd/system \]; then\s+exit 0`)

// plainFiles are those of a lineage that are no links: certbot then passes over
// the whole lineage (certbot/_internal/storage.py, 2.1).
func (b *builder) plainFiles(lineage string) fact.Of[[]string] {
	var out []string
	var n fact.Notes
	for _, name := range []string{"cert", "chain", "fullchain", "privkey"} {
		file := path.Join("/etc/letsencrypt/live", lineage, name+".pem")
		if st, state := b.f.Stat(file, false).Look(&n); state == fact.IsKnown && st.Type != "link" {
			out = append(out, file)
		}
	}
	if len(out) == 0 && n.Blind() {
		return fact.Unknown[[]string](n.Why())
	}
	return fact.Known(out)
}

// builtIn are the plugins that certbot brings itself (2.1 to 4).
var builtIn = []string{"standalone", "webroot", "manual", "null", "None", ""}

// missingPlugins looks where Debian's certbot finds its plugins. One that came
// by snap or pip has places of its own.
func (b *builder) missingPlugins(c RenewalConf) fact.Of[[]string] {
	var want []string
	for _, key := range []string{"authenticator", "installer"} {
		if v := c.Get(key); !slices.Contains(builtIn, v) && !slices.Contains(want, key) {
			want = append(want, key)
		}
	}
	const packages = "/usr/lib/python3/dist-packages/"
	return fact.Bind(b.f.Glob(packages+"certbot*"), func(have []string) fact.Of[[]string] {
		if !slices.Contains(have, packages+"certbot") {
			return fact.Known[[]string](nil)
		}
		return fact.Known(slices.DeleteFunc(want, func(key string) bool {
			return slices.Contains(have, packages+"certbot_"+strings.ReplaceAll(c.Get(key), "-", "_")) || strings.Contains(c.Get(key), ":")
		}))
	})
}

// renewalSays are certbot's words for what went wrong (2.1 to 4); the lineage
// stands in them.
var renewalSays = regex.New(`Failed to renew certificate|produced an unexpected error|Renewal configuration file .* is broken|Could not (choose|parse)`)

const certbotLog = "/var/log/letsencrypt/letsencrypt.log"

// lastRenewal is what the last attempt ran into: its service failed, and its
// journal or certbot's log says why.
func (b *builder) lastRenewal(r *Renewal) fact.Of[Complaint] {
	var n fact.Notes
	for _, j := range r.Jobs {
		if j.Service == "" {
			continue
		}
		u, state := b.unit(j.Service).Look(&n)
		if state != fact.IsKnown || u.Running() || u.Result == "success" || b.relinked(r.Lineage).After(u.Since) {
			continue
		}
		if c, ok := r.said(u.Journal, "journalctl -u "+u.Name); ok {
			return fact.Known(c, c.Source)
		}
		log := fact.Then(b.f.Tail(certbotLog), func(text string) Journal { return plainLog(certbotLog, text) })
		if c, ok := r.said(log, certbotLog); ok {
			return fact.Known(c, c.Source)
		}
		src := u.Source
		return fact.Known(Complaint{Text: u.Name + " failed (" + u.Result + ")", Source: src}, src)
	}
	if n.Blind() {
		return fact.Unknown[Complaint](n.Why())
	}
	if len(r.Unseen) > 0 { // what renews it may be what was not seen
		return fact.Unknown[Complaint](r.Unseen[0])
	}
	return fact.Absent[Complaint]()
}

func (r *Renewal) said(of fact.Of[Journal], where string) (Complaint, bool) {
	var n fact.Notes
	j, state := of.Look(&n)
	if state != fact.IsKnown {
		return Complaint{}, false
	}
	for i := len(j.Lines) - 1; i >= 0; i-- {
		l := j.Lines[i]
		if l.PID == 1 && strings.HasPrefix(l.Text, "Starting ") {
			break
		}
		if renewalSays.MatchString(l.Text) && strings.Contains(l.Text, r.Lineage) {
			text := l.Text
			if at := strings.Index(text, "Failed to renew"); at > 0 {
				text = text[at:]
			}
			if _, why, ok := strings.Cut(text, "with error: "); ok {
				text = why
			}
			return Complaint{At: l.At, Text: strings.TrimSpace(clip(text)), Source: fact.Source{Where: where, Text: clip(l.Text), Ask: j.Ask}}, true
		}
	}
	return Complaint{}, false
}

func plainLog(file, text string) Journal {
	var lines []facts.Entry
	for l := range strings.Lines(text) {
		lines = append(lines, facts.Entry{Text: strings.TrimRight(l, "\r\n")})
	}
	return newJournal(file, tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail"}, lines)
}
