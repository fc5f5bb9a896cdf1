package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/regex"
	"assay/internal/report"
	"assay/internal/tape"
)

// reading is one kind of ask that is no command, told to a person who wonders
// what a program run as root will touch.
type reading struct {
	Kind tape.Kind `json:"kind"`
	What string    `json:"what"`
}

// readings are all kinds but commands, which have a table of their own.
func readings() []reading {
	return []reading{
		{tape.KindSelf, "who looks and when: user id, host name, time of boot"},
		{tape.KindFile, "the beginning or the end of a file, at most 1 MiB: configuration of nginx and systemd, the server's own configuration, environment files, logs"},
		{tape.KindStat, "owner, mode, size and times of a path, for some the hash of what is in it, how much of its disk is free, or which capabilities its program gets"},
		{tape.KindGlob, "which paths match a pattern, as include does in nginx"},
		{tape.KindTree, "the names of the files in a folder, at most 400"},
		{tape.KindAccess, "whether a user may read a path or connect to a socket, tried with that user's rights"},
		{tape.KindProcs, "the processes: arguments, user, working folder, from /proc"},
		{tape.KindEnviron, "the environment of an app server's process, from /proc; the values of secrets are replaced"},
		{tape.KindSockets, "the listening sockets and who holds them, from /proc"},
		{tape.KindConns, "the connections that an app server and its workers hold, or a database that takes no more, from the kernel"},
		{tape.KindWrites, "the log files that nginx, an app server and its workers hold open for writing: path, size, and how full their disk is; nothing in them"},
		{tape.KindDisk, "how much of the file system below a path is left"},
		{tape.KindMemory, "how much memory an app server and its workers take, from /proc, and how much memory and processor time their control group lets them have"},
		{tape.KindDumps, "the files of a folder in which backups lie, at most 60, and of 16 what their headers say: which database, which version, whether they are whole"},
		{tape.KindAddrs, "the addresses of the network interfaces"},
		{tape.KindDNS, "the addresses of the names that nginx serves, with www and without, and of the servers that the app names, from the system's own resolver"},
		{tape.KindKey, "which public key belongs to a TLS key's file: the hash of the public one is kept, and nothing of the private one"},
		{tape.KindTLS, "TLS handshakes with this host, under the names that it serves: what any visitor may offer, old versions alone, weak suites alone"},
		{tape.KindHTTP, "GET, HEAD and OPTIONS requests to this host and to the app's own socket, as a visitor or a page of another site sends them; the values of cookies are replaced"},
		{tape.KindApp, "the Flask app and gunicorn.conf.py, loaded once in a sandbox: the service's user, no sockets, a read-only disk, limits of time, memory and processes; --no-import leaves it out"},
		{tape.KindSession, "12 to 60 GET requests for one page that everybody may open, the login form first, straight to the app's own socket: whether the session cookies are signed with the app's key; the answer holds only how many"},
		{tape.KindLeaks, "the files below the app's folder, each less than 1 MiB, and git's list of those that it tracks: in which of them a secret of the running app stands; the answer holds names and lines, and no value. With --deep every version of a file that the repository keeps, too: at most 200,000 objects, 256 MiB of packs and 20 seconds"},
		{tape.KindServed, "whether a GET request to this host is answered with the content of a file of it: compared at once, and nothing of either is kept"},
		{tape.KindMetrics, "a GET request for the app's page of numbers (/metrics): how many series it holds, and how many values each label; no number and no value is kept"},
		{tape.KindSQL, "the app's own database, logged in to as the app does and with the service's user: the statements above, each in a transaction that may only read; of SQLite the file, without a lock"},
		{tape.KindRedis, "the app's own Redis, in the same way: the commands above"},
		{tape.KindDial, "whether a TCP port of this host takes a connection, which is closed at once"},
	}
}

func (a *app) asksVerb() *cobra.Command {
	format := "text"
	c := &cobra.Command{
		Use:     "asks",
		Short:   "all that an audit may run and read, before it does",
		Long:    "Prints every command that an audit may run and every kind of thing that it may read. There are no others. Prints a line for sudoers, too.",
		Example: "  assay asks\n  assay asks --format json",
		Args:    exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			return a.asks(format)
		},
	}
	c.Flags().StringVar(&format, "format", format, "`text|json`")
	return c
}

// running is a row of tape.Commands in JSON.
type running struct {
	Argv    []string `json:"argv"` // "{}" stands for a unit, a file or the like
	Path    []string `json:"path"`
	Why     string   `json:"why"`
	Root    bool     `json:"root"` // only as root
	Sealed  bool     `json:"sealed"`
	Seconds int      `json:"seconds"`
}

