package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
)

// Secretive is an app with the places where its secrets might show.
type Secretive struct {
	*AppServer
	Procs fact.Of[[]Process] // of the whole host
}

// Node is the app's secrets.
func (x *Secretive) Node() Node { return Node("secrets:" + x.Name) }

// Secretives is the app, where it runs on the host itself.
func (d *Deployment) Secretives() fact.Of[[]*Secretive] {
	return fact.Then(d.Apps(), func(list []*AppServer) []*Secretive {
		var out []*Secretive
		for _, s := range list {
			out = append(out, &Secretive{AppServer: s, Procs: d.procs})
		}
		return out
	})
}

var maskedToken = regex.New(`\[masked:[^\]]*\]`)

// Secrets are the app's secrets by their tokens, with their names.
func (a *App) Secrets() map[string]string {
	out := map[string]string{}
	for _, c := range a.Config {
		for _, t := range maskedToken.FindAllString(c.Secret+" "+c.URL, -1) {
			out[t] = c.Key
		}
	}
	for _, e := range a.Engines {
		for _, t := range maskedToken.FindAllString(e.Secret, -1) {
			out[t] = "the password of " + strings.TrimPrefix(e.URL, e.Dialect+"://")
		}
	}
	return out
}

// ProcShowing is a process whose command line holds one of the secrets.
func ProcShowing(procs []Process, secrets map[string]string) (p Process, name string, ok bool) {
	for _, p := range procs {
		for _, t := range maskedToken.FindAllString(strings.Join(p.Args, " "), -1) {
			if name, is := secrets[t]; is {
				return p, name, true
			}
		}
	}
	return Process{}, "", false
}

// ProcShown is a process as evidence.
func ProcShown(p Process) fact.Source { return facts.ProcSource(p) }

// Logged is the last line of a journal that holds one of the secrets.
func (j Journal) Logged(secrets map[string]string) (src fact.Source, name string, ok bool) {
	for _, l := range slices.Backward(j.Lines) {
		for _, t := range maskedToken.FindAllString(l.Text, -1) {
			if name, is := secrets[t]; is {
				return fact.Source{Where: j.Where, Text: clip(l.Text), Ask: j.Ask}, name, true
			}
		}
	}
	return fact.Source{}, "", false
}
