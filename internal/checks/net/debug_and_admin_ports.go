package net

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "net.debug-and-admin-ports",
	Title:    "no debugger, control panel or exporter is open to the world",
	Severity: check.Critical,
	Stage:    model.StageFirewall,
	Guide:    "000 step 21: internal services are not publicly reachable",
	Why:      "Who connects is an operator of this host.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Consoles, consoleExposed),
})

func consoleExposed(h *check.Hearing, x *model.Console) check.Verdict {
	s := spreadOf(h, x.Exposure)
	if s.closed() {
		return check.Passed()
	}
	locked, _ := x.Locked.Open(h)
	numbers := x.Power == model.TellsNumbers
	switch {
	case locked && numbers, locked && s.at[3] == nil && s.at[2] == nil:
		return check.Passed()
	case locked:
		at := append(s.at[3], s.at[2]...)
		return check.Warned(fmt.Sprintf("%s listens on %s, and only its password keeps the world out", x.Program, check.List(at)), loopback(x)).
			Because("Passwords of such pages are tried by machines day and night, and seldom locked after some tries.")
	}
	v := s.verdict(x.Program, loopback(x))
	if s.at[3] != nil {
		v = v.Because(harm(x))
	}
	switch {
	case numbers && s.at[3] != nil:
		v = v.At(check.High)
	case numbers:
		v = v.At(check.Low)
	}
	return v
}

// harm is what a stranger has of it.
func harm(x *model.Console) string {
	switch {
	case x.Program == "Docker":
		return "Who connects starts a container with this host's disk in it: that is root."
	case x.Power == model.RunsCode:
		return "Who connects runs any code as the user of the process, and reads all that it holds."
	case x.Power == model.Controls:
		return "Who connects reads and steers what it controls, as if it were an operator."
	}
	return "It tells strangers versions, paths, disks, users and load: where to begin, and whether it works."
}

// told is how a program is told to listen on loopback alone.
var told = map[string][]string{
	"debugpy":                  {"# take it away: no -m debugpy, no debugpy.listen(...) in what runs in production; or, for as long as it is needed:", `debugpy.listen(("127.0.0.1", %[1]d))`},
	"supervisord":              {"# in [inet_http_server] of /etc/supervisor/supervisord.conf or conf.d, or take the section away: supervisorctl needs it not", "port = 127.0.0.1:%[1]d"},
	"Flower":                   {"celery ... flower --address=127.0.0.1 --port=%[1]d"},
	"Docker":                   {"# take -H tcp://... out of the unit, or \"hosts\" out of /etc/docker/daemon.json; from elsewhere: docker -H ssh://user@host"},
	"Jupyter":                  {"jupyter lab --ip=127.0.0.1 --port=%[1]d"},
	"prometheus-node-exporter": {"# /etc/default/prometheus-node-exporter", `ARGS="--web.listen-address=127.0.0.1:%[1]d"`},
}

func loopback(x *model.Console) check.Remedy {
	r := check.Remedy{
		Do:      fmt.Sprintf("Let it listen on 127.0.0.1, and come to it by a tunnel: ssh -L %d:127.0.0.1:%d user@host", x.Port, x.Port),
		Verify:  fmt.Sprintf("sudo ss -ltn 'sport = :%d'", x.Port),
		Minutes: 10,
	}
	lines, ok := told[x.Program]
	switch {
	case !ok && strings.HasSuffix(x.Program, "exporter"):
		r.Do = "Let it listen on 127.0.0.1 or on the private address that the collector comes to."
		lines = []string{"# where its arguments stand:", "--web.listen-address=127.0.0.1:%[1]d"}
	case !ok:
		lines = []string{"# bind " + x.Program + " to 127.0.0.1 in its configuration"}
	case x.Power == model.TellsNumbers:
		r.Do = "Let it listen on 127.0.0.1 or on the private address that the collector comes to."
	}
	for _, l := range lines {
		if strings.Contains(l, "%[1]d") {
			l = fmt.Sprintf(l, x.Port)
		}
		r.Commands = append(r.Commands, l)
	}
	if u := x.Unit(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return r
}
