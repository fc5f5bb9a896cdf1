// Package faults reads the corpus of real faults, and runs it: a healthy host is
// booted, broken as a file says, and looked at with the program that ships.
package faults

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

// Fault is one state of a host.
type Fault struct {
	Name  string // layer/slug: gunicorn/wrong-attribute
	What  string // one line or two
	On    string // blueprint host
	Lab   []string
	Break string // shell script
	Visit string // visitor's script that fails while the fault lasts; "" is a GET of Path
	Harm  Harm
	Sees  string // what the visitor gets: 502, ok, refused, timeout, tls
	Path  string // of the visitor's request
	Wait  int    // seconds before it shows
	Cause []Expected
	Then  []Expected // the other faults of a compound case
	Apart string     // why the lab cannot express it; it is listed and not run
}

// Harm is what a fault does.
type Harm string

// What a fault may do.
const (
	Out    Harm = "out"    // requests fail now
	Latent Harm = "latent" // it breaks at the next restart, reboot or renewal
	Risk   Harm = "risk"   // the site works, and safety or data are at risk
	None   Harm = "none"   // a healthy variant: nothing of medium or above
)

// Expected is a finding that names a fault: a check's id, * for any, and words
// of the fault itself that must stand in what it says or shows.
type Expected struct {
	ID    string
	Words *regexp.Regexp
}

//go:embed corpus
var corpus embed.FS

// Corpus is every fault, by name.
func Corpus() ([]Fault, error) {
	var out []Fault
	err := fs.WalkDir(corpus, "corpus", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".txtar" {
			return err
		}
		data, err := corpus.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := Parse(strings.TrimSuffix(strings.TrimPrefix(p, "corpus/"), ".txtar"), data)
		out = append(out, f)
		return err
	})
	return out, err
}

// Parse reads a fault: a txtar archive whose comment says what it is, with the
// files break.sh, lab, on, visit.sh and expect. Errors name the fault and the line.
func Parse(name string, data []byte) (Fault, error) {
	a := txtar.Parse(data)
	f := Fault{Name: name, What: strings.Join(strings.Fields(string(a.Comment)), " "), On: "unix", Path: "/"}
	for _, file := range a.Files {
		text := string(file.Data)
		switch file.Name {
		case "break.sh":
			f.Break = text
		case "visit.sh":
			f.Visit = text
		case "on":
			f.On = strings.TrimSpace(text)
		case "lab":
			f.Lab = slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
		case "expect":
			if err := f.expect(text); err != nil {
				return f, fmt.Errorf("read fault %s: expect: %w", name, err)
			}
		default:
			return f, fmt.Errorf("read fault %s: %s: a fault has break.sh, lab, on, visit.sh and expect", name, file.Name)
		}
	}
	if err := f.whole(); err != nil {
		return f, fmt.Errorf("read fault %s: %w", name, err)
	}
	return f, nil
}

func (f *Fault) expect(text string) error {
	n := 0
	for line := range strings.Lines(text) {
		n++
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		var err error
		switch word {
		case "":
		case "harm":
			f.Harm = Harm(rest)
		case "sees":
			w := strings.Fields(rest)
			if len(w) == 0 || len(w) > 2 {
				err = errors.New("want: sees STATUS [PATH]")
				break
			}
			if f.Sees = w[0]; len(w) == 2 {
				f.Path = w[1]
			}
		case "wait":
			f.Wait, err = strconv.Atoi(rest)
		case "cause", "then":
			id, words, _ := strings.Cut(rest, " ")
			e := Expected{ID: id}
			if e.Words, err = regexp.Compile("(?is)" + strings.TrimSpace(words)); id == "" {
				err = errors.New("want: " + word + " ID WORDS")
			}
			if word == "cause" {
				f.Cause = append(f.Cause, e)
			} else {
				f.Then = append(f.Then, e)
			}
		case "apart":
			f.Apart = rest
		default:
			err = fmt.Errorf("%q; want harm, sees, wait, cause, then or apart", word)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return nil
}

func (f *Fault) whole() error {
	switch {
	case f.What == "":
		return errors.New("no words above the first file")
	case !slices.Contains([]Harm{Out, Latent, Risk, None}, f.Harm):
		return fmt.Errorf("harm %q; want out, latent, risk or none", f.Harm)
	case f.Apart != "":
		return nil
	case f.Harm == Out && f.Sees == "" && f.Visit == "":
		return errors.New("what breaks requests says what a visitor sees, or has a visit.sh")
	case f.Harm == None && len(f.Cause) > 0:
		return errors.New("a healthy variant has no cause")
	case f.Harm != None && len(f.Cause) == 0:
		return errors.New("no cause")
	case f.Break == "" && len(f.Lab) == 0 && f.On == "unix":
		return errors.New("neither break.sh nor lab: it is the healthy host")
	}
	return nil
}

// Layer is the folder it stands in.
func (f Fault) Layer() string { return path.Dir(f.Name) }
