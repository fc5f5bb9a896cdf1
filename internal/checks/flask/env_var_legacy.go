package flask

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/syntax/edit"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.env-var-legacy",
	Title:    "FLASK_ENV is not relied upon",
	Severity: check.Low,
	Stage:    model.StageCode,
	Guide:    "000 step 2 and 001: FLASK_ENV=production",
	Why:      "Who set it believes that it turns development off or on. Flask 2.3 and later do not read it.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).FlaskEnvs, envVarLegacy),
})

func envVarLegacy(h *check.Hearing, x *model.FlaskEnv) check.Verdict {
	v, set := x.Value.Open(h)
	if !set {
		return check.Passed()
	}
	app, ok := x.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	flask := app.Dists["flask"]
	if slices.ContainsFunc(app.Env, func(r tape.EnvRead) bool { return r.Key == "FLASK_ENV" }) {
		return check.DoesNotApply("the app's own code reads it")
	}
	switch {
	case flask == "":
		return check.CannotTell("which version of Flask is installed is not known", "")
	case !model.AtLeast(flask, 2, 3):
		return check.DoesNotApply("Flask " + flask + " reads it; flask.debug tells what became of it")
	}
	at := "# " + v.File
	if v.Line > 0 {
		at = fmt.Sprintf("# %s:%d", v.File, v.Line)
	}
	return check.Failed(fmt.Sprintf("FLASK_ENV is set to %q, and Flask %s does not read it", v.Value, flask), check.Remedy{
		Do:       "Take it out. FLASK_DEBUG=0 says what it is thought to say, and is the default; what the app should know of its surroundings is a variable of its own.",
		Commands: append([]string{at + ", take out: FLASK_ENV"}, restart(x.AppServer)...),
		Verify:   "sudo assay check --only flask.env-var-legacy",
		Minutes:  3,
		Steps:    takenOut(x.AppServer, v),
	})
}

// takenOut takes the variable out, where a line sets it and nothing else.
func takenOut(s *model.AppServer, v model.EnvValue) []plan.Step {
	rest, alone := strings.CutPrefix(v.Written, "Environment=")
	if strings.HasPrefix(v.File, "/etc/systemd/system/") != alone || strings.NewReplacer(`"`, "", "'", "").Replace(rest) != "FLASK_ENV="+v.Value {
		return nil
	}
	return plan.Change("take FLASK_ENV out, which nothing reads", v.File, edit.Lines{Line: v.Line, Old: []string{v.Written}}, plan.Act{Verb: "restart", Unit: s.UnitName()})
}
