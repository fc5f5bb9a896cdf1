package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// deed is something that is done to a host and is no change of a file: it can be
// asked whether it is done, and taken back, or it says what of it stays.
type deed struct {
	fit  []*regexp.Regexp // of its arguments; the last one goes for all that follow
	done func(hands, context.Context, []string) (bool, error)
	do   func(hands, context.Context, []string) error
	undo func(hands, context.Context, []string) (stays string, err error) // nil: nothing is left of it
}

var (
	aName     = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,30}$`)
	aPackage  = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]{1,100}$`)
	aPath     = regexp.MustCompile(`^(/[A-Za-z0-9._+@-]+)+$`)
	aRelease  = regexp.MustCompile(`^/srv/[a-z_][a-z0-9_-]*/releases/[A-Za-z0-9][A-Za-z0-9._-]{0,80}$`)
	aList     = regexp.MustCompile(`^((/[A-Za-z0-9._+@-]+)+|([A-Za-z0-9._+-]+/)*[A-Za-z0-9._+-]+)$`)
	anEntry   = regexp.MustCompile(`^[A-Za-z_][\w.]*:[A-Za-z_]\w*(\(\))?$`)
	aUnit     = regexp.MustCompile(`^[A-Za-z0-9:_.@-]+\.service$`)
	anAddress = regexp.MustCompile(`^[^\s@-][^\s@]*@[A-Za-z0-9.-]+$`)
	aURL      = regexp.MustCompile(`^(-|https://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._/-]*)?)$`)
	aHostname = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$`)
	aSocket   = regexp.MustCompile(`^/run/[a-z_][a-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.sock$`)
	aCount    = regexp.MustCompile(`^[1-9]\d{0,3}$`)
	aProbe    = regexp.MustCompile(`^[45]00 /[!-~]{0,200}$`)
	aFront    = regexp.MustCompile(`^[45]00 [1-9]\d{0,5} /[!-~]{0,200}$`)
	aKind     = regexp.MustCompile(`^(postgresql|sqlite)$`)
	aStore    = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_-]{0,62}|(/[A-Za-z0-9._+@-]+)+)$`)
	aRevision = regexp.MustCompile(`^(-|\w{1,64})$`)
	aHead     = regexp.MustCompile(`^(\w{1,64})( \(.*\))?$`)
	aStranger = regexp.MustCompile(`Can't locate revision identified by '(\w{1,64})'`)
	aPort     = regexp.MustCompile(`^[1-9]\d{0,4}/(tcp|udp)$`)
)

// deeds are all that there are; package plan says what each is for.
var deeds = map[string]deed{
	"packages":    {[]*regexp.Regexp{aPackage}, installed, install, packagesStay},
	"account":     {[]*regexp.Regexp{aName, aPath}, accountThere, makeAccount, dropAccount},
	"release":     {[]*regexp.Regexp{aPath, aRelease}, treeThere, copyTree, dropTree},
	"venv":        {[]*regexp.Regexp{aRelease, aName, aList, aPackage}, venvBuilt, buildVenv, nil},
	"venv-again":  {[]*regexp.Regexp{aRelease, aName, aList, aRelease, aPackage}, venvBuilt, venvAgain, nil},
	"role":        {[]*regexp.Regexp{aName}, roleThere, makeRole, dropRole},
	"database":    {[]*regexp.Regexp{aName, aName}, databaseThere, makeDatabase, dropDatabase},
	"wal":         {[]*regexp.Regexp{aName, aPath}, never, writeAhead, nil},
	"migrate":     {[]*regexp.Regexp{aRelease, aName, aPath, anEntry}, never, migrate, nil},
	"dump":        {[]*regexp.Regexp{aKind, aStore, aName, aRelease}, dumped, dumpBefore, dumpStays},
	"upgrade":     {[]*regexp.Regexp{aRelease, aName, aPath, anEntry, aRevision}, never, upgrade, upgradeStays},
	"load":        {[]*regexp.Regexp{aUnit, aName}, never, loadApp, nil},
	"serve":       {[]*regexp.Regexp{aUnit, aSocket}, unitUp, startRelease, stopRelease},
	"prove":       {[]*regexp.Regexp{aUnit, aSocket, aHostname, aProbe}, never, prove, nil},
	"boot":        {[]*regexp.Regexp{aUnit}, bootEnabled, enableBoot, disableBoot},
	"watch":       {[]*regexp.Regexp{aUnit, aHostname, aCount, aFront}, never, watch, nil},
	"retire":      {[]*regexp.Regexp{aUnit, aSocket, aHostname, aProbe}, retired, retire, unretire},
	"prune":       {[]*regexp.Regexp{aRelease}, pruned, prune, pruneStays},
	"certificate": {[]*regexp.Regexp{anAddress, aURL, aPath, aHostname}, certificateThere, obtain, dropCertificate},
	"rehearse":    {[]*regexp.Regexp{aHostname}, never, rehearse, nil},
	"open-ports":  {[]*regexp.Regexp{aPort}, portsOpen, openPorts, closePorts},
	"firewall-on": {nil, firewallOn, turnFirewallOn, turnFirewallOff},
}

func never(hands, context.Context, []string) (bool, error) { return false, nil }

func (h hands) row(name string, args []string) (deed, error) {
	d, ok := deeds[name]
	if !ok {
		return d, fmt.Errorf("%s: not something that is ever done", short(name))
	}
	for i, a := range args {
		if len(d.fit) == 0 || len(a) > 4096 || !d.fit[min(i, len(d.fit)-1)].MatchString(a) || strings.Contains(a, "/../") || strings.HasSuffix(a, "/..") {
			return d, fmt.Errorf("%s: %s is not fit for it", name, short(a))
		}
	}
	if len(args) < len(d.fit)-1 || len(d.fit) == 1 && len(args) == 0 {
		return d, fmt.Errorf("%s: too few arguments", name)
	}
	return d, nil
}