func (a *app) asks(format string) error {
	if format == "json" {
		var out struct {
			Runs    []running `json:"runs"`
			Reads   []reading `json:"reads"`
			Queries []query   `json:"queries"`
			Sudoers string    `json:"sudoers"`
		}
		for _, r := range tape.Commands() {
			out.Runs = append(out.Runs, running{r.Argv, r.Path, r.Why, r.Root, r.Sealed, r.Seconds})
		}
		for _, q := range tape.Queries() {
			out.Queries = append(out.Queries, query{q.Engine, q.Text, q.Why})
		}
		out.Reads, out.Sudoers = readings(), a.sudoers()
		return report.WriteJSON(a.Stdout, out)
	}
	var b strings.Builder
	b.WriteString("An audit writes no file and changes no setting. What it does can be noticed in\n" +
		"three ways: its requests stand in the access logs, and reach the app as any\n" +
		"visitor's do; a connect or a request starts an app that waits behind a socket\n" +
		"unit; and where nginx is stopped, nginx -t binds its ports for a moment.\n\n" +
		"It runs these commands and no others:\n\n")
	for _, r := range tape.Commands() {
		fmt.Fprintf(&b, "  %s\n      %s\n\n", strings.Join(placed(r.Argv), " "), manner(r))
	}
	b.WriteString(ownRules)
	a.toStores(&b)
	b.WriteString("\nIt reads, itself:\n\n")
	for _, r := range readings() {
		for i, l := range report.Wrap(r.What, a.textOptions(never, false).Width-12) {
			if i == 0 {
				fmt.Fprintf(&b, "  %-8s  %s\n", r.Kind, l)
			} else {
				b.WriteString(strings.Repeat(" ", 12) + l + "\n")
			}
		}
	}
	b.WriteString(otherHost)
	b.WriteString("\nTo let one account look as root and do nothing else, put this line into\n/etc/sudoers.d/assay with visudo. The program must belong to root:\n\n  ")
	b.WriteString(a.sudoers() + "\n\nThen:\n\n  sudo assay collect | assay check --tape -\n")
	_, _ = fmt.Fprint(a.Stdout, report.Lines(b.String(), a.ascii()))
	return nil
}

// query is a row of tape.Queries in JSON.
type query struct {
	Engine string `json:"engine"`
	Text   string `json:"text"` // "{}" stands for Alembic's table
	Why    string `json:"why"`
}

// toStores says what the app's own database and Redis are asked.
func (a *app) toStores(b *strings.Builder) {
	b.WriteString("\nThe app's own database is asked this, and nothing else, within three seconds:\n\n")
	for _, engine := range []string{"postgresql", "mysql"} {
		for i, s := range tape.Setup(engine) {
			name := ""
			if i == 0 {
				name = engine
			}
			fmt.Fprintf(b, "  %-10s  %s\n", name, s)
		}
		for _, q := range tape.Queries() {
			if q.Engine != engine {
				continue
			}
			for _, l := range report.Wrap(strings.ReplaceAll(q.Text, "{}", tape.VersionTable), a.textOptions(never, false).Width-14) {
				b.WriteString(strings.Repeat(" ", 14) + l + "\n")
			}
		}
	}
	for i, l := range report.Wrap(strings.Join(tape.RedisCommands(), ", ")+"; without the password: "+tape.RedisStranger, a.textOptions(never, false).Width-14) {
		name := ""
		if i == 0 {
			name = "redis"
		}
		fmt.Fprintf(b, "  %-10s  %s\n", name, l)
	}
}

const ownRules = `As root it runs a program only if the program and every folder above it belong
to root and nobody else may write there. Sealed means: the disk is read-only to
it, and what it writes goes to memory and is thrown away.
`

const otherHost = `
With --host it does the same on the other host, and besides: as the user who
logs in it keeps this program, 0700, in ~/.cache/assay/HASH (--clean takes it
away), with sh, id, uname, mkdir, head, gzip, sha256sum, cut, chmod, mv, find, rm
and rmdir. Root, by sudo, runs no file of that user: it copies the program with
setpriv, under timeout, into a folder that mktemp makes in /run (or /root or
/var/lib, where /run lets no program run), proves its hash, runs assay collect,
and removes it. sshd and sudo log the visit. On this machine it runs ssh.
`

// placed shows where an ask's one argument goes.
func placed(argv []string) []string {
	out := make([]string, len(argv))
	for i, w := range argv {
		switch {
		case w == "{}":
			w = "NAME"
		case strings.ContainsAny(w, "*?[ "):
			w = "'" + w + "'" // as it would be typed; no shell is involved
		}
		out[i] = w
	}
	return out
}

func manner(r tape.Row) string {
	s := r.Why
	if r.Root {
		s += "; as root only"
	}
	if r.Sealed {
		s += "; sealed"
	}
	return fmt.Sprintf("%s; at most %d s", s, r.Seconds)
}

var (
	account  = regex.New(`^[a-z_][a-z0-9_-]*$`)
	safePath = regex.New(`^/[A-Za-z0-9._/-]+$`)
)

// sudoers is the line that allows `assay collect` as root: one program, one
// argument, no wildcard, so nothing can be added to it.
func (a *app) sudoers() string {
	user, exe := a.Getenv("SUDO_USER"), a.Exe
	if user == "" {
		user = a.Getenv("USER")
	}
	if !account.MatchString(user) || user == "root" {
		user = "deploy"
	}
	if !safePath.MatchString(exe) {
		exe = "/usr/local/bin/assay"
	}
	return fmt.Sprintf("%s ALL=(root) NOPASSWD: %s collect", user, exe)
}
