// Package story reads the story of a check: its prose and its cases. The same
// file is the page of `assay explain`, the fixture and the expectation.
package story

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"assay/internal/check"
)

// Unix is the blueprint host that a case starts from when it names none.
const Unix = "unix"

// Story is one check's prose and cases.
type Story struct {
	ID    string // the check's
	Prose string // its first paragraph says why it matters
	Cases []Case // in the order of the file
}

// Case is one state of a host. A bad one is found, with exactly the words of
// Want; a good one is a near miss and stays silent.
type Case struct {
	Name  string   // bad..., good...
	On    string   // blueprint host
	Lab   []string // what is changed around the host first: certificates and DNS
	Page  string   // a URL that somebody complains about
	Deep  bool     // it is looked at with --deep
	Break string   // shell script that makes the healthy host so; "" for the host as it is
	Want  []Want   // of this story's check; none for a good case
}

// Bad says whether the case must be found.
func (c Case) Bad() bool { return strings.HasPrefix(c.Name, "bad") }

// Want is one expected finding.
type Want struct {
	Status     check.Outcome // Fail or Warn
	Severity   check.Severity
	Deployment string // "" for the host
	Summary    string
}

// String gives the line that Parse reads: "fail critical shop nobody listens".
func (w Want) String() string {
	d := w.Deployment
	if d == "" {
		d = "host"
	}
	return strings.Join([]string{string(w.Status), w.Severity.String(), d, w.Summary}, " ")
}

var caseName = regexp.MustCompile(`^(bad|good)(-[a-z0-9]+)*$`)

// Parse reads a story. Its file is a txtar archive: the comment is the prose,
// and a case has the files NAME/break.sh, NAME/lab, NAME/on, NAME/visit (deep)
// and NAME/want, of which a bad one needs want. Errors name the story, the file and the line.
func Parse(id string, data []byte) (Story, error) {
	a := txtar.Parse(data)
	s := Story{ID: id, Prose: strings.TrimSpace(string(a.Comment))}
	seen := map[string]bool{}
	for _, f := range a.Files {
		if seen[f.Name] {
			return Story{}, fmt.Errorf("read story of %s: %s stands in it twice", id, f.Name)
		}
		seen[f.Name] = true
		if err := s.take(f); err != nil {
			return Story{}, fmt.Errorf("read story of %s: %s: %w", id, f.Name, err)
		}
	}
	if err := s.whole(seen); err != nil {
		return Story{}, fmt.Errorf("read story of %s: %w", id, err)
	}
	return s, nil
}

func (s *Story) take(f txtar.File) error {
	name, part, _ := strings.Cut(f.Name, "/")
	if !caseName.MatchString(name) {
		return errors.New("a case is called bad, bad-some-words, good or good-some-words")
	}
	c := s.at(name)
	text := string(f.Data)
	switch part {
	case "break.sh":
		if strings.TrimSpace(text) == "" {
			return errors.New("empty; without the file it is the healthy host as it is")
		}
		c.Break = text
	case "lab":
		for l := range strings.Lines(text) {
			if l = strings.TrimSpace(l); l != "" {
				c.Lab = append(c.Lab, l)
			}
		}
	case "on":
		on := strings.Fields(text)
		if len(on) != 1 {
			return fmt.Errorf("%d words; want the name of one host", len(on))
		}
		c.On = on[0]
	case "visit":
		w := strings.Fields(text)
		switch {
		case len(w) == 1 && w[0] == "deep":
			c.Deep = true
		case len(w) == 2 && w[0] == "page":
			c.Page = w[1]
		default:
			return fmt.Errorf("%q; the ways to look otherwise are deep, and page URL", strings.TrimSpace(text))
		}
	case "want":
		return c.expect(text)
	default:
		return errors.New("unknown file; a case has break.sh, lab, on, visit and want")
	}
	return nil
}

// at finds a case, or opens it.
func (s *Story) at(name string) *Case {
	i := slices.IndexFunc(s.Cases, func(c Case) bool { return c.Name == name })
	if i < 0 {
		i = len(s.Cases)
		s.Cases = append(s.Cases, Case{Name: name, On: Unix})
	}
	return &s.Cases[i]
}

func (c *Case) expect(text string) error {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		w, err := parseWant(strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		c.Want = append(c.Want, w)
	}
	return nil
}

func parseWant(line string) (Want, error) {
	p := strings.SplitN(line, " ", 4)
	if len(p) != 4 || p[2] == "" || strings.TrimSpace(p[3]) == "" {
		return Want{}, fmt.Errorf("%q; want: status severity deployment summary", line)
	}
	w := Want{Status: check.Outcome(p[0]), Deployment: p[2], Summary: p[3]}
	if w.Status != check.Fail && w.Status != check.Warn {
		return Want{}, fmt.Errorf("status %q; want fail or warn", p[0])
	}
	sev, ok := check.ParseSeverity(p[1])
	if !ok {
		return Want{}, fmt.Errorf("severity %q; want one of %s", p[1], strings.Join(check.SeverityNames(), ", "))
	}
	w.Severity = sev
	if w.Deployment == "host" {
		w.Deployment = ""
	}
	return w, nil
}

// whole says what a story lacks.
func (s *Story) whole(seen map[string]bool) error {
	if s.Prose == "" {
		return errors.New("no prose above the first file")
	}
	var bad, good bool
	for _, c := range s.Cases {
		switch {
		case c.Bad() && len(c.Want) == 0:
			return fmt.Errorf("%s/want is missing: a bad case says what is found", c.Name)
		case c.Bad() && c.Break == "" && len(c.Lab) == 0 && c.On == Unix:
			return fmt.Errorf("%s/break.sh is missing: the healthy host is not bad", c.Name)
		case !c.Bad() && seen[c.Name+"/want"]:
			return fmt.Errorf("%s/want: a good case stays silent", c.Name)
		}
		bad, good = bad || c.Bad(), good || !c.Bad()
	}
	if !bad {
		return errors.New("no bad case")
	}
	if !good {
		return errors.New("no good case")
	}
	return nil
}
