package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/diagnose"
	"assay/internal/model"
)

// Outage is what a diagnosis adds to a report.
type Outage struct {
	Symptoms   []Symptom `json:"symptoms"`
	Root       *string   `json:"root"`       // key of the finding that is the root cause
	Confidence string    `json:"confidence"` // certain, likely, unseen, well
	Past       []Past    `json:"past"`       // what was not seen, and a request meets it before the root
	Timeline   []Event   `json:"timeline"`
	Asked      string    `json:"asked_symptom,omitempty"` // what visitors were said to get
}

// Symptom is what visitors of one site get.
type Symptom struct {
	Deployment string `json:"deployment"`
	URL        string `json:"url"`
	Gets       string `json:"gets"`
	Broken     bool   `json:"broken"`
	Finding    string `json:"finding,omitempty"` // key of the finding that says so
	Stage      string `json:"stage,omitempty"`   // that visitors do not get past, before the server
}

// Past is a question that could not be answered, and what would let us see.
type Past struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Why   []string `json:"why"`
	Hints []string `json:"hints"`
}

// Event is something that happened.
type Event struct {
	At    time.Time `json:"at"`
	Text  string    `json:"text"`
	Where string    `json:"where"`
}

// is says that a symptom is the one that somebody named: by its status or by
// what happens to the visitor.
func (s Symptom) is(named string) bool {
	return s.Broken && strings.Contains(strings.ToLower(s.Gets+" "+s.Stage+" "+map[bool]string{true: "timeout"}[strings.Contains(s.Gets, "wait")]), strings.ToLower(named))
}

// Narrowed keeps of a diagnosis what was asked for: the sites that show a
// symptom, with their own root cause first, and what happened since a time ago.
// A symptom that no site shows narrows nothing, and is said.
func (r Report) Narrowed(symptom string, since time.Duration) Report {
	if r.Outage == nil {
		return r
	}
	x := *r.Outage
	x.Asked = symptom
	x.Timeline = slices.DeleteFunc(slices.Clone(x.Timeline), func(e Event) bool { return since > 0 && e.At.Before(r.Host.Seen.Add(-since)) })
	if show := slices.DeleteFunc(slices.Clone(x.Symptoms), func(s Symptom) bool { return !s.is(symptom) }); symptom != "" && len(show) > 0 {
		x.Symptoms = show
		if i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Key == show[0].Finding }); i >= 0 {
			key := r.Findings[i].Key
			if c := r.Findings[i].Cause; c != nil {
				key = *c
			}
			x.Root = &key
			r.Findings = slices.Clone(r.Findings)
			slices.SortStableFunc(r.Findings, func(a, b Finding) int { return b.under(key) - a.under(key) })
		}
	}
	r.Outage = &x
	return r
}

// under is 2 for the root itself, 1 for what it makes fail, 0 for the rest.
func (f Finding) under(root string) int {
	switch {
	case f.Key == root:
		return 2
	case f.Cause != nil && *f.Cause == root:
		return 1
	}
	return 0
}

func outage(o diagnose.Outage, m *model.Model) *Outage {
	out := &Outage{Symptoms: []Symptom{}, Past: []Past{}, Timeline: []Event{}, Confidence: string(o.Confidence)}
	for _, s := range o.Symptoms {
		x := Symptom{Deployment: s.Deployment, URL: s.Front.URL(), Gets: s.Front.Gets(), Broken: s.Front.Fails(), Finding: s.Key}
		if s.Stop != nil {
			behind := ""
			if x.Broken {
				behind = "; behind it " + x.Gets
			}
			x.Gets, x.Broken, x.Stage = "stopped on their way: "+s.Stop.Summary+behind, true, string(s.Stop.Check.Stage)
		}
		if s.Stop == nil && len(s.Front.Away) > 0 && x.Gets != "" {
			x.Gets += " if they come here: " + s.Front.Host + " leads to " + check.List(s.Front.Away) + ", and whether that is this host was not seen"
		}
		if x.Gets != "" {
			out.Symptoms = append(out.Symptoms, x)
		}
	}
	if o.Root != nil {
		key := o.Root.Key()
		out.Root = &key
	}
	for _, h := range o.Past {
		u := unknown(h)
		if len(u.Unseen) == 0 && h.Summary != "" {
			u.Unseen = []string{h.Summary}
		}
		out.Past = append(out.Past, Past{u.ID, u.Title, u.Unseen, u.Hints})
	}
	for _, e := range m.Timeline {
		out.Timeline = append(out.Timeline, Event{e.At, e.Text, e.Source.String()})
	}
	return out
}

