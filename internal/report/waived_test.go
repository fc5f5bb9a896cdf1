package report

import (
	"strings"
	"testing"
	"time"

	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/syntax/assaytoml"
)

func waiver(id, scope, until string, operator bool, line int) model.Waiver {
	day, err := time.Parse(time.DateOnly, until)
	if err != nil {
		panic(err)
	}
	return model.Waiver{Waiver: assaytoml.Waiver{ID: id, Scope: scope, Reason: "it is being replaced", Until: day, Line: line}, Operator: operator,
		Source: fact.Source{Where: model.OperatorFile, Line: line}}
}

func TestWaive(t *testing.T) {
	r := downReport()
	root := r.Findings[0]
	second := Finding{ID: "hdr.hsts", Key: "hdr.hsts|shop|/", Severity: "medium", Status: "fail", Deployment: "shop", Subject: "/"}
	r.Findings = append(r.Findings, second)
	ids := map[string]string{root.ID: root.ID, "hdr.hsts": "hdr.hsts", "hdr.old": "hdr.hsts", "hdr.csp": "hdr.csp"}
	today := r.Host.Seen.Format(time.DateOnly)
	for name, c := range map[string]struct {
		w      model.Waiver
		waived bool
		says   string
	}{
		"by its id":             {waiver("hdr.hsts", "shop", today, true, 1), true, ""},
		"by a former id":        {waiver("hdr.old", "*", "2099-01-01", true, 1), true, ""},
		"of one subject":        {waiver("hdr.hsts", "shop|/", "2099-01-01", false, 1), true, ""},
		"of another subject":    {waiver("hdr.hsts", "shop|/x", "2099-01-01", true, 4), false, "the waiver of hdr.hsts for shop|/x matches no finding"},
		"of another deployment": {waiver("hdr.hsts", "blog", "2099-01-01", true, 4), false, "the waiver of hdr.hsts for blog matches no finding"},
		"of the host":           {waiver("hdr.hsts", "host", "2099-01-01", true, 4), false, "matches no finding"},
		"over":                  {waiver("hdr.hsts", "shop", "2020-01-01", true, 4), false, "the waiver of hdr.hsts ended on 1 Jan 2020"},
		"of no check":           {waiver("hdr.hst", "shop", "2099-01-01", true, 4), false, "there is no such check"},
		"of what is not found":  {waiver("hdr.csp", "shop", "2099-01-01", true, 4), false, "matches no finding"},
		"critical, by the app":  {waiver(root.ID, "shop", "2099-01-01", false, 4), false, "counts for nothing: the finding is critical"},
		"critical, by root":     {waiver(root.ID, "*", "2099-01-01", true, 4), true, ""},
	} {
		x := r
		x.Findings = append([]Finding(nil), r.Findings...)
		x.waive(&model.Model{Waivers: []model.Waiver{c.w}}, ids)
		if got := len(x.Waived) > 0; got != c.waived || len(x.Findings)+len(x.Waived) != len(r.Findings) {
			t.Errorf("%s: waived %t, %d findings", name, got, len(x.Findings))
		}
		if (c.says == "") != (len(x.Problems) == 0) || c.says != "" && !strings.Contains(x.Problems[0].Text, c.says) {
			t.Errorf("%s: says %+v, want %q", name, x.Problems, c.says)
		}
		for _, f := range x.Findings {
			if f.Cause != nil && len(x.Waived) > 0 && *f.Cause == x.Waived[0].Key {
				t.Errorf("%s: %s stands below what is not told", name, f.ID)
			}
		}
	}
}

// Where not every check was asked, nothing is said of waivers that match nothing.
func TestWaiveOfAPart(t *testing.T) {
	r := wellReport()
	r.waive(&model.Model{Waivers: []model.Waiver{waiver("hdr.hsts", "shop", "2099-01-01", true, 4)}}, nil)
	if len(r.Problems) > 0 {
		t.Error(r.Problems)
	}
}

// What is accepted now is not resolved.
func TestCompareWaived(t *testing.T) {
	a, b := downReport(), downReport()
	b.waive(&model.Model{Waivers: []model.Waiver{waiver(b.Findings[0].ID, "*", "2099-01-01", true, 4)}}, nil)
	if c := Compare(a, b); len(b.Waived) == 0 || len(c.Resolved) > 0 || len(c.New) > 0 {
		t.Errorf("%d waived; %+v", len(b.Waived), c)
	}
}

func waivedReport() Report {
	r := downReport()
	r.Findings = append(r.Findings, Finding{ID: "hdr.hsts", Key: "hdr.hsts|shop|/", Severity: "medium", Status: "fail", Deployment: "shop", Subject: "/",
		Title: "browsers are told to use HTTPS alone", Summary: "https://shop.example.com sends no Strict-Transport-Security", Evidence: []Evidence{}})
	r.waive(&model.Model{
		Waivers:  []model.Waiver{waiver("hdr.hsts", "shop", "2099-01-01", true, 12), waiver("hdr.csp", "*", "2099-01-01", true, 18)},
		Settings: []model.Setting{{File: "/srv/shop/app/assay.toml", Trouble: assaytoml.Trouble{Line: 3, Col: 1, Text: "there is no key helth", Hint: "did you mean health?"}}},
	}, map[string]string{"hdr.hsts": "hdr.hsts", "hdr.csp": "hdr.csp"})
	return r
}
