package gunicorn

import "strings"

type parser struct {
	s    *Settings
	kind string
}

// parse does what argparse does with gunicorn's options: long words may be
// shortened, "=" or the next word gives the value, short flags may be joined.
func (p parser) parse(w []word) Target {
	var app Target
	for i := 0; i < len(w); i++ {
		t := w[i].text
		switch {
		case t == "--":
			if i+1 < len(w) && app.Module == "" {
				app = p.target(w[i+1])
			}
			return app
		case len(t) < 2 || t[0] != '-':
			if app.Module == "" {
				app = p.target(w[i])
			}
		case strings.HasPrefix(t, "--"):
			name, value, has := strings.Cut(t, "=")
			o, ok := lookup(name)
			if !ok {
				p.s.Problems = append(p.s.Problems, "unknown option "+name)
				// its value follows, unless that is the last word and looks like the app
				if next := i + 1; !has && next < len(w) && !strings.HasPrefix(w[next].text, "-") && (app.Module != "" || next < len(w)-1) {
					i = next
				}
				continue
			}
			i = p.value(o, w, i, value, has)
		default:
			i = p.short(w, i)
		}
	}
	return app
}

func (p parser) target(w word) Target {
	t := ParseTarget(w.text)
	t.Place = Place{Kind: p.kind, Index: w.at}
	return t
}

// short reads -b X, -bX, -b=X and joined flags like -DR.
func (p parser) short(w []word, i int) int {
	t := w[i].text
	for j := 1; j < len(t); j++ {
		o, ok := lookup("-" + t[j:j+1])
		if !ok {
			p.s.Problems = append(p.s.Problems, "unknown option -"+t[j:j+1])
			return i
		}
		if o.action == flag {
			p.set(o, "True", w[i])
			continue
		}
		rest := strings.TrimPrefix(t[j+1:], "=")
		return p.value(o, w, i, rest, t[j+1:] != "")
	}
	return i
}

// value sets an option whose word is w[i] and returns the index of the last
// word used.
func (p parser) value(o option, w []word, i int, value string, has bool) int {
	switch {
	case o.action == flag && o.name == "sendfile":
		p.set(o, "False", w[i])
	case o.action == flag:
		p.set(o, "True", w[i])
	case has:
		p.set(o, value, w[i])
	case i+1 < len(w) && (len(w[i+1].text) < 2 || w[i+1].text[0] != '-' || strings.Contains(w[i+1].text, " ")):
		i++
		p.set(o, w[i].text, w[i])
	default:
		p.s.Problems = append(p.s.Problems, o.words[len(o.words)-1]+" has no value")
	}
	return i
}

func (p parser) set(o option, text string, at word) {
	v := Value{Text: text, Variables: strings.Contains(text, "$") && o.action != flag, Place: Place{Kind: p.kind, Index: at.at}}
	if o.action != appends {
		p.s.Options[o.name] = nil
	}
	p.s.Options[o.name] = append(p.s.Options[o.name], v)
}
