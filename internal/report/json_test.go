package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// closed is the published schema with no room for fields that it does not
// name: what we write must be described.
func closed(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(SchemaFile))
	if err != nil {
		t.Fatal(err)
	}
	shut(doc)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("closed.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("closed.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func shut(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "$id")
		if _, is := v["properties"]; is && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, x := range v {
			shut(x)
		}
	case []any:
		for _, x := range v {
			shut(x)
		}
	}
}

// valid says what is wrong with a report in JSON, "" for nothing.
func valid(s *jsonschema.Schema, doc string) string {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		return err.Error()
	}
	if err := s.Validate(v); err != nil {
		return err.Error()
	}
	return ""
}

func jsonOf(t testing.TB, r Report) string {
	t.Helper()
	var b strings.Builder
	if err := JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJSONIsValid(t *testing.T) {
	s := closed(t)
	reports := samples()
	reports["zero"] = Report{Schema: Schema}
	asked := downReport()
	asked.Asked = []Asked{{Ask: "file /etc/nginx/nginx.conf", Status: "unseen", Why: "permission denied", Millis: 3}}
	reports["asked"] = asked
	for name, r := range reports {
		if why := valid(s, jsonOf(t, r)); why != "" {
			t.Errorf("%s: %s", name, why)
		}
	}
}

// TestSchemaCatches: a schema that takes everything proves nothing.
func TestSchemaCatches(t *testing.T) {
	s := closed(t)
	for name, spoil := range map[string]func(*Report){
		"severity": func(r *Report) { r.Findings[0].Severity = "grave" },
		"state":    func(r *Report) { r.Deployments[0].Path[0].State = "fine" },
		"version":  func(r *Report) { r.Schema = 2 },
		"status":   func(r *Report) { r.Findings[0].Status = "pass" },
	} {
		r := downReport()
		spoil(&r)
		if valid(s, jsonOf(t, r)) == "" {
			t.Errorf("a wrong %s is valid", name)
		}
	}
}

func TestJSONGolden(t *testing.T) {
	golden(t, "down.json", jsonOf(t, downReport()))
	golden(t, "blind.json", jsonOf(t, blindReport()))
}

// TestUnknownsStandBehind: one list holds all that is not right.
func TestUnknownsStandBehind(t *testing.T) {
	var got struct {
		Findings []struct{ ID, Key, Status string }
	}
	if err := json.Unmarshal([]byte(jsonOf(t, downReport())), &got); err != nil {
		t.Fatal(err)
	}
	last := got.Findings[len(got.Findings)-1]
	if len(got.Findings) != 6 || last.Status != "unknown" || last.Key != "flask.devserver|shop|" {
		t.Errorf("got %d findings, the last %+v", len(got.Findings), last)
	}
}
