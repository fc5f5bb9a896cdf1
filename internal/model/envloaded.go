package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/tape"
)

// EnvGap is a variable that the running process and its unit's files do not
// agree about. Values were compared; none is kept.
type EnvGap struct {
	Key  string
	Lost bool        // the process has it, and no file sets it any more
	At   fact.Source // the line that sets it, or the process
}

// envLoaded compares what the process was started with to what the files would
// give it now. HUP gives a process no other environment; what the app itself
// loads (.env by python-dotenv) never shows in it.
func (b *builder) envLoaded(s *AppServer) fact.Of[[]EnvGap] {
	return fact.Bind(s.Unit, func(u *Unit) fact.Of[[]EnvGap] {
		return fact.Bind(s.Master, func(m Process) fact.Of[[]EnvGap] {
			return fact.Bind(u.Files, func(t UnitText) fact.Of[[]EnvGap] {
				switch {
				case len(t.EnvHidden) > 0:
					return fact.Unknown[[]EnvGap](t.EnvHidden[0])
				case len(t.Exec) == 0 || serverKind(t.Exec[0].WithEnv(values(t.Env))) == "" || sets(t.Exec[0].WithEnv(values(t.Env))):
					return fact.Unknown[[]EnvGap](fact.Why{Text: "compare the environment of " + u.Name + ": its server is started by a program of its own, which may set more"})
				}
				return fact.Bind(b.f.Environ(m.PID), func(live map[string]string) fact.Of[[]EnvGap] {
					return b.envGaps(s, u, m, t, live)
				})
			})
		})
	})
}

// sets says that env is told more than which program to find by PATH.
func sets(words []string) bool {
	return path.Base(words[0]) == "env" && (len(words) < 2 || strings.HasPrefix(words[1], "-") || strings.Contains(words[1], "="))
}

func (b *builder) envGaps(s *AppServer, u *Unit, m Process, t UnitText, live map[string]string) fact.Of[[]EnvGap] {
	var n fact.Notes
	a, state := s.Loaded.Look(&n)
	if state == fact.IsUnknown { // what it reads, and what raw_env decides
		return fact.Unknown[[]EnvGap](n.Why())
	}
	own := map[string]bool{} // decided by something else
	for _, key := range []string{"UnsetEnvironment", "PassEnvironment"} {
		for _, set := range t.All("Service", key) {
			for _, w := range strings.Fields(set.Value) {
				name, _, _ := strings.Cut(strings.Trim(w, `"'`), "=")
				own[name] = true
			}
		}
	}
	if a != nil {
		if raw, ok := a.Gunicorn["raw_env"].([]any); ok {
			for _, name := range raw {
				if s, ok := name.(string); ok {
					own[s] = true
				}
			}
		}
	}
	var out []EnvGap
	for _, k := range sortedKeys(t.Env) {
		v := t.Env[k]
		now, has := live[k]
		if own[k] || has && now == v.Value || strings.Contains(v.Value, "%") {
			continue
		}
		if has && inUnitFile(v.File) && !u.Reload && strings.Contains(v.Value, "[masked:") && strings.Contains(now, "[masked:") {
			st, stated := b.f.Stat(v.File, false).Look(&n)
			if stated == fact.IsUnknown {
				return fact.Unknown[[]EnvGap](n.Why())
			}
			if stated == fact.IsKnown && st.MTime.Before(m.Start) { // systemd itself made another value of the line
				if maskedLength(now) > maskedLength(v.Value) {
					u.Resolved = append(u.Resolved, EnvGap{Key: k, At: fact.Source{Where: v.File, Line: v.Line,
						Text: k + " is longer in the process than in this line", Ask: tape.Ask{Kind: tape.KindFile, Name: v.File}}})
				}
				continue
			}
		}
		out = append(out, EnvGap{Key: k, At: fact.Source{Where: v.File, Line: v.Line, Text: k + " is another one in the process, or missing there", Ask: tape.Ask{Kind: tape.KindFile, Name: v.File}}})
	}
	lost := b.lost(a, t, live, own)
	l, state := lost.Look(&n)
	if state == fact.IsUnknown && len(out) == 0 {
		return fact.Unknown[[]EnvGap](n.Why())
	}
	for _, k := range l {
		src := facts.ProcSource(m)
		src.Text = k + " is set there, and by no file of " + u.Name
		out = append(out, EnvGap{Key: k, Lost: true, At: src})
	}
	return fact.Known(out)
}

// systemdSets are variables that systemd or the server itself gives (systemd.exec(5), 257).
func systemdSets(name string) bool {
	return slices.Contains([]string{"PATH", "LANG", "USER", "LOGNAME", "HOME", "SHELL", "TERM", "PWD", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID",
		"NOTIFY_SOCKET", "MAINPID", "MANAGERPID", "PIDFILE", "SERVER_SOFTWARE"}, name) ||
		slices.ContainsFunc([]string{"LC_", "LISTEN_", "WATCHDOG_", "MEMORY_PRESSURE_", "XDG_", "GUNICORN_", "MONITOR_", "TRIGGER_", "WERKZEUG_"}, func(p string) bool { return strings.HasPrefix(name, p) }) ||
		strings.HasSuffix(name, "_DIRECTORY")
}

// lost are the variables that the app's code reads and that the next start will
// not have: neither a file sets them nor systemd's own environment.
func (b *builder) lost(a *App, t UnitText, live map[string]string, own map[string]bool) fact.Of[[]string] {
	if a == nil || len(t.All("Service", "PAMName")) > 0 {
		return fact.Known[[]string](nil)
	}
	var out []string
	for _, r := range a.Env {
		if _, set := t.Env[r.Key]; set || own[r.Key] || systemdSets(r.Key) {
			continue
		}
		if _, has := live[r.Key]; has {
			out = append(out, r.Key)
		}
	}
	if len(out) == 0 {
		return fact.Known[[]string](nil)
	}
	return fact.Then(b.f.ManagerEnv(), func(env map[string]string) []string {
		return slices.DeleteFunc(out, func(k string) bool { _, has := env[k]; return has })
	})
}

// Reads says that the app's own code asks for a variable, and whether it
// cannot do without.
func (a *App) Reads(key string) (reads, needs bool) {
	for _, r := range a.Env {
		if r.Key == key {
			return true, r.Required
		}
	}
	for _, p := range []string{"FLASK_", "GUNICORN_", "PYTHON", "WEB_CONCURRENCY"} {
		if strings.HasPrefix(key, p) {
			return true, false
		}
	}
	return false, false
}
