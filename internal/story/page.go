package story

import (
	"io/fs"
	"strings"

	"assay/internal/check"
	"assay/internal/report"
)

// Of reads the story of a check from its family's files.
func Of(f *check.Family, id string) (Story, error) {
	data, err := fs.ReadFile(f.Stories, check.StoryName(id))
	if err != nil {
		return Story{}, err
	}
	return Parse(id, data)
}

// Page renders what `assay explain` prints.
func Page(c check.Check, s Story, o report.TextOptions) string {
	e := report.Explanation{Check: c, Prose: s.Prose}
	for _, k := range s.Cases {
		x := report.Example{Bad: k.Bad(), Break: k.Break}
		if k.On != Unix {
			x.On = k.On
		}
		for _, w := range k.Want {
			x.Found = append(x.Found, w.Severity.String()+" "+w.Summary)
		}
		e.Examples = append(e.Examples, x)
	}
	var b strings.Builder
	_ = report.Explain(&b, e, o) // a Builder takes everything
	return b.String()
}
