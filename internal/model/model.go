// Package model builds, from facts, the way that a request takes through a
// host: effective values are resolved here, once, each with its source.
package model

import (
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/syntax/netfiles"
	"assay/internal/tape"
)

// Stage is a hop of the request's way, or what a hop stands on.
type Stage string

// The stages, from the visitor inwards.
const (
	StageDNS      Stage = "dns"
	StageFirewall Stage = "firewall"
	StageTLS      Stage = "tls"
	StageServer   Stage = "nginx"
	StageStatic   Stage = "static"
	StageSocket   Stage = "socket"
	StageApp      Stage = "gunicorn"
	StageCode     Stage = "app"
	StageData     Stage = "database"
)

// Node is a place in the graph of what stands on what: "unit:shop.service".
type Node string

// Told says that people tell of a node, and the host does not show it: not to
// know of it says nothing of the way of a request.
func (n Node) Told() bool {
	kind, _, _ := strings.Cut(string(n), ":")
	return kind == "copies" || kind == "watch" || kind == "routine"
}

// Model is one host as understood.
type Model struct {
	Machine     Machine
	Nginx       fact.Of[*Nginx] // Absent: no nginx runs and none is configured
	Deployments []*Deployment   // by name
	Stores      fact.Of[[]*Listener]
	Firewall    fact.Of[string] // what it is, in words
	// Blind says which places of discovery could not be read: there may be
	// deployments that we did not see.
	Blind    []fact.Why
	Looked   []string // where discovery looked, in words
	Needs    map[Node][]Node
	Grew     map[Node][]Node // out of which faults, with time, one comes that is no outage yet
	Declared Declared        // of the host as a whole
	Waivers  []Waiver        // findings that somebody accepts
	Settings []Setting       // what is wrong with the files in which people declare
	Timeline []Event         // what happened before and while it broke; empty where nothing is broken
	consoles fact.Of[[]*Console]
	open     fact.Of[[]*OpenPort]
	wall     *Wall
	bans     fact.Of[[]*Bans]
	kept     fact.Of[JournalKeeping]
	rotation fact.Of[Rotation]
	logs     fact.Of[[]*LogFile]
	skipped  fact.Of[[]*SkippedLogs]
	disks    fact.Of[[]*Disk]
	keys     fact.Of[[]*KeyFile]
	accounts fact.Of[netfiles.Accounts]
	boots    fact.Of[[]*BootUnit]
	release  fact.Of[[]*Lifetime]
	killed   fact.Of[[]*Killed]
	clock    fact.Of[[]*Job]
	journald fact.Of[[]facts.Entry] // its own words
}

// Machine is what the host is.
type Machine struct {
	Hostname  string
	OS        string // "Debian GNU/Linux 12 (bookworm)"
	Now       time.Time
	Boot      time.Time
	UID       int // who looks
	Addresses fact.Of[[]Address]
}

// Address is one address of an interface.
type Address struct {
	IP     string
	Iface  string
	Public bool // neither loopback, link-local nor private
	Local  bool // loopback
}

// Deployment is one WSGI app with its own way of a request.
type Deployment struct {
	Name        string // the unit's name, or the app's, or the site's
	Server      *AppServer
	Sites       fact.Of[[]*Site]
	Database    fact.Of[*Store]
	Declared    Declared
	model       *Model
	names       []*Name
	leaves      []*Leaf
	doors       []*Port80
	renewals    []*Renewal
	unlisted    []*Unlisted
	grieves     fact.Of[[]*Grievance]
	streams     fact.Of[[]*Stream]
	surfaces    []*Surface
	met         []*Front
	unasked     fact.Notes // what stood in the way of finding names that no block lists
	throwing    *Throwing
	crossings   []*Crossing
	pages       []*Page
	points      []*Points
	typed       []*Counterpart
	sixes       []*OverSix
	debug       fact.Of[EnvValue] // FLASK_DEBUG, where it is on
	uses        []*SocketUse
	socketUnits fact.Of[[]*SocketUnit]
	forwarded   *Forwarded
	backups     fact.Of[[]*Backup]
	linked      []*Linked
	strangers   []*Stranger
	served      []*Served
	ways        []*UploadWay
	spilt       fact.Of[[]SpillLine]
	asset       fact.Of[string]
	flaskEnv    fact.Of[EnvValue]
	account     *ServiceAccount
	writables   []*Writable
	unguarded   fact.Notes // what stood in the way of finding them
	needs       []*Need
	health      *Health
	metrics     *Metrics
	watch       *Watch
	routine     *Routine
	copies      *Copies
	dotenvs     []*Dotenv
	takers      fact.Of[[]Taker]
	relay       fact.Of[*Listener]
	pins        fact.Of[[]Pin]
	procs       fact.Of[[]Process]
}

// Process is one process.
type Process = tape.Proc

