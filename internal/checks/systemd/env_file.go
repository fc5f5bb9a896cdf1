package systemd

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/regex"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.env.file",
	Title:    "only the service reads its environment files",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 5; 001 secrets in an environment file",
	Why:      "Whoever has any account on this host, or breaks into any other service of it, reads the app's secrets.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Execs, envFile),
})

// secretName is how variables are called whose values nobody else may know.
var secretName = regex.New(`(?i)SECRET|TOKEN|PASSW|CREDENTIAL|PRIVATE|_KEY$|APIKEY|_DSN$|DATABASE_UR[IL]`)

func envFile(h *check.Hearing, e model.ExecSubject) check.Verdict {
	t, known := e.Unit.Files.Open(h.Aside())
	if !known || len(e.Context.EnvFiles) == 0 {
		return check.DoesNotApply(e.Unit.Name + " has no environment file")
	}
	open := false // to others, whatever stands in it
	for _, f := range e.Context.EnvFiles {
		r, state := f.Others.Look(h.Aside())
		if state != fact.IsKnown || !r.OK {
			_, _ = f.Others.Look(h)
			continue
		}
		names := secretsIn(t, f.Path)
		if len(names) == 0 {
			open = true
			continue
		}
		h.Saw(f.Source)
		_, _ = f.Stat.Look(h)
		return check.Failed(fmt.Sprintf("every user of this host may read %s, with %s", f.Path, check.List(names)), check.Remedy{
			Do:       "Take the right to read away from the others: systemd reads the file as root, whatever its mode is. If strangers have accounts here, change the secrets, too.",
			Commands: []string{"sudo chmod o= " + f.Path},
			Verify:   "sudo -u nobody cat " + f.Path + "   # Permission denied", Minutes: 2,
			Steps: closed(e.Context.EnvFiles, t),
		})
	}
	if open && len(t.EnvHidden) > 0 {
		return check.CannotTell(t.EnvHidden[0].Text, t.EnvHidden[0].Hint)
	}
	return check.Passed()
}

// closed takes the files with secrets from the others.
func closed(files []model.EnvFile, t model.UnitText) []plan.Step {
	var steps []plan.Step
	for _, f := range files {
		r, state := f.Others.Look(&fact.Notes{})
		st, stat := f.Stat.Look(&fact.Notes{})
		if state != fact.IsKnown || !r.OK || len(secretsIn(t, f.Path)) == 0 {
			continue
		}
		if stat != fact.IsKnown || st.Type != "file" || st.Mode&0o4 == 0 {
			return nil // an ACL, or a link
		}
		steps = append(steps, plan.Owned("let only who starts the service read its secrets", f.Path, "", "", fmt.Sprintf("%04o", st.Mode&^0o7))...)
	}
	return steps
}

// secretsIn are the names of secrets that a file sets, never their values.
func secretsIn(t model.UnitText, file string) []string {
	var out []string
	for name, v := range t.Env {
		if v.File == file && v.Value != "" && secretName.MatchString(name) {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out
}
