package tape

// Row is one command that an audit may run. Nothing else is ever executed.
type Row struct {
	Name string   // the Ask's Name
	Argv []string // "{}" stands for the Ask's Arg
	Path []string // where the program may be; it must be root's own when we are root
	Why  string   // what it is for, one phrase
	Root bool     // says something only to root
	// Sealed: the program could write, so it runs in a mount namespace of its
	// own with the disk read-only and an empty memory disk over Scratch.
	Sealed  bool
	Scratch []string
	Seconds int // its time limit
}

// UnitProperties are the properties that systemctl show is asked for.
const UnitProperties = "Id,Names,LoadState,LoadError,ActiveState,SubState,Result,UnitFileState,FragmentPath,DropInPaths," +
	"MainPID,ExecMainStatus,ExecMainCode,NRestarts,ActiveEnterTimestamp,ActiveExitTimestamp,InactiveEnterTimestamp,StateChangeTimestamp," +
	"User,Group,SupplementaryGroups,WorkingDirectory,RootDirectory,ExecStart,EnvironmentFiles,Type,Restart,RestartUSec," +
	"NeedDaemonReload,TriggeredBy,Triggers,ControlGroup,RuntimeDirectory,RuntimeDirectoryMode,PrivateTmp,PrivateNetwork,ProtectHome,ProtectSystem," +
	"Listen,Accept,SocketUser,SocketGroup,SocketMode,UMask,DynamicUser,ConditionResult,WantedBy,RequiredBy," +
	"TimeoutStopUSec,KillMode,KillSignal,SendSIGKILL,AmbientCapabilities,RestrictAddressFamilies,MemoryMax,CPUQuotaPerSecUSec"

// The kinds of systemd's own messages (sd-messages.h): a process of a unit ended,
// the unit failed, it was started, the kernel killed something of it.
const (
	MessageEnded       = "98e322203f7a4ed290d09fe03c09fe15"
	MessageFailed      = "d9b373ed55a64feb8242e02dbe79a49c"
	MessageStarted     = "39f53479d3a045ac8e11786248231fbf"
	MessageStopping    = "de5b426a63be47a7b6ac3eaac82e2f6f" // somebody asked for it
	MessageOutOfMemory = "fe6faa94e7774663a0da52717891d8ef"
)

// WorkerLost is gunicorn's word for a worker that it had to end, or that was
// ended (gunicorn/arbiter.py, 20.1 to 23).
const WorkerLost = `WORKER TIMEOUT|was sent SIG(KILL|SEGV|ABRT|BUS|ILL)|terminated due to signal (4|6|7|9|11)$`

// OutOfMemory is how the kernel (mm/oom_kill.c, 5.0 and later) and systemd (246
// and later) begin or end a line on a process that was killed for want of memory.
const OutOfMemory = `^oom-kill:constraint=|killed by the OOM killer`

