package model

import (
	"strings"
	"testing"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/tape"
)

// Lines as Debian 12 and 13 wrote them (gunicorn 20.1 and 23, systemd 252 and 257).
func TestComplaint(t *testing.T) {
	type line struct {
		pid  int
		text string
	}
	for _, c := range []struct {
		name, want, place string
		lines             []line
	}{
		{"two workers fail side by side", "ModuleNotFoundError: No module named 'stripe'", "/srv/shop/app/wsgi.py", []line{
			{1, "Starting shop.service - Shop (gunicorn)..."}, {1, "Started shop.service - Shop (gunicorn)."},
			{9, "[2026-11-22 14:28:58 +0000] [9] [ERROR] Exception in worker process"},
			{9, "Traceback (most recent call last):"}, {10, "Traceback (most recent call last):"},
			{9, `  File "/srv/shop/app/wsgi.py", line 5, in <module>`}, {10, `  File "/srv/shop/app/wsgi.py", line 5, in <module>`},
			{9, "    import stripe"}, {10, "    import stripe"},
			{9, "ModuleNotFoundError: No module named 'stripe'"}, {10, "ModuleNotFoundError: No module named 'stripe'"},
			{8, "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>"},
			{1, "shop.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED"},
			{1, "Starting shop.service - Shop (gunicorn)..."},
		}},
		{"a syntax error says where", "SyntaxError: invalid syntax (/srv/myapp/gunicorn.conf.py, line 9)", "/srv/myapp/gunicorn.conf.py", []line{
			{1, "Starting myapp.service..."}, {9, "Traceback (most recent call last):"},
			{9, `  File "<frozen importlib._bootstrap>", line 488, in _call`},
			{9, `  File "/srv/myapp/gunicorn.conf.py", line 9`}, {9, "    workers = = 3"}, {9, "              ^"}, {9, "SyntaxError: invalid syntax"},
		}},
		{"what the app logged before it was killed is not why", "A process of this unit has been killed by the OOM killer.", "", []line{
			{1, "Started shop.service."}, {9, "ValueError: bad card"}, {1, "shop.service: A process of this unit has been killed by the OOM killer."},
		}},
		{"an exception of an earlier, good start is history", "Failed to load environment files: No such file or directory", "", []line{
			{1, "Started shop.service."}, {9, "ValueError: bad card"}, {1, "Stopping shop.service..."}, {1, "Stopped shop.service."},
			{1, "shop.service: Failed to load environment files: No such file or directory"},
		}},
		{"gunicorn 20.1, port taken", "Connection in use: ('127.0.0.1', 8000)", "", []line{
			{1, "Starting shop.service..."}, {9, "[2026-11-22 14:28:58 +0000] [9] [ERROR] Connection in use: ('127.0.0.1', 8000)"},
			{9, "[2026-11-22 14:28:59 +0000] [9] [ERROR] Can't connect to ('127.0.0.1', 8000)"},
		}},
		{"nothing wrong", "", "", []line{{1, "Started shop.service."}, {9, "[2026-11-22 14:28:58 +0000] [9] [INFO] Booting worker with pid: 10"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lines []facts.Entry
			for i, l := range c.lines {
				lines = append(lines, facts.Entry{At: time.Unix(int64(i), 0), PID: l.pid, Text: l.text})
			}
			got, _ := newJournal("journalctl", tape.Ask{}, lines).Complaint()
			if got.Text != c.want || got.Place.Where != c.place {
				t.Errorf("%q at %q; want %q at %q", got.Text, got.Place.Where, c.want, c.place)
			}
		})
	}
}

// A start and the end before it may stand in one second, which is all that
// systemctl tells of a start.
func TestFell(t *testing.T) {
	second := time.Unix(1000, 0)
	at := func(ms int, text string) facts.Entry {
		return facts.Entry{At: second.Add(time.Duration(ms) * time.Millisecond), PID: 1, Text: text}
	}
	ended, started := "shop.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED", "Started shop.service."
	for _, c := range []struct {
		name  string
		lines []facts.Entry
		want  bool
	}{
		{"it died, and was repaired", []facts.Entry{at(200, ended), at(900, started)}, false},
		{"it was started, and died", []facts.Entry{at(200, started), at(900, ended)}, true},
		{"it was started, died, and was started again", []facts.Entry{at(100, started), at(500, ended), at(900, started)}, false},
		{"it died a second later", []facts.Entry{at(900, started), at(1900, ended)}, true},
	} {
		u := Unit{Up: second, Journal: fact.Known(newJournal("journalctl", tape.Ask{}, c.lines))}
		if got := u.fell(); got != c.want {
			t.Errorf("%s: fell is %v", c.name, got)
		}
	}
}

// gunicorn 20.1 that cannot make its socket, second by second.
func TestRetrying(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  bool
	}{
		{[]string{"Starting shop.service...", "[ERROR] Retrying in 1 second."}, true},
		{[]string{"Starting shop.service...", "[ERROR] Retrying in 1 second.", "[INFO] Listening at: unix:/run/shop/gunicorn.sock (9)"}, false},
		{[]string{"Starting shop.service...", "[ERROR] Retrying in 1 second.", "Failed to start shop.service.", "Starting shop.service..."}, false},
		{[]string{"[ERROR] Retrying in 1 second."}, false},
	} {
		var lines []facts.Entry
		for i, l := range c.lines {
			pid := 9
			if !strings.HasPrefix(l, "[") {
				pid = 1
			}
			lines = append(lines, facts.Entry{At: time.Unix(int64(i), 0), PID: pid, Text: l})
		}
		u := Unit{Journal: fact.Known(newJournal("journalctl", tape.Ask{}, lines))}
		if got := u.Retrying(); got != c.want {
			t.Errorf("%q: %v", c.lines, got)
		}
	}
}
