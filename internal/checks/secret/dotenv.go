package secret

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "secret.dotenv",
	Title:    "a .env file beside the code is private, and says nothing else than the service",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "001: .env files for development",
	Why:      "Every user and every program of this host can read what is in it: another app, once broken into, has the keys of this one.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Dotenvs, dotenv),
})

func dotenv(h *check.Hearing, x *model.Dotenv) check.Verdict {
	if x.Unit {
		return check.DoesNotApply("the unit reads it: systemd.env.file tells of it")
	}
	file, _ := x.File.Open(h.Aside())
	var secrets []string
	for _, e := range file.Entries {
		if tape.IsSecret(e.Name) || strings.Contains(e.Value, "[masked:") {
			secrets = append(secrets, e.Name)
		}
	}
	if a, ok := x.Code.Open(h.Aside()); ok && slices.Contains(a.Opened, x.Path) {
		env, _ := x.Env.Open(h.Aside())
		for _, e := range file.Entries {
			own, has := env[e.Name]
			c, set := a.Setting(e.Name)
			if !has || own.Value == e.Value || !set || c.Secret == "" || c.Secret != e.Value {
				continue
			}
			h.Saw(fact.Source{Where: x.Path, Line: e.Line, Text: e.Name + " is this one in the app"}, fact.Source{Where: own.File, Line: own.Line, Text: e.Name + " is another one here"})
			return check.Failed(fmt.Sprintf("%s wins over the service's own environment: %s is the file's", x.Path, e.Name), check.Remedy{
				Do: "Remove the file where the service runs, or let load_dotenv leave alone what is set (without override=True, as it does by itself).", Minutes: 10,
				Commands: append([]string{"sudo mv " + x.Path + " /root/" + path.Base(path.Dir(x.Path)) + ".env"}, restart(x.AppServer)...), Verify: "sudo assay check --only secret.dotenv",
			}).Because("Who changes the secret where the unit says changes nothing: it stays the one of a forgotten file, which perhaps every developer has.")
		}
	}
	if len(secrets) == 0 {
		return check.Passed()
	}
	if r, _ := x.Others.Open(h); !r.OK {
		return check.Passed()
	}
	var steps []plan.Step
	if st, state := x.Stat.Look(h.Aside()); state == fact.IsKnown && keeps(h, x, st) {
		steps = plan.Owned("leave "+x.Path+" to its owner and its group", x.Path, "", "", fmt.Sprintf("%04o", st.Mode&0o770))
	}
	return check.Failed(fmt.Sprintf("every user of this host can read %s, which holds %s", x.Path, check.List(firstFew(secrets))), check.Remedy{
		Do:       "Leave it to root and the service. Where the service does not need it, remove it: make new secrets first if others had a login here.",
		Commands: []string{"sudo chmod o= " + x.Path, "# where the service reads it: sudo chgrp ITS-GROUP " + x.Path + " && sudo chmod 640 " + x.Path},
		Minutes:  5, Verify: "sudo assay check --only secret.dotenv",
		Steps: steps,
	})
}

// keeps says that the service can do without what the others may: it does not
// read the file, or may so as its owner or by its group.
func keeps(h *check.Hearing, x *model.Dotenv, st tape.Stat) bool {
	a, ok := x.Code.Open(h.Aside())
	u, state := x.User.Look(h.Aside())
	if !ok || state != fact.IsKnown {
		return false
	}
	return !slices.Contains(a.Opened, x.Path) || u.UID == st.UID && st.Mode&0o400 != 0 || u.GID == st.GID && st.Mode&0o040 != 0
}

func firstFew(names []string) []string {
	if len(names) > 3 {
		return append(slices.Clone(names[:3]), fmt.Sprintf("%d more", len(names)-3))
	}
	return names
}

func restart(s *model.AppServer) []string {
	if u := s.UnitName(); u != "" {
		return []string{"sudo systemctl restart " + u}
	}
	return nil
}