// AppServer is the process group that runs the app, or the unit that should.
type AppServer struct {
	Kind      string // gunicorn, flask-dev, uwsgi, waitress ...; "" when only nginx's side is known
	Name      string // the deployment's, for subjects
	App       string // wsgi:app
	Unit      fact.Of[*Unit]
	Master    fact.Of[Process]   // Absent: it does not run
	Workers   fact.Of[[]Process] // of the master
	Want      fact.Of[int]       // workers configured
	Binds     fact.Of[[]Bind]    // as configured
	Listens   fact.Of[[]*Listener]
	Cwd       fact.Of[string]
	Chdir     fact.Of[string] // where the app is loaded: Cwd, or --chdir
	User      fact.Of[User]   // who the service is
	Argv      []string
	Container string            // "docker 3f2a…", "" on the host itself
	Idle      bool              // a unit that neither runs nor is enabled
	Now       time.Time         // of the visit
	Cert      fact.Of[bool]     // it ends TLS itself
	Stores    fact.Of[[]*Store] // that the app is told to use
	Uploads   fact.Of[[]*Upload]
	pickles   fact.Of[[]*PickleFolder]
	appLogs   fact.Of[[]*AppLog]
	Loaded    fact.Of[*App] // what became of loading its app: also when that failed
	Code      fact.Of[*App] // the Flask app that was loaded; Absent: it is no Flask app
	Preload   fact.Of[bool] // the app is loaded before the workers are forked
	Shared    fact.Of[[]Shared]
	Sessions  fact.Of[tape.SessionReply] // with which key the workers sign
	Leaks     fact.Of[tape.LeakReport]   // where its secrets stand in its code
	History   fact.Of[tape.LeakReport]   // and in the git history of it; Absent: not asked for
	EnvGaps   fact.Of[[]EnvGap]          // between the process and its unit's files
	unitName  string
	backends  []*Backend
	packaged  fact.Of[string] // the version of a gunicorn that pip installed
	settings  *settings
	keyFile   fact.Of[[]string] // as gunicorn is told
	errorFile string            // to which its gunicorn lets the app write, "" for the journal
	certFile  fact.Of[[]string]
	// socketUnits are the addresses of socket units that start it.
	socketUnits []string
	folder      fact.Of[*SocketFolder]
	sockets     []*UnixSocket
	lost        fact.Of[[]facts.Entry]
	memory      fact.Of[tape.Memory]
	output      fact.Of[OutputFile]
	caps        []fact.Of[tape.Stat]
}

// User is an account.
type User struct {
	Name     string
	UID, GID int
	Groups   []int
}

// Bind is an address that a server is told to listen on.
type Bind struct {
	Addr    string // "unix:/run/shop/gunicorn.sock", "127.0.0.1:8000", "[::]:8000", "fd://3"
	Problem string // why gunicorn refuses it, or takes it for something else
	Default bool   // nothing sets it: gunicorn's own
	Source  fact.Source
}

// Listener is a listening socket with who holds it.
type Listener struct {
	Addr    string // as in Bind
	IP      string
	Port    int
	Path    string
	Proto   string
	Holders fact.Of[[]Process]
	Queue   int    // connections that waited to be taken
	Program string // by its port or its holder: PostgreSQL, Redis ...
	Reach   fact.Of[Reach]
}

// Reach is how far a listener can be reached, as far as this host decides.
type Reach struct {
	Scope string // loopback, unix, private, public, wildcard
	// Open: an address beyond this machine may connect, and no rule of the
	// host's own firewall stops it.
	Open   bool
	Public bool   // the host has a public address by which it is reached
	By     string // the rule that decides, or "no firewall rule"
}

// Unit is a systemd service: as systemd has it loaded, and its files on disk.
type Unit struct {
	Name       string
	Load       string // loaded, not-found, masked, bad-setting, error
	LoadError  string
	Active     string // active, inactive, failed, activating ...
	Sub        string
	Result     string
	ExitStatus int
	File       string // enabled, disabled, static, masked, generated ...
	Restarts   int
	Fragment   string
	DropIns    []string
	MainPID    int
	Since      time.Time // of the last change of state; a reload is one
	Up         time.Time // when it last became active
	Triggers   []string  // units that start it: sockets, timers
	SocketLive bool      // a socket that starts it is active
	SocketBoot bool      // a socket that starts it is enabled at boot
	Reload     bool      // its files are newer than what systemd loaded
	Loaded     [][]string
	WorkingDir string
	User       string
	Group      string
	// Supplementary are the groups of SupplementaryGroups=.
	Supplementary []string
	Oneshot       bool
	Dynamic       bool   // its user is made up at each start
	Root          string // RootDirectory=: its paths begin there
	Files         fact.Of[UnitText]
	Context       ExecContext
	Now           time.Time         // of the visit
	CwdGone       bool              // its process runs in a folder that was deleted
	Mended        bool              // its app can be imported now
	Again         string            // Restart=, as loaded
	Gaps          fact.Of[[]EnvGap] // between its process and its files
	Resolved      []EnvGap          // variables whose value systemd changes: a % in a unit's file
	Spoiled       bool              // a store refuses what such a value says
	NotFound      []string          // programs that its app calls by name and that its PATH does not have
	Journal       fact.Of[Journal]
	Warnings      fact.Of[[]facts.Entry] // of systemd itself, where the unit does not run
	ErrorLog      fact.Of[Journal]       // of its gunicorn, where that writes a file and something is wrong
	Boot          bool                   // systemd starts it with the machine
	Signalled     bool                   // ExitStatus is the number of a signal
	Source        fact.Source            // what systemctl said
	listens       []string               // addresses of the socket units in Triggers
	obstacle      *Obstacle
	errorFile     fact.Of[[]string] // errorlog, as gunicorn is told
	leaves        *fact.Source      // where gunicorn is told to go into the background
	deployment    *Deployment
	unseen        []fact.Why // units that may start this one and could not be looked at
	props         facts.Props
	exposure      fact.Of[float64]
	deaths        fact.Of[[]facts.Entry]
}

// EnvValue is a variable of a service's environment with where it was set.
type EnvValue struct {
	Value   string
	File    string
	Line    int
	Written string // the line itself
}
