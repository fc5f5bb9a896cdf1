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

// A script holds no secret, and ends before it changes anything where it needs one.
func TestScriptWithASecret(t *testing.T) {
	p := plan.Plan{Steps: []plan.Step{
		{Kind: plan.Remove, Say: "take it away", Path: "/etc/old"},
		{Kind: plan.Edit, Say: "mend it", Path: "/etc/shop/shop.env", Lines: []edit.Lines{{Line: 3, Old: []string{"URL=x:[masked:16:0a]@h # note"}, New: []string{"URL=x:[masked:16:0a]@h"}}}},
	}}
	var b strings.Builder
	if err := Script(&b, p); err != nil {
		t.Fatal(err)
	}
	s := b.String()
	stop, rm := strings.Index(s, "exit 1"), strings.Index(s, "rm -d")
	if stop < 0 || rm < stop || !strings.Contains(s, "/etc/shop/shop.env: line 3 holds a secret") {
		t.Error(s)
	}
}
