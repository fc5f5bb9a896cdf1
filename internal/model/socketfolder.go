package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// SocketFolder is where gunicorn itself makes its unix socket.
type SocketFolder struct {
	Path   string
	Server *AppServer
	Bind   Bind
	Makes  fact.Of[tape.AccessReport] // may the service make files there
	Stat   fact.Of[tape.Stat]
	// MadeBy is what makes the folder when the machine starts; Absent: nothing
	// does, and it lies on a memory disk.
	MadeBy fact.Of[string]
}

// Subject is the folder.
func (x *SocketFolder) Subject() string { return x.Path }

// Node is the folder.
func (x *SocketFolder) Node() Node { return Node("socketfolder:" + x.Path) }

// SocketFolders is the folder of gunicorn's own unix socket, where it has one.
func (d *Deployment) SocketFolders() fact.Of[[]*SocketFolder] {
	return fact.Bind(d.Gunicorns(), func(l []*AppServer) fact.Of[[]*SocketFolder] {
		var n fact.Notes
		if len(l) == 0 {
			return fact.Known[[]*SocketFolder](nil)
		}
		switch x, state := l[0].folder.Look(&n); state {
		case fact.IsKnown:
			return fact.Known([]*SocketFolder{x})
		case fact.IsAbsent:
			return fact.Known[[]*SocketFolder](nil)
		}
		return fact.Unknown[[]*SocketFolder](n.Why())
	})
}

// socketFolder reads where gunicorn makes its socket. One that a socket unit
// hands over is made by systemd.
func (b *builder) socketFolder(s *AppServer) fact.Of[*SocketFolder] {
	if s.Idle {
		return fact.Absent[*SocketFolder]()
	}
	return fact.Bind(s.Binds, func(binds []Bind) fact.Of[*SocketFolder] {
		for _, x := range binds {
			file, unix := strings.CutPrefix(x.Addr, "unix:")
			if !unix || !path.IsAbs(file) || len(s.socketUnits) > 0 {
				continue
			}
			f := &SocketFolder{Path: path.Dir(realRun(file)), Server: s, Bind: x}
			f.Stat = b.f.Stat(f.Path, false)
			f.Makes = b.makesIn(s, f.Path)
			f.MadeBy = b.madeAtBoot(s, f.Path)
			return fact.Known(f)
		}
		return fact.Absent[*SocketFolder]()
	})
}

func realRun(file string) string {
	if rest, ok := strings.CutPrefix(file, "/var/run/"); ok {
		return "/run/" + rest
	}
	return path.Clean(file)
}

// makesIn asks what the process that binds may do: gunicorn's master, in its
// own view of the disk, else the unit's user.
func (b *builder) makesIn(s *AppServer, dir string) fact.Of[tape.AccessReport] {
	if m, up := b.steady(s); up {
		id := tape.Identity{UID: m.UID, GID: m.GID, Groups: m.Groups}
		if m.MntNS != "" {
			id.PID = m.PID
		}
		return b.f.Access(dir, "w", id)
	}
	return fact.Bind(s.User, func(u User) fact.Of[tape.AccessReport] {
		return b.f.Access(dir, "w", tape.Identity{UID: u.UID, GID: u.GID, Groups: u.Groups})
	})
}

// volatile are memory disks: what is made there is gone after a reboot.
var volatile = []string{"/run/", "/dev/shm/"}

// tmpfilesFolders are where systemd-tmpfiles(8) is told what to make at boot.
var tmpfilesFolders = []string{"/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d"}

const maxTmpfiles = 80

// madeAtBoot looks for what makes a folder of a memory disk anew: a service, a
// line of tmpfiles.d, a command before the start, a script of the boot.
func (b *builder) madeAtBoot(s *AppServer, dir string) fact.Of[string] {
	if !slices.ContainsFunc(volatile, func(v string) bool { return strings.HasPrefix(dir, v) }) {
		return fact.Known("the disk")
	}
	others := func() fact.Of[string] {
		return fact.Bind(b.f.RuntimeDirs(), func(made map[string]string) fact.Of[string] {
			if by := made[dir]; by != "" {
				return fact.Known("RuntimeDirectory= of " + by)
			}
			return b.toldToMake(dir)
		})
	}
	if _, state := s.Unit.Look(&b.notes); state == fact.IsAbsent { // something else starts it
		return others()
	}
	return fact.Bind(s.Unit, func(u *Unit) fact.Of[string] {
		return fact.Bind(u.Files, func(t UnitText) fact.Of[string] {
			if slices.Contains(t.RuntimeDirs(), dir) {
				return fact.Known("RuntimeDirectory= of " + u.Name)
			}
			for _, key := range []string{"ExecStartPre", "ExecStart"} {
				for _, c := range t.All("Service", key) {
					if key == "ExecStartPre" && b.mentions(c.Value, dir) || key == "ExecStart" && strings.Contains(c.Value, "mkdir") {
						return fact.Known(key + "= of " + u.Name)
					}
				}
			}
			return others()
		})
	})
}

// mentions says that a command names the folder, itself or in the script that
// it runs; a program that is no text may make anything.
func (b *builder) mentions(command, dir string) bool {
	if strings.Contains(command, dir) || strings.Contains(command, path.Base(dir)) {
		return true
	}
	words := strings.Fields(strings.TrimLeft(command, "@-:+!|"))
	if len(words) == 0 || !path.IsAbs(words[0]) || strings.HasPrefix(words[0], "/bin/") || strings.HasPrefix(words[0], "/usr/bin/") {
		return false
	}
	text, state := b.f.File(words[0]).Look(&b.notes)
	return state != fact.IsKnown || strings.Contains(text, path.Base(dir))
}

// toldToMake looks for the folder in what the boot itself reads.
func (b *builder) toldToMake(dir string) fact.Of[string] {
	var n fact.Notes
	files := []string{"/etc/rc.local", "/etc/crontab"}
	for _, folder := range append(tmpfilesFolders, "/etc/cron.d") {
		pattern := folder + "/*.conf"
		if folder == "/etc/cron.d" {
			pattern = folder + "/*"
		}
		list, _ := b.f.Glob(pattern).Look(&n)
		files = append(files, list[:min(len(list), maxTmpfiles)]...)
	}
	for _, f := range files {
		text, _ := b.f.File(f).Look(&n)
		for l := range strings.Lines(text) {
			l = strings.ReplaceAll(strings.TrimSpace(l), "/var/run/", "/run/")
			if !strings.HasPrefix(l, "#") && slices.ContainsFunc(strings.Fields(l), func(w string) bool { return strings.TrimSuffix(w, "/") == dir }) {
				return fact.Known(f)
			}
		}
	}
	if n.Blind() {
		return fact.Unknown[string](n.Why())
	}
	return fact.Absent[string](fact.Source{Where: dir, Text: "no RuntimeDirectory=, no tmpfiles.d and no script of the boot makes it"})
}
