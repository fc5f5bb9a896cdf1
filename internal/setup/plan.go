package setup

import (
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/plan"
	"assay/internal/syntax/edit"
)

// Plan is what makes a site of an app. release names the first one.
func Plan(i Intent, a App, m Machine, release string) plan.Plan {
	d := draft{Intent: i, app: a, machine: m, release: release}
	// On a host that was bare, what is new is what setup made: what weighs heavily
	// takes it back, and the rest is said.
	p := plan.Plan{Bar: check.High.String(), Parts: []plan.Plan{d.packages(), d.accounts(), d.code(), d.stores(), d.serve(), d.web(), d.certificate(), d.https(), d.upkeep()}}
	p.Parts = slices.DeleteFunc(p.Parts, func(s plan.Plan) bool { return len(s.Steps) == 0 })
	return p
}

type draft struct {
	Intent
	app     App
	machine Machine
	release string
}

func section(say string, steps ...[]plan.Step) plan.Plan {
	return plan.Plan{Say: say, Steps: slices.Concat(steps...)}
}

func one(s plan.Step) []plan.Step { return []plan.Step{s} }

func folder(say, path, owner, group, mode string) []plan.Step {
	return one(plan.Step{Kind: plan.Folder, Say: say, Path: path, Owner: owner, Group: group, Mode: mode})
}

func file(say, path, owner, group, mode, body string) []plan.Step {
	return one(plan.Step{Kind: plan.Write, Say: say, Path: path, Owner: owner, Group: group, Mode: mode, Body: body})
}

func unit(say, verb, name string) []plan.Step { return plan.Systemctl(say, verb, name) }

func (d draft) packages() plan.Plan {
	names := []string{"nginx", "certbot", "python3-venv", "ufw", "nftables", "fail2ban", "python3-systemd", "unattended-upgrades"}
	if d.Store == PostgreSQL {
		names = append(names, "postgresql")
	}
	if d.Store == SQLite {
		names = append(names, "sqlite3")
	}
	if d.Redis {
		names = append(names, "redis-server")
	}
	if !d.machine.Default && !d.machine.rejects() {
		names = append(names, "ssl-cert")
	}
	if d.machine.Clock == "" {
		names = append(names, "systemd-timesyncd")
	}
	return section("Packages", one(plan.Done("install what the site stands on", "packages", names...)))
}

func (d draft) accounts() plan.Plan {
	return section("An account", one(plan.Done("make the account "+d.account()+", which the app runs as and nobody logs in with", "account", d.account(), d.Home())))
}

func (d draft) code() plan.Plan {
	who := d.account()
	steps := [][]plan.Step{
		folder("make a folder for the app", d.Home(), "root", "root", "0755"),
		folder("make a folder for its releases", d.Releases(), "root", "root", "0755"),
		folder("make a folder for its settings", d.conf(), "root", who, "0750"),
		file("write the app's variables", d.EnvFile(), "root", who, "0640", d.variables(d.app)),
	}
	if d.hasUploads(d.app) {
		steps = append(steps, folder("make a folder for uploads, which nginx reads by the group", d.uploads(), who, "www-data", "2750"))
	}
	if d.app.Locked != "" {
		steps = append(steps, file("write down for pip which packages "+d.app.List+" names", d.list(d.app), "root", "root", "0644", d.app.Locked))
	}
	venv := append([]string{d.Releases() + "/" + d.release, who, d.list(d.app)}, d.app.More()...)
	steps = append(steps,
		one(plan.Done("copy the app into a release that nobody but root can change", "release", d.Source, d.Releases()+"/"+d.release)),
		one(plan.Done("install the app's packages, by "+d.app.List+", into an environment of the release's own", "venv", venv...)))
	return section("Code", steps...)
}

func (d draft) stores() plan.Plan {
	var steps [][]plan.Step
	if d.Store == PostgreSQL {
		steps = append(steps,
			one(plan.Done("make the role "+d.account()+", which only the account of that name can be", "role", d.account())),
			one(plan.Done("make the database "+d.account(), "database", d.account(), d.account())))
	}
	if d.Store == SQLite {
		steps = append(steps, folder("make a folder for the database", d.data(), d.account(), d.account(), "0750"),
			one(plan.Done("let those who read it work beside the one who writes", "wal", d.account(), d.sqlite())))
	}
	if d.Redis {
		steps = append(steps, d.redis()...)
	}
	if d.app.Migrates && d.Store != NoStore {
		steps = append(steps, one(plan.Done("bring the database to the app's schema", "migrate", d.Releases()+"/"+d.release, d.account(), d.EnvFile(), d.Entry)))
	}
	return section("Data", steps...)
}

func (d draft) serve() plan.Plan {
	name := d.Unit(d.release)
	p := section("The app",
		file("write gunicorn's settings", d.config(), "root", "root", "0644", d.gunicorn(d.machine)),
		file("write the app's unit: one service for each release", "/etc/systemd/system/"+d.Template(), "root", "root", "0644", d.service(d.app)),
		file("have the folder of its sockets made at each boot", "/etc/tmpfiles.d/"+d.Name+".conf", "root", "root", "0644", d.tmpfiles()),
		folder("make that folder now", d.Run(), d.account(), "www-data", "2750"),
		plan.Linked("let this release be the current one", d.Current(), d.Releases()+"/"+d.release),
		plan.Linked("let nginx find it by a link that the next release takes over", d.Live(), d.Run()+"/"+d.release+".sock"),
		unit("let systemd read the unit", "daemon-reload", ""),
		one(plan.Done("load the app in the sandbox", "load", name, d.account())),
		unit("start it at each boot", "enable", name),
		unit("start it", "start", name))
	return p
}