// Commands is the one declared table: `assay asks` prints it.
func Commands() []Row {
	return []Row{
		{Name: "services", Argv: []string{"systemctl", "show", "--no-pager", "-p", "Id,LoadState,ActiveState,UnitFileState,MainPID,FragmentPath,ExecStart", "--state=failed,activating,deactivating,reloading", "--", "*.service"},
			Path: bins("systemctl"), Why: "what each service would run that has failed or is about to start", Seconds: 5},
		{Name: "unit", Argv: []string{"systemctl", "show", "--no-pager", "--timestamp=unix", "-p", UnitProperties, "--", "{}"},
			Path: bins("systemctl"), Why: "the state of one unit, as loaded", Seconds: 5},
		{Name: "exposure", Argv: []string{"systemd-analyze", "security", "--no-pager", "--", "{}"},
			Path: bins("systemd-analyze"), Why: "how much of the machine a service may touch, as systemd counts it", Seconds: 8},
		{Name: "runtime-dirs", Argv: []string{"systemctl", "show", "--no-pager", "-p", "Id,RuntimeDirectory", "--", "*.service"},
			Path: bins("systemctl"), Why: "which loaded service makes which folder in /run", Seconds: 5},
		{Name: "manager-env", Argv: []string{"systemctl", "show-environment", "--no-pager"},
			Path: bins("systemctl"), Why: "the variables that systemd gives every service", Seconds: 5},
		{Name: "timers", Argv: []string{"systemctl", "show", "--no-pager", "--timestamp=unix", "-p", "Id,ActiveState,UnitFileState,Unit,LastTriggerUSec", "--", "*.timer"},
			Path: bins("systemctl"), Why: "what each loaded timer starts, and when it last did", Seconds: 5},
		{Name: "journal", Argv: []string{"journalctl", "--no-pager", "-o", "json", "--output-fields=MESSAGE,PRIORITY,_PID", "-b", "-n", "120", "-u", "{}"},
			Path: bins("journalctl"), Why: "the last 120 journal lines of one unit since the machine started", Seconds: 8},
		{Name: "journal-after", Argv: []string{"journalctl", "--no-pager", "-o", "json", "--output-fields=MESSAGE,PRIORITY,_PID", "-b", "-n", "120", "-u", "{}"},
			Path: bins("journalctl"), Why: "the same once the app has answered us with an error", Seconds: 8},
		{Name: "journal-kernel", Argv: []string{"journalctl", "--no-pager", "-o", "json", "--output-fields=MESSAGE,PRIORITY,_PID", "-k", "-b", "-p", "warning", "-n", "200"},
			Path: bins("journalctl"), Why: "the kernel's last 200 warnings since the machine started, when a site is down", Seconds: 8},
		{Name: "journal-oom", Argv: []string{"journalctl", "--no-pager", "-o", "json", "--output-fields=MESSAGE,PRIORITY,_PID,MESSAGE_ID", "--since=-14d", "-n", "100", "-g", OutOfMemory,
			"_TRANSPORT=kernel", "+", "_PID=1", "MESSAGE_ID=" + MessageOutOfMemory},
			Path: bins("journalctl"), Why: "what the kernel has killed for want of memory in two weeks, in its own words and systemd's, at most 100 lines", Seconds: 8},
		{Name: "journal-systemd", Argv: []string{"journalctl", "--no-pager", "-o", "json", "--output-fields=MESSAGE,PRIORITY,_PID", "-b", "-n", "60", "-p", "warning", "-u", "{}", "_PID=1"},
			Path: bins("journalctl"), Why: "what systemd itself found wrong with a unit that does not run", Seconds: 8},
		{Name: "journal-deaths", Argv: []string{"journalctl", "--no-pager", "-o", "json", "--output-fields=MESSAGE,PRIORITY,_PID,MESSAGE_ID", "--since=-14d", "-n", "300", "-u", "{}", "_PID=1",
			"MESSAGE_ID=" + MessageEnded, "MESSAGE_ID=" + MessageFailed, "MESSAGE_ID=" + MessageStarted, "MESSAGE_ID=" + MessageStopping, "MESSAGE_ID=" + MessageOutOfMemory},
			Path: bins("journalctl"), Why: "when a unit was started and stopped and when it died, of the last two weeks and at most 300 lines", Seconds: 8},
		{Name: "journal-workers", Argv: []string{"journalctl", "--no-pager", "-o", "json", "--output-fields=MESSAGE,PRIORITY,_PID", "--since=-24h", "-n", "200", "-g", WorkerLost, "-u", "{}"},
			Path: bins("journalctl"), Why: "what gunicorn said in a day of workers that it lost, at most 200 lines", Seconds: 8},
		{Name: "nft", Argv: []string{"nft", "-j", "list", "ruleset"},
			Path: bins("nft"), Why: "the firewall's rules, as loaded in the kernel", Root: true, Seconds: 5},
		{Name: "nft-text", Argv: []string{"nft", "list", "ruleset"},
			Path: bins("nft"), Why: "the same rules as text: the JSON leaves out what matches of iptables ask for", Root: true, Seconds: 5},
		{Name: "fail2ban", Argv: []string{"fail2ban-client", "status"},
			Path: bins("fail2ban-client"), Why: "which jails fail2ban has", Root: true, Sealed: true, Scratch: []string{"/tmp", "/var/tmp"}, Seconds: 8},
		{Name: "fail2ban-jail", Argv: []string{"fail2ban-client", "status", "{}"},
			Path: bins("fail2ban-client"), Why: "what one of them watches, and whom it has banned", Root: true, Sealed: true, Scratch: []string{"/tmp", "/var/tmp"}, Seconds: 8},
		{Name: "nginx-test", Argv: []string{"nginx", "-t", "-c", "{}"},
			Path: bins("nginx"), Why: "nginx's own verdict on its configuration", Root: true, Sealed: true,
			Scratch: []string{"/run", "/var/log", "/var/lib/nginx", "/var/cache/nginx", "/tmp", "/var/tmp"}, Seconds: 10},
	}
}

func bins(name string) []string {
	return []string{"/usr/bin/" + name, "/usr/sbin/" + name, "/bin/" + name, "/sbin/" + name, "/usr/local/sbin/" + name, "/usr/local/bin/" + name}
}

// CommandRow finds a row by its name.
func CommandRow(name string) (Row, bool) {
	for _, r := range Commands() {
		if r.Name == name {
			return r, true
		}
	}
	return Row{}, false
}
