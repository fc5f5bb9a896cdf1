package host

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"assay/internal/tape"
)

// Bounds of what is believed of the app's word: "{}," in a list of settings is
// three bytes there and half a thousand here.
const (
	appObjects = 60_000
	appParts   = 400_000
	appSecrets = 256 << 10 // bytes of secrets, each of which is looked for everywhere
	appRefused = 50
	appHealth  = 10
)

// result reads what the probe told: a line for each stage, then one with all.
// What is ours to say is not taken from there.
func result(p prisoner) tape.App {
	var r tape.App
	stage, target := "start", ""
	for _, line := range p.lines {
		var x struct {
			At      string
			Target  string
			Refused *tape.Refusal
			Result  *tape.App
			Health  *[]tape.HealthCall
			Trial   *tape.Trial
		}
		if bytes.Count(line, []byte("{")) > appObjects || bytes.Count(line, []byte(",")) > appParts {
			p.cut = true
			break
		}
		// One value of another type than is usual leaves the others as they are.
		var odd *json.UnmarshalTypeError
		if err := json.Unmarshal(line, &x); errors.As(err, &odd) && x.Result != nil {
			x.Result.Trouble = append(x.Result.Trouble, fmt.Sprintf("%s is a %s", odd.Field, odd.Value))
		} else if err != nil {
			continue
		}
		if x.At != "" {
			stage, target = x.At, cmp.Or(x.Target, target)
		}
		if x.Refused != nil && stage != "done" && len(r.Refused) < appRefused {
			r.Refused = append(r.Refused, *x.Refused)
		}
		if x.Result != nil {
			r = *x.Result
			stage = "done"
		}
		if x.Health != nil && stage == "done" {
			r.Health = (*x.Health)[:min(len(*x.Health), appHealth)]
		}
		if x.Trial != nil && stage == "done" {
			r.Trial = x.Trial
		}
	}
	r.Stage, r.Ended, r.Stderr, r.Again, r.Nobody = stage, "", "", "", false
	r.Target = cmp.Or(r.Target, target)
	if stage != "done" {
		r.Ended = cmp.Or(p.ended, fmt.Sprintf("it ended its own process with status %d", p.exit))
		if p.cut {
			r.Ended = "it told more than is read"
		}
	}
	if r.Ended != "" || r.Error != nil {
		r.Stderr = p.stderr[max(0, len(p.stderr)-4096):]
	}
	return r
}

// rawOf is a setting's text before it is hidden.
func rawOf(r tape.App, key string) string {
	for _, c := range r.Config {
		if c.Key == key {
			return c.Raw + c.B64
		}
	}
	return ""
}

func placed(r tape.App, key string) bool {
	return slices.ContainsFunc(r.Config, func(c tape.AppSetting) bool { return c.Key == key && len(c.From) > 0 })
}

// keep hides what must not come out, and keeps for the length of the visit what
// later asks refer to: "pid 812/config/SECRET_KEY", "pid 812/engine/default".
func (l *local) keep(name string, r tape.App) {
	l.vault.put(name, "")
	most := appSecrets
	for i := range r.Config {
		l.hide(name, &r.Config[i], r.Config[i].Key, &most)
	}
	for i := range r.Engines {
		e := &r.Engines[i]
		e.Secret = within(e.Secret, &most)
		l.vault.put(name+"/engine/"+e.Bind, e.Raw)
		e.Raw = ""
	}
	if r.App != nil {
		l.hide(name, &r.App.Debug, "DEBUG", &most)
		l.hide(name, &r.App.Testing, "TESTING", &most)
	}
}

func (l *local) hide(name string, c *tape.AppSetting, key string, most *int) {
	if c.Raw != "" {
		l.vault.put(name+"/config/"+key, held(*c))
		switch {
		case c.URL != "":
			if u, err := url.Parse(c.Raw); err == nil {
				c.Secret, _ = u.User.Password()
			}
		case tape.IsSecret(key):
			c.Secret = c.Raw
		}
		c.Raw, c.B64 = "", ""
	}
	c.Secret = within(c.Secret, most)
	for k, item := range c.Items {
		l.hide(name, &item, key+"/"+k, most)
		c.Items[k] = item
	}
}

// within leaves a secret out that there is no room for.
func within(secret string, most *int) string {
	if *most -= len(secret); *most < 0 {
		return ""
	}
	return secret
}

// held is a setting's value as the app has it: bytes need not be text.
func held(c tape.AppSetting) string {
	if b, err := base64.StdEncoding.DecodeString(c.B64); err == nil && c.B64 != "" {
		return string(b)
	}
	return c.Raw
}
