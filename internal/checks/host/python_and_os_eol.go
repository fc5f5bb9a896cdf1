package host

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "host.python-and-os-eol",
	Title:    "the system and the app's Python still get security updates",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 1: production settings",
	Why:      "Flaws that become known in the kernel, in OpenSSL, in nginx or in Python itself stay open for good.",
	Cure:     check.OnHost,
	Ask:      check.Both(check.OfHost((*model.Model).Release, lifetime), check.Each((*model.Deployment).Interpreters, lifetime)),
})

func lifetime(h *check.Hearing, x *model.Lifetime) check.Verdict {
	h.Saw(x.Source)
	left := int(x.Until.Sub(x.Now).Hours() / 24)
	last := x.Until.AddDate(0, 0, -1).Format("2 January 2006")
	text := x.Name
	if x.Place != "" {
		text += " in " + x.Place + ", which runs the app,"
	}
	switch {
	case left >= model.Notice:
		return check.Passed()
	case left >= 0 && x.Until.After(x.Now):
		return check.Warned(fmt.Sprintf("%s gets its last security updates on %s, in %d days", text, last, left), upgrade(x))
	case x.Bought != "":
		return check.Failed(fmt.Sprintf("%s has had no security updates since %s: %s is not in use here", text, last, x.Bought), upgrade(x))
	}
	return check.Failed(fmt.Sprintf("%s has had no security updates since %s", text, last), upgrade(x))
}

func upgrade(x *model.Lifetime) check.Remedy {
	if x.Place == "" {
		return check.Remedy{
			Do:       "Set up the next release on a new machine beside this one, bring app and data there, and lead the name to it once it works. An upgrade in place takes the Python away under the app's virtual environment: make that anew after it.",
			Commands: []string{"# before anything else: a backup that was brought back somewhere", "apt list --installed 2>/dev/null > packages.txt"},
			Verify:   "grep VERSION_ID /etc/os-release", Minutes: 240,
		}
	}
	r := check.Remedy{
		Do:      "Make a new virtual environment with a Python that is mended (the system's own is mended with the system), install the app's packages in it, run its tests there, and let the service use it.",
		Verify:  "sudo assay check --only host.python-and-os-eol",
		Minutes: 60,
	}
	fresh := x.Venv + "-new"
	r.Commands = []string{"python3 -m venv " + fresh, fresh + "/bin/pip install -r requirements.txt"}
	if unit := x.Server.UnitName(); unit != "" {
		r.Commands = append(r.Commands, "sudo systemctl edit --full "+unit+"   # ExecStart="+fresh+"/bin/...", "sudo systemctl restart "+unit)
	}
	return r
}