func (d draft) web() plan.Plan {
	site := "/etc/nginx/sites-available/" + d.Name
	steps := [][]plan.Step{
		file("tell the app who asks, and how", "/etc/nginx/snippets/"+d.Name+"-proxy.conf", "root", "root", "0644", proxy),
		file("answer on port 80: the certificate's authority, and everybody else with the way to HTTPS", site, "root", "root", "0644", d.plainSite()),
		plan.Linked("turn the site on", "/etc/nginx/sites-enabled/"+d.Name, "../sites-available/"+d.Name),
		folder("make a folder for the authority's questions", acmeFolder, "root", "root", "0755"),
	}
	if !d.machine.Default {
		steps = append(steps,
			file("give no answer to whoever comes with another name", "/etc/nginx/sites-available/reject", "root", "root", "0644", d.machine.reject()),
			plan.Linked("turn that on", "/etc/nginx/sites-enabled/reject", "../sites-available/reject"))
	}
	if !d.machine.Nginx || d.machine.Stock {
		steps = append(steps, plan.Gone("turn nginx's own welcome page off", "/etc/nginx/sites-enabled/default"))
	}
	p := section("The web server", append(steps, unit("let nginx take that in", "reload-or-restart", "nginx.service"))...)
	p.Tests = []plan.Test{nginxTest}
	return p
}

var nginxTest = plan.Test{Name: "nginx-test", Arg: "/etc/nginx/nginx.conf"}

func (d draft) certificate() plan.Plan {
	acme := d.ACME
	if acme == "" {
		acme = "-"
	}
	return section("The certificate",
		file("let nginx take renewed certificates in", "/etc/letsencrypt/renewal-hooks/deploy/reload-nginx", "root", "root", "0755", renewalHook),
		one(plan.Done("obtain a certificate for "+strings.Join(d.Domains, " and "), "certificate", append([]string{d.Email, acme, acmeFolder}, d.Domains...)...)))
}

func (d draft) https() plan.Plan {
	plain := d.plainSite()
	lines, _ := edit.Split(plain)
	add, _ := edit.Split(d.tlsSite(d.app, d.machine))
	p := section("HTTPS",
		one(plan.Step{Kind: plan.Edit, Say: "serve the app over HTTPS", Path: "/etc/nginx/sites-available/" + d.Name, Seen: plain, Lines: []edit.Lines{{Line: len(lines) + 1, New: add}}}),
		unit("let nginx take that in", "reload", "nginx.service"),
		one(plan.Done("rehearse the certificate's renewal", "rehearse", d.Domains[0])))
	p.Tests = []plan.Test{nginxTest}
	return p
}

func (d draft) upkeep() plan.Plan {
	var steps [][]plan.Step
	backup := d.Name + "-backup"
	if d.Store != NoStore {
		owner := "postgres"
		if d.Store == SQLite {
			owner = d.account()
		}
		steps = append(steps,
			folder("make a folder for dumps of the database", d.dumps(), owner, owner, "0700"),
			file("write what dumps it, and checks the dump", "/usr/local/sbin/backup-"+d.Name, "root", "root", "0755", d.backupScript()),
			file("write its unit", "/etc/systemd/system/"+backup+".service", "root", "root", "0644", d.backupService()),
			file("do it each night", "/etc/systemd/system/"+backup+".timer", "root", "root", "0644", d.backupTimer()))
	}
	steps = append(steps,
		file("keep the journal within a gigabyte", "/etc/systemd/journald.conf.d/size.conf", "root", "root", "0644", journalSize),
		file("keep out who guesses passwords", "/etc/fail2ban/jail.d/sshd.local", "root", "root", "0644", sshJail),
		file("take security updates by themselves", "/etc/apt/apt.conf.d/52auto-upgrades", "root", "root", "0644", autoUpgrades),
		file("say what nobody can see from this host", "/etc/assay/assay.toml", "root", "root", "0644", d.declared()))
	if d.Store != NoStore {
		steps = append(steps,
			unit("let systemd read the units", "daemon-reload", ""),
			unit("dump each night", "enable", backup+".timer"),
			unit("from now on", "start", backup+".timer"),
			unit("dump it once now", "start", backup+".service"))
	}
	steps = append(steps,
		unit("let the journal take its limit in", "restart", "systemd-journald.service"),
		unit("let fail2ban take its jail in", "restart", "fail2ban.service"))
	if !d.machine.Firewall {
		open := []string{"80/tcp", "443/tcp"}
		for _, p := range d.machine.SSH {
			open = append(open, p+"/tcp")
		}
		steps = append(steps,
			one(plan.Done("let the web and the way in through the firewall", "open-ports", open...)),
			one(plan.Done("turn the firewall on", "firewall-on")))
	}
	return section("Upkeep", steps...)
}
