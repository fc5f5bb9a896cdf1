package facts

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"assay/internal/fact"
	"assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// NginxConfig is the configuration that begins in main, includes resolved.
// Parts that could not be read are in Unseen; they make the whole uncertain
// where an absent thing matters.
type NginxConfig struct {
	*nginx.Config
	Main   string
	Unseen []fact.Why
}

// Nginx parses the configuration that a master with this main file would read.
func (f *Facts) Nginx(main string) fact.Of[NginxConfig] {
	return Remember(f, "nginx "+main, func() fact.Of[NginxConfig] {
		return fact.Bind(f.File(main), func(string) fact.Of[NginxConfig] {
			r := &nginxReader{f: f}
			c := NginxConfig{Config: nginx.Parse(main, path.Dir(main), r), Main: main, Unseen: r.unseen}
			return fact.Known(c)
		})
	})
}

// nginxReader gives the parser the files of the tape.
type nginxReader struct {
	f      *Facts
	unseen []fact.Why
}

func (r *nginxReader) Read(name string) ([]byte, error) {
	var n fact.Notes
	text, state := r.f.File(name).Look(&n)
	switch state {
	case fact.IsKnown:
		return []byte(text), nil
	case fact.IsAbsent:
		return nil, fs.ErrNotExist
	}
	r.unseen = append(r.unseen, n.Whys...)
	return nil, errors.New(n.Why().Text)
}

func (r *nginxReader) Glob(pattern string) ([]string, error) {
	if !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}, nil
	}
	var n fact.Notes
	list, state := r.f.Glob(pattern).Look(&n)
	if state == fact.IsUnknown {
		r.unseen = append(r.unseen, n.Whys...)
		return nil, errors.New(n.Why().Text)
	}
	return list, nil
}

// DirectiveSource is where a directive stands.
func DirectiveSource(d *nginx.Directive) fact.Source {
	if d == nil {
		return fact.Source{}
	}
	text := d.Name
	if len(d.Args) > 0 {
		text += " " + strings.Join(d.Args, " ")
	}
	if d.IsBlock() {
		text += " { … }"
	} else {
		text += ";"
	}
	return fact.Source{Where: d.File, Line: d.Line, Text: short(text), Ask: tape.Ask{Kind: tape.KindFile, Name: d.File}}
}

// NginxTest is what nginx itself says of its configuration.
type NginxTest struct {
	OK       bool
	Output   string
	Problems []string // the lines with [emerg], [alert] or [warn], without the timestamp
}

// Problem is the one that decides: the first error where there is one, else the
// first warning.
func (t NginxTest) Problem() string {
	for _, p := range t.Problems {
		if !strings.HasPrefix(p, "[warn]") {
			return p
		}
	}
	if len(t.Problems) > 0 {
		return t.Problems[0]
	}
	return ""
}

// NginxTest is the result of `nginx -t` on a main file, run where it can write
// nothing.
func (f *Facts) NginxTest(main string) fact.Of[NginxTest] {
	a := tape.Ask{Kind: tape.KindCommand, Name: "nginx-test", Arg: main}
	v, why, ok := f.answer(a)
	if !ok {
		return fact.Unknown[NginxTest](why)
	}
	src := fact.Source{Where: "nginx -t -c " + main, Ask: a}
	if v.Status == tape.Absent {
		src.Text = "there is no nginx program"
		return fact.Absent[NginxTest](src)
	}
	t := NginxTest{OK: v.Exit == 0, Output: v.Stderr + v.Body}
	for l := range strings.Lines(t.Output) {
		for _, mark := range []string{"[emerg]", "[alert]", "[error]", "[warn]"} {
			if _, text, is := strings.Cut(l, mark); is {
				t.Problems = append(t.Problems, mark+" "+short(pidPrefix(text)))
			}
		}
	}
	src.Text = fmt.Sprintf("exit %d", v.Exit)
	if len(t.Problems) > 0 {
		src.Text += ": " + t.Problem()
	}
	return fact.Known(t, src)
}

// pidPrefix drops the "1234#1234: " that nginx puts before a message when it
// logs to a file.
func pidPrefix(s string) string {
	s = strings.TrimSpace(s)
	if head, tail, ok := strings.Cut(s, ": "); ok && strings.Contains(head, "#") && strings.Trim(head, "0123456789#") == "" {
		return tail
	}
	return s
}
