package db

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

// down is for a server that nobody runs, at least not there.
func down(h *check.Hearing, s *model.Store, r tape.SQLReply) (string, check.Remedy) {
	where := s.Kind + " at " + s.Addr
	u, state := s.Unit.Look(h.Aside())
	switch {
	case !s.Local:
		return fmt.Sprintf("nothing listens at %s, where the app looks for its database: %s", s.Addr, r.Error), check.Remedy{
			Do: "On the database's machine: start the server, let it listen on that address (listen_addresses, bind-address), and open the port in its firewall. If it has moved, correct the URL.", Commands: edit(s), Minutes: 15}
	case state == fact.IsKnown && !u.Running():
		h.Saw(u.Source)
		rem := check.Remedy{Do: "Start it; if it does not come up, its log says why.", Commands: []string{"sudo systemctl start " + u.Name, "systemctl status " + u.Name}, Steps: started(s, u)}
		if s.Kind == "PostgreSQL" {
			rem.Commands = append(rem.Commands, "sudo tail -n 30 /var/log/postgresql/*.log")
		}
		state := "is " + u.Active
		if u.Active == "failed" {
			state = "has failed"
		}
		kind := s.Kind
		if strings.HasPrefix(u.Name, "mariadb") {
			kind = "MariaDB"
		}
		var n fact.Notes
		if why, told := s.Said.Look(&n); told == fact.IsKnown && u.Active == "failed" {
			h.Saw(why)
			rem.Do, rem.Steps = "Mend what its log says; then start it.", closed(u, why.Text)
			if m := tooOpen.FindStringSubmatch(why.Text); m != nil {
				rem.Commands = append([]string{"sudo chmod 700 " + m[1]}, rem.Commands...)
			}
			return fmt.Sprintf("%s does not run (%s %s: %s), and the app needs it", kind, u.Name, state, why.Text), rem
		}
		return fmt.Sprintf("%s does not run (%s %s), and the app needs it", kind, u.Name, state), rem
	case state == fact.IsKnown:
		h.Saw(u.Source)
		return fmt.Sprintf("%s runs (%s), and does not listen at %s, where the app looks for it", s.Kind, u.Name, s.Addr), check.Remedy{
			Do: "Let both name the same address: the app's URL, and the server's port, listen_addresses or socket.", Commands: append([]string{"sudo ss -ltnxp | grep -e postgres -e mysql -e maria"}, edit(s)...)}
	}
	say := fmt.Sprintf("nobody listens at %s, where the app looks for its database: %s", strings.TrimPrefix(where, s.Kind+" at "), r.Error)
	if len(s.Others) > 0 {
		say = fmt.Sprintf("nobody listens at %s, where the app looks for its database; %s listens at %s", strings.TrimPrefix(where, s.Kind+" at "), s.Kind, check.List(s.Others))
	}
	return say, check.Remedy{
		Do: "Start the server there, or correct the address in the URL.", Commands: append([]string{"sudo ss -ltnp | grep -e postgres -e mysql -e maria"}, edit(s)...), Steps: moved(s)}
}

// started starts the server, and the app too where it gave up without it.
func started(s *model.Store, u *model.Unit) []plan.Step {
	steps := check.Up("start "+u.Name+", which the app needs", u)
	app, state := s.Server.Unit.Look(&fact.Notes{})
	switch {
	case state != fact.IsKnown || steps == nil:
	case app.Looping():
		if !wants(app, s) {
			return nil // it falls over and over: what it meets at its next start is not known
		}
		steps = append(steps, check.Anew("start "+app.Name+", which falls over without its database", app)...)
	case app.Active == "failed":
		steps = append(steps, check.Up("start "+app.Name+", which gave up without its database", app)...)
	}
	return steps
}

// wants says that a service ended with the word that its database refuses the
// connection.
func wants(app *model.Unit, s *model.Store) bool {
	c, ok := app.Complaint()
	return ok && strings.Contains(c.Text, "refused") && strings.Contains(c.Text, strconv.Itoa(s.Port))
}

// edit is where the URL is to be changed, and what makes the app read it again.
func edit(s *model.Store) []string {
	var out []string
	if s.Told.Line > 0 {
		out = append(out, fmt.Sprintf("# %s:%d, %s", s.Told.Where, s.Told.Line, s.Name))
	} else if s.Told.Where != "" {
		out = append(out, fmt.Sprintf("# %s, %s", s.Told.Where, s.Name))
	}
	if u := s.Server.UnitName(); u != "" {
		out = append(out, "sudo systemctl restart "+u)
	}
	return out
}

