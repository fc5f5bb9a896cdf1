package systemd

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.privileged-port",
	Title:    "the app's interpreter gives nobody rights of root's",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "001 non-root user: setcap for privileged ports",
	Why:      "Whoever runs this program has the right, with any script: the capability is the file's, not the service's.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Apps, privilegedPort),
})

func privilegedPort(h *check.Hearing, s *model.AppServer) check.Verdict {
	files := s.Interpreters()
	for _, f := range files {
		var n fact.Notes
		st, state := f.Look(&n)
		if state != fact.IsKnown || len(st.Caps) == 0 {
			_, _ = f.Look(h.Aside())
			continue
		}
		_, _ = f.Look(h)
		exe := n.Sources[0].Where
		v := check.Failed(fmt.Sprintf("%s has the capability %s: every account of this host has it, by this program", exe, strings.Join(st.Caps, ", ")), check.Remedy{
			Do:       "Take it away. Let nginx have the ports below 1024; an app that has to have one itself gets it from a .socket unit, or by AmbientCapabilities=CAP_NET_BIND_SERVICE in its own unit.",
			Commands: []string{"sudo setcap -r " + exe}, Verify: "getcap " + exe + "   # prints nothing", Minutes: 3,
		})
		if slices.ContainsFunc(st.Caps, grave) {
			return v.At(check.Critical).Because("With this capability any account of the host, and any service that is broken into, is root.")
		}
		return v
	}
	return check.Passed()
}

// grave are capabilities that are as good as root (capabilities(7)).
func grave(c string) bool {
	return slices.Contains([]string{"cap_setuid", "cap_setgid", "cap_dac_override", "cap_dac_read_search", "cap_sys_admin", "cap_sys_ptrace", "cap_sys_module", "cap_chown", "cap_fowner"}, c)
}
