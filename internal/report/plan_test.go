package report

import (
	"strings"
	"testing"

	"assay/internal/plan"
	"assay/internal/syntax/edit"
)

// Changes that stand near each other are shown as one.
func TestPlanDiff(t *testing.T) {
	p := plan.Plan{Cures: []string{"a"}, Steps: []plan.Step{{Kind: plan.Edit, Say: "x", Path: "/etc/a", Seen: "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n", Lines: []edit.Lines{
		{Line: 8, Old: []string{"eight"}, New: []string{"8 [masked:1:0a]" + plan.Quoted + "[masked:1:0a]"}},
		{Line: 4, New: []string{"3.5"}},
		{Line: 2, Old: []string{"two"}, New: []string{"2"}},
	}}}}
	var b strings.Builder
	if err := Plan(&b, p, nil, "", TextOptions{Width: 80}); err != nil {
		t.Fatal(err)
	}
	want := `       1   one
       2 - two
         + 2
       3   three
         + 3.5
       4   four
       6   six
       7   seven
       8 - eight
         + 8 [masked][masked, quoted]
       9   nine
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("\n%s", b.String())
	}
}