// admin is the command line of the server's own superuser on this host.
func admin(s *model.Store, sql string) []string {
	switch {
	case !s.Local:
		return []string{"# on the database's machine, as its superuser:", sql}
	case s.Kind == "PostgreSQL":
		port := ""
		if s.Port != 5432 && s.Port != 0 {
			port = "-p " + strconv.Itoa(s.Port) + " "
		}
		return []string{fmt.Sprintf("sudo -u postgres psql %s-c %q", port, sql)}
	}
	return []string{fmt.Sprintf("sudo mysql -e %q", sql)}
}

func role(s *model.Store, r tape.SQLReply) string { return or(r.User, s.User) }

func passwordRemedy(s *model.Store, r tape.SQLReply) check.Remedy {
	c := []string{"# psql's \\password asks for it twice and leaves it in no history:"}
	if s.Kind == "PostgreSQL" {
		c = append(c, strings.Replace(admin(s, "")[0], `-c ""`, fmt.Sprintf(`-c '\password %s'`, role(s, r)), 1))
		if !s.Local {
			c = []string{"# on the database's machine, in psql: \\password " + role(s, r)}
		}
	} else {
		c = append([]string{"# the password that the URL holds, in place of PASSWORD:"}, admin(s, fmt.Sprintf("ALTER USER '%s'@'localhost' IDENTIFIED BY 'PASSWORD'", role(s, r)))...)
	}
	return check.Remedy{Do: "Put the right user and password into the URL (each of : / ? # @ % in it written as %3A %2F %3F %23 %40 %25), or give the user the one that the URL holds.",
		Commands: append(edit(s), c...), Minutes: 10}
}

func peerRemedy(h *check.Hearing, s *model.Store, r tape.SQLReply) check.Remedy {
	if steps := own(h, s, r); steps != nil {
		who := account(h, s)
		return check.Remedy{Do: fmt.Sprintf("Name the account that the service runs as in the URL: postgresql://%s@/%s. It has to be a role of PostgreSQL that may use the database; else log in over TCP with a password.", who, or(r.Database, s.Database)),
			Commands: append(edit(s), fmt.Sprintf(`sudo -u postgres psql -c '\du %s'`, who)), Minutes: 10, Steps: steps}
	}
	return check.Remedy{Do: fmt.Sprintf("Run the service as the user %s, or log in over TCP with a password: postgresql://%s:PASSWORD@127.0.0.1/%s.", role(s, r), role(s, r), or(r.Database, s.Database)),
		Commands: edit(s), Minutes: 10}
}

func roleRemedy(s *model.Store, r tape.SQLReply) check.Remedy {
	if s.Kind != "PostgreSQL" {
		return check.Remedy{Do: "Correct the user in the URL, or make it.", Commands: edit(s)}
	}
	return check.Remedy{Do: "Correct the user in the URL, or make it.", Commands: append(edit(s), "sudo -u postgres createuser --pwprompt "+role(s, r)), Minutes: 10}
}

func ruleRemedy(s *model.Store, r tape.SQLReply) check.Remedy {
	if s.Kind != "PostgreSQL" {
		return check.Remedy{Do: "Let the user in from where the app comes: a user of MySQL is a name and a host.", Commands: admin(s, "SELECT user, host FROM mysql.user"), Minutes: 10}
	}
	file := r.Cell("limits", "hba_file")
	line := fmt.Sprintf("host %s %s 127.0.0.1/32 scram-sha-256", or(r.Database, s.Database), role(s, r))
	if strings.HasPrefix(r.Addr, "unix:") {
		line = fmt.Sprintf("local %s %s scram-sha-256", or(r.Database, s.Database), role(s, r))
	}
	do := "Add a line to pg_hba.conf; the first line that fits decides, so it stands above those that reject."
	if strings.Contains(r.Error, "no encryption") {
		do = "The rules may let it in over TLS alone: say sslmode=require in the URL. Else add a line to pg_hba.conf, above those that reject."
	}
	c := append(admin(s, "SHOW hba_file"), "# in "+or(file, "that file")+":", line)
	if steps := encrypted(s); steps != nil && strings.Contains(r.Error, "no encryption") {
		return check.Remedy{Do: "The server's rules may let the app in over TLS alone, which the URL forbids: say sslmode=require there.", Commands: edit(s), Minutes: 5, Steps: steps}
	}
	if s.Local {
		c = append(c, admin(s, "SELECT pg_reload_conf()")...)
	}
	return check.Remedy{Do: do, Commands: c, Minutes: 10}
}

