// Command newcheck writes the two files of a new check, with blanks: the check
// in Go and its story.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"assay/internal/check"
	"assay/internal/checks"
)

var idForm = regexp.MustCompile(`^[a-z]+(\.[a-z0-9-]+)+$`)

func main() {
	if len(os.Args) != 2 || os.Args[1] == "" {
		fail(errors.New("newcheck takes one id, as in: make check ID=nginx.proxy.host"))
	}
	if err := write(os.Args[1]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "newcheck:", err)
	os.Exit(2)
}

func write(id string) error {
	if !idForm.MatchString(id) {
		return fmt.Errorf("%q is no id: family.slug, in lower case, as nginx.proxy.host", id)
	}
	if strings.HasSuffix(id, "test") {
		return fmt.Errorf("%q would be kept in a file that ends in _test.go, which Go takes for a test", id)
	}
	if _, _, there := checks.Find(id); there {
		return fmt.Errorf("%s is there already: assay explain %s", id, id)
	}
	family, _, _ := strings.Cut(id, ".")
	dir := filepath.Join("internal", "checks", family)
	if _, err := os.Stat(filepath.Join(dir, "family.go")); err != nil {
		return fmt.Errorf("there is no family %s: make %s/family.go like its neighbours and add it to internal/checks/checks.go", family, dir)
	}
	story := filepath.Join(dir, check.StoryName(id))
	source := strings.TrimSuffix(story, ".txtar") + ".go"
	name := funcName(id)
	for file, text := range map[string]string{source: goText(family, id, name), story: storyText} {
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		if _, err := f.WriteString(text); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		fmt.Println(file)
	}
	return appendLine(filepath.Join("internal", "house", "testdata", "ids.txt"), id)
}

func appendLine(file, line string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, line); err != nil {
		return err
	}
	return f.Close()
}

// funcName makes hostHeader of nginx.proxy.host-header: the last part's words.
func funcName(id string) string {
	words := strings.Split(id[strings.LastIndexByte(id, '.')+1:], "-")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}

func goText(family, id, name string) string {
	return fmt.Sprintf(`package %s

import (
	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       %q,
	Title:    "what is right, as a sentence without its full stop",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Guide:    "the step of the guides that it stands for",
	Why:      "What the fault causes, one sentence.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).ProxySites, %s),
})

func %s(h *check.Hearing, s *model.Site) check.Verdict {
	h.Saw(s.Source())
	return check.Passed()
}
`, family, id, name, name)
}

const storyText = `Why it matters, in plain words for somebody who knows Flask and not nginx.

What is looked at, and the exceptions.

-- bad/break.sh --
# makes the healthy host ill: runs in it as root
-- bad/want --
fail medium shop what is so, where
-- good/break.sh --
# a near miss that must stay silent
`