// Diagnosis writes the report of an outage for a tired person: what visitors
// get, the cause with its proof and its fix, and what comes after. Risks have
// one line: the site is down.
func Diagnosis(w io.Writer, r Report, o TextOptions) error {
	if r.Outage == nil {
		return Text(w, r, o)
	}
	p := newPage(o)
	p.host(r)
	if len(r.Deployments) == 0 {
		p.nowhere(r)
		_, err := io.WriteString(w, p.b.String())
		return err
	}
	p.symptoms(r)
	if r.Outage.Asked != "" && !slices.ContainsFunc(r.Symptoms, func(s Symptom) bool { return s.is(r.Outage.Asked) }) {
		p.para("", 0, p.clean("No first page answers with "+r.Outage.Asked+" now: it comes on other pages or now and then, or it is over.", proseText), caution)
		p.blank()
	}
	list := faults(r.Findings)
	at := slices.IndexFunc(list, func(f fault) bool { return r.Root != nil && f.Key == *r.Root })
	switch {
	case at >= 0:
		p.root(r, list[at])
		list = slices.Delete(list, at, at+1)
	case r.Confidence == string(diagnose.Well) && len(r.Past) == 0:
		p.para("", 0, "Nothing that was seen makes requests fail now. If visitors still see errors, ask from where they are: DNS, their network, or a page that only some of them open.", none)
	}
	p.past(r)
	p.next(r, list)
	p.timeline(r.Timeline)
	if o.Verdict != "" {
		p.blank()
		p.para("", 0, p.clean(o.Verdict, proseText), none)
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

const foldSymptoms = 6

func (p *page) symptoms(r Report) {
	list := slices.Clone(r.Symptoms)
	slices.SortStableFunc(list, func(a, b Symptom) int {
		switch {
		case a.Broken == b.Broken:
			return 0
		case a.Broken:
			return -1
		}
		return 1
	})
	n := p.fold(len(list), foldSymptoms)
	for _, s := range list[:n] {
		m := marks[OK]
		if s.Broken {
			m = marks[Broken]
		}
		p.para(p.paint(m.style, p.own(m.mark))+" ", 2, p.clean(s.URL, lineText)+"  visitors get "+p.clean(s.Gets, lineText), strong)
	}
	if n < len(list) {
		p.para("  ", 2, p.more(len(list)-n), faint)
	}
	for _, d := range r.Deployments {
		if len(r.Deployments) == 1 || slices.ContainsFunc(d.Path, func(h Hop) bool { return h.State == Broken }) {
			p.blank()
			p.way(d.Path)
		}
	}
	p.blank()
}

// sure says in words how sure the root cause is.
var sure = map[string]string{
	string(diagnose.Certain): "Root cause",
	string(diagnose.Likely):  "Most likely the cause",
	string(diagnose.Unseen):  "No cause was found; what shows",
}

func (p *page) root(r Report, f fault) {
	title := sure[r.Confidence]
	if title == "" {
		title = sure[string(diagnose.Likely)]
	}
	p.heading(title)
	in := strings.Repeat(" ", p.indent())
	p.para(in, p.indent(), p.clean(f.Summary, proseText), strong)
	p.para(in, p.indent(), p.about(f.Finding, len(r.Deployments) > 1), faint)
	p.blank()
	p.evidence(f.Evidence)
	p.remedy(f.Remedy)
	p.caused(f.causes)
	p.blank()
}

// past says behind what the cause may hide.
func (p *page) past(r Report) {
	if len(r.Past) == 0 {
		return
	}
	p.heading("Cannot see past")
	groups := alike(r.Past)
	n := p.fold(len(groups), foldReasons+1)
	for _, g := range groups[:n] {
		x := g[0]
		p.para("  ", 4, "whether "+p.clean(x.Title, lineText)+" ("+p.clean(x.ID, shortText)+")"+p.besides(g[1:]), none)
		p.reasons(x.Why)
		for _, h := range x.Hints {
			p.labelled("hint", p.clean(h, proseText), none)
		}
	}
	if n < len(groups) {
		p.para("  ", 4, p.more(len(groups)-n), faint)
	}
	p.blank()
}

// alike puts those together that the same thing hides.
func alike(list []Past) [][]Past {
	var out [][]Past
	for _, x := range list {
		i := slices.IndexFunc(out, func(g []Past) bool { return slices.Equal(g[0].Why, x.Why) })
		if i < 0 {
			out = append(out, []Past{x})
		} else {
			out[i] = append(out[i], x)
		}
	}
	return out
}

// besides are the ids of further questions, in a few words.
func (p *page) besides(list []Past) string {
	if len(list) == 0 {
		return ""
	}
	var ids []string
	for _, x := range list {
		ids = append(ids, p.clean(x.ID, shortText))
	}
	n := p.fold(len(ids), foldChecks)
	text := ", and " + strings.Join(ids[:n], ", ")
	if n < len(ids) {
		text += ", " + p.more(len(ids)-n)
	}
	return text
}

// next says what will still be wrong: other faults that break requests in a
// line each, risks by their number.
func (p *page) next(r Report, list []fault) {
	var broken, risks []fault
	for _, f := range list {
		if f.Breaks && f.Status == string(check.Fail) {
			broken = append(broken, f)
		} else {
			risks = append(risks, f)
		}
	}
	if len(broken)+len(risks) == 0 {
		return
	}
	p.heading("What will still be wrong")
	n := p.fold(len(broken), foldCauses)
	for i, f := range broken[:n] {
		lead := p.number(i+2) + p.severity(f.Severity) + "  "
		p.para(lead, p.indent(), p.clean(f.Summary, lineText)+" ("+p.clean(f.ID, shortText)+")", none)
	}
	if n < len(broken) {
		p.para("    ", 4, p.more(len(broken)-n), faint)
	}
	if len(risks) > 0 {
		var ids []string
		for _, f := range risks {
			ids = insert(ids, p.clean(f.ID, shortText))
		}
		k := p.fold(len(ids), foldChecks)
		text := strings.Join(ids[:k], ", ")
		if k < len(ids) {
			text += ", " + p.more(len(ids)-k)
		}
		p.para("    "+count(len(risks), "risk")+"  ", 4, text+": sudo assay check tells of them", faint)
	}
}

func (p *page) timeline(list []Event) {
	if len(list) == 0 {
		return
	}
	p.heading("What happened")
	for _, e := range list {
		at := e.At.UTC()
		p.para("  "+p.paint(faint, fmt.Sprintf("%6s %s", at.Format("2 Jan"), at.Format("15:04:05")))+"  ", 19, p.clean(e.Text, lineText), none)
	}
}