func databaseRemedy(s *model.Store, r tape.SQLReply) check.Remedy {
	name := or(r.Database, s.Database)
	c := admin(s, "CREATE DATABASE "+name)
	if s.Kind == "PostgreSQL" && s.Local {
		c = []string{"sudo -u postgres psql -l", "sudo -u postgres createdb -O " + role(s, r) + " " + name}
	}
	return check.Remedy{Do: "Correct the name in the URL. If the database was never made, make it and run the migrations; if it is gone, restore the backup first.",
		Commands: append(edit(s), c...), Minutes: 15}
}

func grantRemedy(s *model.Store, r tape.SQLReply) check.Remedy {
	name := or(r.Database, s.Database)
	do := "Give the user its right to the database, or correct the name in the URL."
	c := admin(s, fmt.Sprintf("GRANT CONNECT ON DATABASE %s TO %s", name, role(s, r)))
	if s.Kind != "PostgreSQL" {
		do = "Give the user its right to the database, or correct the name in the URL: MySQL says the same of one that does not exist."
		c = admin(s, fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON %s.* TO '%s'@'localhost'", name, role(s, r)))
	}
	return check.Remedy{Do: do, Commands: append(c, edit(s)...), Minutes: 10}
}

func fullRemedy(h *check.Hearing, s *model.Store, r tape.SQLReply) check.Remedy {
	for _, limited := range []string{"role", "database"} {
		if name := map[string]string{"role": role(s, r), "database": or(r.Database, s.Database)}[limited]; strings.Contains(r.Error, "for "+limited) {
			return check.Remedy{Do: fmt.Sprintf("The %s has a limit of its own (CONNECTION LIMIT). Raise it above workers x (pool_size + max_overflow), or make the pools smaller.", limited),
				Commands: admin(s, fmt.Sprintf("ALTER %s %s CONNECTION LIMIT -1", strings.ToUpper(limited), name)), Minutes: 10}
		}
	}
	if steps := widened(h, s); steps != nil {
		return check.Remedy{Do: fmt.Sprintf("Its file allows fewer connections than the app's workers may open, and fewer than PostgreSQL takes by itself: set max_connections = %d, and restart it.", usual),
			Commands: []string{"sudoedit " + steps[0].Path + "   # max_connections = " + strconv.Itoa(usual), "sudo systemctl restart " + steps[0].Then[0].Unit}, Minutes: 5, Steps: steps}
	}
	if steps := again(h, s); steps != nil {
		return check.Remedy{Do: "It holds far fewer connections than its files allow: somebody has set a smaller limit while it ran. A restart takes that of its files again.",
			Commands: append(admin(s, "SHOW VARIABLES LIKE 'max_connections'"), check.Commands(steps)...), Minutes: 5, Steps: steps}
	}
	sql := "SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC"
	if s.Kind != "PostgreSQL" {
		sql = "SHOW PROCESSLIST"
	}
	return check.Remedy{Do: "Look who holds them. Then make the pools smaller (workers x (pool_size + max_overflow)), close what is left open, or raise the limit that was met.",
		Commands: admin(s, sql), Minutes: 20}
}

func tlsRemedy(h *check.Hearing, s *model.Store) check.Remedy {
	if steps := withTLS(h, s); steps != nil {
		return check.Remedy{Do: "The app insists on TLS, and the server has it switched off: set ssl = on. Debian gives each cluster a certificate.",
			Commands: []string{"sudoedit " + steps[0].Path + "   # ssl = on", "sudo systemctl reload " + steps[0].Then[0].Unit}, Minutes: 5, Steps: steps}
	}
	return check.Remedy{Do: "Let the URL and the server say the same: sslmode=require where the server has TLS, a CA file (sslrootcert, ssl_ca) that signed its certificate, and the name that stands in it.",
		Commands: edit(s), Minutes: 15}
}

func hostRemedy(s *model.Store, r tape.SQLReply) check.Remedy {
	rem := check.Remedy{Do: "Correct the host in the URL, or give the name an address in DNS or /etc/hosts.", Commands: append([]string{"getent hosts " + or(r.Host, s.Host)}, edit(s)...)}
	if strings.Contains(r.Host, "@") {
		rem.Do = "The password holds an @ that is not written as %40: the URL is cut there, and the rest taken for the host. Write each of : / ? # @ % in it as %3A %2F %3F %23 %40 %25."
		rem.Commands = edit(s)
		rem.Steps = check.Rewritten("write the password in the app's URL as a URL wants it", s, func(line string) string {
			return strings.Replace(line, ":[masked:", ":"+plan.Quoted+"[masked:", 1)
		})
	}
	return rem
}