// Done implements Writer.
func (h hands) Done(ctx context.Context, name string, args []string) (bool, error) {
	d, err := h.row(name, args)
	if err != nil {
		return false, err
	}
	return d.done(h, ctx, args)
}

// Do implements Writer.
func (h hands) Do(ctx context.Context, name string, args []string) error {
	d, err := h.row(name, args)
	if err != nil {
		return err
	}
	return d.do(h, ctx, args)
}

// Undo implements Writer. What was never done is nothing to take back.
func (h hands) Undo(ctx context.Context, name string, args []string) (string, error) {
	d, err := h.row(name, args)
	if err != nil || d.undo == nil {
		return "", err
	}
	return d.undo(h, ctx, args)
}

// work runs a program of root's own to its end and returns the end of what it
// wrote; a bad end is an error with the lines that say why.
func (h hands) work(ctx context.Context, most time.Duration, argv ...string) (string, error) {
	out := &tail{}
	err := h.labour(ctx, most, out, argv)
	return out.String(), err
}

// pour is work whose output goes into a file, down to the disk.
func (h hands) pour(ctx context.Context, f *os.File, argv ...string) error {
	err := h.labour(ctx, 30*time.Minute, f, argv)
	return errors.Join(err, f.Sync(), f.Close())
}

func (h hands) labour(ctx context.Context, most time.Duration, out io.Writer, argv []string) error {
	words := strings.Join(argv, " ")
	program, v := h.program(ctx, "run "+words, bin(argv[0]))
	if program == "" {
		return errors.New(firstOf(v.Why, argv[0]+": there is no such program"))
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Args, cmd.Dir = argv, "/"
	cmd.Env = append(slices.Clone(environment), "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1")
	errs := &tail{}
	cmd.Stdout, cmd.Stderr = out, errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: it did not end in %v", short(words), most)
	case err != nil:
		said := errs.String()
		if t, ok := out.(*tail); ok {
			said += t.String()
		}
		return fmt.Errorf("%s: %s", short(words), lastWord(said))
	}
	return nil
}

// tail keeps the end of what is written to it: there programs say why they fail.
type tail struct{ kept []byte }

const mostTail = 32 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*mostTail {
		t.kept = slices.Clone(t.kept[len(t.kept)-mostTail:])
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.kept) }

var complaint = regexp.MustCompile(`(?m)^(E: |ERROR: |error: |Error: |psql: |.*ERROR: |.*FATAL: |  Detail: |[\w.]+(Error|Exception)\b).*$`)

// lastWord is what a program says last of what went wrong, in a line.
func lastWord(s string) string {
	all := complaint.FindAllString(s, -1)
	if len(all) > 0 {
		return short(strings.TrimSpace(strings.Join(all[max(0, len(all)-3):], "; ")))
	}
	lines := strings.Split(strings.TrimSpace(s), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return short(last)
	}
	return "it says nothing and fails"
}

// confined runs a program as an account, in a service of its own that can write to
// one folder and nowhere else, and whose processes end with it.
func (h hands) confined(ctx context.Context, most time.Duration, account, dir, writable string, properties []string, argv ...string) (string, error) {
	flags := []string{"--uid=" + account, "--gid=" + account, "--property=CapabilityBoundingSet="}
	for _, p := range properties {
		flags = append(flags, "--property="+p)
	}
	out, err := h.enclosed(ctx, most, dir, writable, flags, argv)
	if err != nil { // what runs it is no news to the reader
		_, why, _ := strings.Cut(err.Error(), ": ")
		return "", fmt.Errorf("%s: %s", short(strings.Join(argv, " ")), why)
	}
	return out, nil
}

// enclosed is that service; flags say whose it is.
func (h hands) enclosed(ctx context.Context, most time.Duration, dir, writable string, flags, argv []string) (string, error) {
	run := append([]string{"systemd-run", "--quiet", "--wait", "--pipe", "--collect", "--service-type=exec", "--working-directory=" + dir}, flags...)
	for _, p := range []string{"NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes",
		"UMask=0022", fmt.Sprintf("RuntimeMaxSec=%d", int(most.Seconds()))} {
		run = append(run, "--property="+p)
	}
	if writable != "" {
		run = append(run, "--property=ReadWritePaths="+writable)
	}
	return h.work(ctx, most+10*time.Second, append(append(run, "--"), argv...)...)
}

func accountThere(_ hands, _ context.Context, args []string) (bool, error) {
	_, err := user.Lookup(args[0])
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}

// makeAccount makes one that nobody logs in with.
func makeAccount(h hands, ctx context.Context, args []string) error {
	_, err := h.work(ctx, time.Minute, "useradd", "--system", "--user-group", "--home-dir", args[1], "--no-create-home", "--shell", "/usr/sbin/nologin", args[0])
	return err
}

func dropAccount(h hands, ctx context.Context, args []string) (string, error) {
	if there, err := accountThere(h, ctx, args); !there || err != nil {
		return "", err
	}
	_, err := h.work(ctx, time.Minute, "userdel", args[0])
	return "", err
}

// loadApp loads the app of a unit that does not run yet, in the sandbox, as its
// service would.
func loadApp(h hands, ctx context.Context, args []string) error {
	who, err := user.Lookup(args[1])
	if err != nil {
		return err
	}
	return h.loads(ctx, args[0], who.Uid+":"+who.Gid+":")
}

func exists(name string) (bool, error) {
	_, err := os.Lstat(name)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
