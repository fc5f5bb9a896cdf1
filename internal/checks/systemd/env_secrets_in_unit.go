package systemd

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.env.secrets-in-unit",
	Title:    "no secret stands in the unit itself",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 3; 001 systemd: Environment=",
	Why:      "systemd tells every account of this host what stands in a unit (systemctl show -p Environment), whatever the file's mode is: whoever breaks into any service here has the app's secrets.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Execs, secretsInUnit),
})

func secretsInUnit(h *check.Hearing, e model.ExecSubject) check.Verdict {
	u := e.Unit
	t, known := u.Files.Open(h.Aside())
	if !known {
		return check.DoesNotApply(u.Name + " has no unit file to judge")
	}
	names := u.OwnSecrets()
	if len(names) == 0 {
		_, _ = u.Files.Open(h)
		return check.Passed()
	}
	file := "/etc/" + strings.TrimSuffix(u.Name, path.Ext(u.Name)) + "/env"
	if f := u.Context.EnvFiles; len(f) > 0 {
		file = f[0].Path
	}
	edits := []string{"sudoedit " + file + "   # " + strings.Join(names, "=, ") + "="}
	for _, name := range names {
		v := t.Env[name]
		h.Saw(fact.Source{Where: v.File, Line: v.Line, Text: "Environment=" + name + "=…"})
		edits = append(edits, fmt.Sprintf("sudoedit +%d %s   # take %s away", v.Line, v.File, name))
	}
	edits[len(edits)-1] += ", and write EnvironmentFile=" + file
	r := check.Remedy{
		Do: "Move the lines to a file that only root reads, which systemd reads for the service: NAME=value, one a line, a % once. " +
			"If others have had an account here, make new secrets.",
		Commands: slices.Concat([]string{"sudo install -D -m 0600 /dev/null " + file}, edits, []string{"sudo systemctl daemon-reload && sudo systemctl restart " + u.Name}),
		Verify:   "systemctl show -p Environment " + u.Name + "   # shows no secret", Minutes: 5,
	}
	if slices.ContainsFunc(u.Context.EnvFiles, func(f model.EnvFile) bool { return f.Path == file }) {
		r.Commands = slices.Delete(r.Commands, 0, 1)
	}
	return check.Failed(fmt.Sprintf("%s %s in the unit itself, which every account of this host may read", check.List(names), stand(len(names))), r)
}

func stand(n int) string {
	if n == 1 {
		return "stands"
	}
	return "stand"
}
