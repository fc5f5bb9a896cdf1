package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// Decides says which severities decide: those that the exit code counts.
type Decides func(severity string) bool

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Host     string      `xml:"hostname,attr"`
	At       string      `xml:"timestamp,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Failure *junitSaid `xml:"failure"`
	Error   *junitSaid `xml:"error"`
	Skipped *junitSaid `xml:"skipped"`
}

type junitSaid struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes the report as test results, a suite for each deployment. A
// finding that decides is a failure, an unknown that decides an error; others
// are skipped, with what they say. So the results agree with the exit code.
func JUnit(w io.Writer, r Report, decides Decides) error {
	all := junitSuites{Name: "assay"}
	at := map[string]int{}
	suite := func(name string) *junitSuite {
		if name == "" {
			name = "host"
		}
		i, there := at[name]
		if !there {
			i = len(all.Suites)
			at[name] = i
			all.Suites = append(all.Suites, junitSuite{Name: plainXML(name), Host: plainXML(r.Host.Name), At: r.Host.Seen.UTC().Format("2006-01-02T15:04:05")})
		}
		return &all.Suites[i]
	}
	for _, f := range r.Findings {
		said := &junitSaid{Message: plainXML(f.Summary), Type: f.Severity, Text: plainXML(f.Why + " " + f.Remedy.Do + "\n" + strings.Join(f.Remedy.Commands, "\n"))}
		c := junitCase{Class: f.ID, Name: plainXML(f.Title + subject(f.Subject))}
		if decides(f.Severity) {
			c.Failure = said
		} else {
			said.Type = ""
			said.Message = f.Severity + ": " + said.Message
			c.Skipped = said
		}
		suite(f.Deployment).add(c)
	}
	for _, w := range r.Waived {
		suite(w.Deployment).add(junitCase{Class: w.ID, Name: plainXML(w.Title + subject(w.Subject)),
			Skipped: &junitSaid{Message: plainXML("accepted until " + w.Until + ": " + w.Reason), Text: plainXML(w.Severity + ": " + w.Summary)}})
	}
	for _, u := range r.Unknown {
		said := &junitSaid{Message: plainXML("not seen: " + strings.Join(u.Unseen, "; ")), Text: plainXML(strings.Join(u.Hints, "\n"))}
		c := junitCase{Class: u.ID, Name: plainXML(u.Title + subject(u.Subject))}
		if decides(u.Severity) {
			said.Type = "unknown"
			c.Error = said
		} else {
			c.Skipped = said
		}
		suite(u.Deployment).add(c)
	}
	for _, p := range r.Passed {
		suite("passed").add(junitCase{Class: p.ID, Name: plainXML(p.Title)})
	}
	for _, s := range all.Suites {
		all.Tests, all.Failures, all.Errors, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors, all.Skipped+s.Skipped
	}
	b, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, b)
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func subject(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// plainXML is inert text of several lines; XML has no way to write a control
// character.
func plainXML(s string) string { return strings.TrimSpace(Lines(s, false)) }
