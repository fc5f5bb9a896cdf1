package report

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"assay/internal/check"
)

// SarifSchema is the schema that SARIF is written by (OASIS, SARIF 2.1.0 with
// errata 1); GitHub's code scanning takes the same.
const SarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
	Details     sarifDetails      `json:"automationDetails"`
}

type sarifDetails struct {
	ID string `json:"id"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID         string         `json:"id"`
	Short      sarifText      `json:"shortDescription"`
	Full       sarifText      `json:"fullDescription"`
	Default    sarifLevel     `json:"defaultConfiguration"`
	Properties map[string]any `json:"properties"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifInvocation struct {
	Successful    bool        `json:"executionSuccessful"`
	End           string      `json:"endTimeUtc"`
	Machine       string      `json:"machine,omitempty"`
	Notifications []sarifNote `json:"toolExecutionNotifications"`
}

type sarifNote struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
	Rule    sarifRef  `json:"associatedRule"`
}

type sarifRef struct {
	ID string `json:"id"`
}

type sarifResult struct {
	RuleID      string            `json:"ruleId"`
	RuleIndex   int               `json:"ruleIndex"`
	Level       string            `json:"level"`
	Message     sarifText         `json:"message"`
	Locations   []sarifLocation   `json:"locations"`
	Fingerprint map[string]string `json:"partialFingerprints"`
	Properties  map[string]any    `json:"properties"`
	// Suppressions are the waivers.
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifSuppression struct {
	Kind   string `json:"kind"`
	Status string `json:"status"`
	Reason string `json:"justification"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
}

// SARIF writes the findings as results of a static analysis, which code hosts
// and editors show. What could not be seen is a notification of the run: it is
// neither a result nor a success.
func SARIF(w io.Writer, r Report) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "Assay", Version: r.Assay, Rules: []sarifRule{}}},
		Results: []sarifResult{}, Details: sarifDetails{"assay/" + r.Host.Name + "/"}}
	for k, f := range allOf(r) {
		i := slices.IndexFunc(run.Tool.Driver.Rules, func(x sarifRule) bool { return x.ID == f.ID })
		if i < 0 {
			i = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: f.ID, Short: sarifText{f.Title}, Full: sarifText{f.Title + "."},
				Default: sarifLevel{sarifLevels[f.Severity]}, Properties: map[string]any{"tags": []string{f.Stage}}})
		}
		run.Results = append(run.Results, sarifResult{RuleID: f.ID, RuleIndex: i, Level: sarifLevels[f.Severity], Message: sarifText{sarifWords(f)},
			Locations: []sarifLocation{sarifPlace(r, f)}, Fingerprint: map[string]string{"assay/v1": f.Key},
			Properties: map[string]any{"severity": f.Severity, "breaks": f.Breaks, "deployment": f.Deployment}})
		if k -= len(r.Findings); k >= 0 {
			w := r.Waived[k]
			run.Results[len(run.Results)-1].Suppressions = []sarifSuppression{{"external", "accepted", "until " + w.Until + ": " + w.Reason}}
		}
	}
	note := sarifInvocation{Successful: true, End: r.Host.Seen.UTC().Format("2006-01-02T15:04:05Z"), Machine: r.Host.Name, Notifications: []sarifNote{}}
	for _, u := range r.Unknown {
		note.Notifications = append(note.Notifications, sarifNote{Level: "warning", Rule: sarifRef{u.ID},
			Message: sarifText{"Not seen whether " + u.Title + ": " + strings.Join(append(slices.Clone(u.Unseen), u.Hints...), "; ")}})
	}
	run.Invocations = []sarifInvocation{note}
	return WriteJSON(w, sarifLog{SarifSchema, "2.1.0", []sarifRun{run}})
}

// allOf are the findings, then those that somebody accepts.
func allOf(r Report) []Finding {
	out := slices.Clone(r.Findings)
	for _, w := range r.Waived {
		out = append(out, w.Finding)
	}
	return out
}

var sarifLevels = map[string]string{check.Critical.String(): "error", check.High.String(): "error", check.Medium.String(): "warning",
	check.Low.String(): "note", check.Info.String(): "note"}

func sarifWords(f Finding) string {
	text := f.Summary + ". " + f.Why
	if f.Remedy.Do != "" {
		text += " Fix: " + f.Remedy.Do
	}
	if len(f.Remedy.Commands) > 0 {
		text += "\n" + strings.Join(f.Remedy.Commands, "\n")
	}
	return text
}

// sarifPlace is the first file that a finding saw. Code hosts show no result
// without one: where there is none, the host itself stands for it.
func sarifPlace(r Report, f Finding) sarifLocation {
	out := sarifLocation{Logical: []sarifLogical{{strings.Trim(fmt.Sprintf("%s/%s/%s", r.Host.Name, f.Deployment, f.Subject), "/")}}}
	out.Physical.Artifact.URI = "hosts/" + url.PathEscape(r.Host.Name)
	for _, e := range f.Evidence {
		if !strings.HasPrefix(e.Where, "/") || strings.ContainsAny(e.Where, " ,") {
			continue
		}
		out.Physical.Artifact.URI = (&url.URL{Scheme: "file", Path: e.Where}).String()
		if e.Line > 0 {
			out.Physical.Region = &sarifRegion{e.Line}
		}
		break
	}
	return out
}
