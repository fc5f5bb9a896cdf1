package plan

import (
	"slices"
	"strings"
)

// Done is a deed alone.
func Done(say, deed string, args ...string) Step {
	return Step{Kind: Deed, Say: say, Deed: deed, Args: args}
}

// Traceless says that a deed leaves nothing of its own to be taken back: what it
// made lies in what another deed made, or it only tried something.
func (s Step) Traceless() bool {
	return slices.Contains([]string{"venv", "venv-again", "wal", "migrate", "load", "rehearse", "prove", "watch"}, s.Deed)
}

// Words are what a step runs, as one would type it; "" where it runs nothing.
func (s Step) Words() string {
	at := func(i int) string {
		if i < len(s.Args) {
			return s.Args[i]
		}
		return ""
	}
	rest := func(i int) string { return strings.Join(s.Args[min(i, len(s.Args)):], " ") }
	if s.Kind == Unit {
		return strings.TrimSpace("systemctl " + s.Verb + " " + s.Unit)
	}
	switch s.Deed {
	case "packages":
		return "apt-get install --no-install-recommends " + rest(0)
	case "account":
		return "useradd --system --user-group --home-dir " + at(1) + " --no-create-home --shell /usr/sbin/nologin " + at(0)
	case "release":
		return "copy " + at(0) + " to " + at(1)
	case "venv":
		return strings.TrimSpace("python3 -m venv " + at(0) + "/venv; pip install -r " + at(2) + " " + rest(3))
	case "venv-again":
		return "copy the environment of " + at(3) + " to " + at(0) + "/venv"
	case "serve":
		return "systemctl start " + at(0)
	case "prove":
		return "GET " + pages(s.Args[min(3, len(s.Args)):], 1) + " at " + at(1)
	case "boot":
		return "systemctl enable " + at(0)
	case "watch":
		return "GET " + pages(s.Args[min(3, len(s.Args)):], 2) + " of https://" + at(1)
	case "retire":
		return "wait until nobody is served by " + at(1) + "; systemctl disable --now " + at(0)
	case "prune":
		return "rm -r " + at(0)
	case "role":
		return "createuser " + at(0)
	case "database":
		return "createdb --encoding=UTF8 --owner=" + at(1) + " " + at(0)
	case "wal":
		return "sqlite3 " + at(1) + " 'PRAGMA journal_mode=WAL'"
	case "migrate":
		return "flask --app " + at(3) + " db upgrade"
	case "dump":
		return "dump " + at(1)
	case "upgrade":
		return "flask --app " + at(3) + " db upgrade"
	case "load":
		return "load the app of " + at(0) + " in the sandbox"
	case "certificate":
		return "certbot certonly --webroot --webroot-path " + at(2) + " --domain " + strings.Join(s.Args[min(3, len(s.Args)):], " --domain ")
	case "rehearse":
		return "certbot renew --dry-run --cert-name " + at(0)
	case "open-ports":
		return "ufw allow " + strings.Join(s.Args, "; ufw allow ")
	case "firewall-on":
		return "ufw enable"
	}
	return ""
}

// pages are the paths of arguments that begin with n numbers.
func pages(args []string, n int) string {
	var out []string
	for _, a := range args {
		out = append(out, strings.SplitN(a, " ", n+1)[n])
	}
	return strings.Join(out, ", ")
}
