package report

import (
	"io"

	"assay/internal/diagnose"
)

// Outside writes what can be known of a site from another machine, for people.
func Outside(w io.Writer, x diagnose.FromOutside, o TextOptions) error {
	p := newPage(o)
	m := marks[OK]
	if x.Broken {
		m = marks[Broken]
	}
	gets := x.Gets
	if gets == "" {
		m, gets = marks[Unseen], "what is not known"
	}
	p.para(p.paint(m.style, p.own(m.mark))+" ", 2, p.clean(x.URL, lineText)+"  visitors get "+p.clean(gets, lineText), strong)
	p.para("  ", 2, "seen from this machine, which does not run the site", faint)
	p.heading(map[bool]string{true: "How far a request comes", false: "Nothing wrong from here"}[x.Broken])
	p.para("    ", 4, p.clean(x.Says, proseText), strong)
	p.blank()
	p.evidence(evidence(x.Seen))
	p.remedy(Remedy{Do: x.Do, Commands: x.Commands})
	_, err := io.WriteString(w, p.b.String())
	return err
}

// outsideJSON is the published form: the fields of a diagnosis, as far as they
// are known from outside.
type outsideJSON struct {
	Schema     int        `json:"schema"`
	Symptoms   []Symptom  `json:"symptoms"`
	Confidence string     `json:"confidence"`
	Findings   []struct{} `json:"findings"`
	Says       string     `json:"says"`
	Evidence   []Evidence `json:"evidence"`
	Remedy     Remedy     `json:"remedy"`
}

// OutsideJSON writes it for programs.
func OutsideJSON(w io.Writer, x diagnose.FromOutside) error {
	return WriteJSON(w, outsideJSON{Schema: Schema, Symptoms: []Symptom{{URL: x.URL, Gets: x.Gets, Broken: x.Broken}}, Confidence: string(x.Confidence),
		Findings: []struct{}{}, Says: x.Says, Evidence: evidence(x.Seen), Remedy: Remedy{Do: x.Do, Commands: x.Commands}})
}
