package apply

import (
	"testing"

	"assay/internal/host"
	"assay/internal/plan"
	"assay/internal/syntax/edit"
)

// A line keeps its secret, written as it stands there or in another way.
func TestKeptSecrets(t *testing.T) {
	const url = "A=postgresql://u:[masked:5:0a1b2c3d]@h/d"
	for name, c := range map[string]struct{ real, with, want string }{
		"as it is":          {"A=postgresql://u:p@s%d@h/d", "A=postgresql://u:[masked:5:0a1b2c3d]@h:5433/d", "A=postgresql://u:p@s%d@h:5433/d"},
		"quoted":            {"A=postgresql://u:p@s%d@h/d", "A=postgresql://u:" + plan.Quoted + "[masked:5:0a1b2c3d]@h/d", "A=postgresql://u:p%40s%25d@h/d"},
		"quoted already":    {"A=postgresql://u:p@%40@h/d", "A=postgresql://u:" + plan.Quoted + "[masked:5:0a1b2c3d]@h/d", "A=postgresql://u:p%40%40@h/d"},
		"doubled":           {"A=postgresql://u:p%%%n@h/d", "A=postgresql://u:" + plan.Doubled + "[masked:5:0a1b2c3d]@h/d", "A=postgresql://u:p%%%%n@h/d"},
		"of another length": {"A=postgresql://u:longer@h/d", "A=postgresql://u:[masked:5:0a1b2c3d]@h:5433/d", ""},
		"unknown":           {"A=postgresql://u:p@s%d@h/d", "A=[masked:5:ffffffff]", ""},
	} {
		s := plan.Step{Kind: plan.Edit, Path: "/etc/a.env", Seen: url + "\n", Lines: []edit.Lines{{Line: 1, Old: []string{url}, New: []string{c.with}}}}
		to, err := become(s, host.Image{Kind: host.FileImage, Body: []byte(c.real + "\n")})
		if (err != nil) != (c.want == "") || err == nil && string(to.Body) != c.want+"\n" {
			t.Errorf("%s: %q, %v", name, to.Body, err)
		}
	}
}
