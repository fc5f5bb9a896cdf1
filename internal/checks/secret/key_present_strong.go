package secret

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "secret.key.present-strong",
	Title:    "SECRET_KEY is set, long, random and no known sample",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Guide:    "000 step 2; 001 configuration",
	Why:      "Who guesses the key signs a session of his own: he is logged in as anybody, and an extension that unpickles what it finds there runs his code.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Apps, keyStrong),
})

// enough is how many bits of chance a key should have (NIST SP 800-107: 112
// for HMAC), shortest how many bytes: less is found by trying.
const (
	enough   = 112
	shortest = 16
)

func keyStrong(h *check.Hearing, s *model.AppServer) check.Verdict {
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply(s.Name + " is no Flask app")
	}
	at, signs := a.SignsAt()
	key := a.Key()
	if key.Empty() {
		if !signs {
			return check.DoesNotApply("nothing in the app signs: no session, no message, no login, no token")
		}
		h.Saw(key.Source, at)
		return check.Failed("SECRET_KEY is not set, and the app keeps sessions", newKey(s, a, []string{"SECRET_KEY"})).Breaking(true).
			Because("Every request that puts something into the session ends in 500: RuntimeError, the session is unavailable because no secret key was set.")
	}
	var bad, poor []string
	for _, k := range append([]model.SigningKey{key}, a.OtherKeys()...) {
		words, fatal := weakness(k)
		switch {
		case words == "":
			continue
		case fatal:
			bad = append(bad, k.Key+" "+words)
		default:
			poor = append(poor, k.Key+" "+words)
		}
		h.Saw(k.Source)
	}
	if signs {
		h.Saw(at)
	}
	all := append(bad, poor...)
	if len(all) == 0 {
		return check.Passed()
	}
	var names []string
	for _, words := range all {
		name, _, _ := strings.Cut(words, " ")
		names = append(names, name)
	}
	if a.SignsNothing() {
		return check.Warned(check.List(all)+"; nothing was found that signs with it", newKey(s, a, names)).At(check.Info).
			Because("The day somebody adds a login, a message or a form token, everybody can forge it.")
	}
	if len(bad) > 0 {
		return check.Failed(check.List(all), newKey(s, a, names))
	}
	return check.Warned(check.List(all), newKey(s, a, names))
}

// weakness says what is wrong with a key; fatal is what an attacker finds.
func weakness(k model.SigningKey) (words string, fatal bool) {
	n := k.Characters()
	bits := int(float64(n) * math.Log2(float64(max(k.Alphabet, 2))))
	switch {
	case k.Default():
		return "is a sample that is in every attacker's list", true
	case n < shortest:
		return fmt.Sprintf("has only %d characters", n), true
	case k.Bits <= 2*n && k.Bits < enough:
		return fmt.Sprintf("repeats a few characters: %d different ones in %d", k.Distinct, n), true
	case k.Alphabet > 0 && bits < enough: // 0: a recording that does not tell
		return fmt.Sprintf("has at most %d bits of chance in its %d characters", bits, n), false
	}
	return "", false
}

// newKey puts a key where the present one is set, as far as that is known.
func newKey(s *model.AppServer, a *model.App, names []string) check.Remedy {
	name := names[0]
	var steps [][]plan.Step
	for _, n := range names {
		steps = append(steps, madeKey(s, a, n))
	}
	r := check.Remedy{
		Do:      "Make a key by chance and put it where the service's environment is kept, readable for root and the service alone. Everybody is logged out once.",
		Minutes: 5,
		Steps:   plan.All(steps...),
	}
	made := "echo \"" + name + "=$(python3 -c 'import secrets; print(secrets.token_hex(32))')\""
	u := s.UnitName()
	if u == "" {
		r.Commands = []string{made}
		return r
	}
	at := "# into the file that EnvironmentFile= of " + u + " names"
	if file, line, ok := s.SetIn(name); ok {
		at = fmt.Sprintf("# in place of %s:%d", file, line)
	}
	r.Commands = []string{made, at, "sudo systemctl restart " + u}
	r.Verify = "sudo assay check"
	return r
}

// madeKey puts a key of chance into the file of variables that the service reads,
// where the app takes its key from there.
func madeKey(s *model.AppServer, a *model.App, name string) []plan.Step {
	file, ok := s.EnvFileFor(name)
	if !ok || !slices.ContainsFunc(a.Env, func(r tape.EnvRead) bool { return r.Key == name }) {
		return nil
	}
	return plan.Key("make a new "+name+": everybody is logged out once", file, plan.Shell, name, plan.Secret, plan.Act{Verb: "restart", Unit: s.UnitName()})
}
