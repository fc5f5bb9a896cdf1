package report

import (
	"html"
	"strconv"
	"strings"
)

// markup is a well-formed piece of a page. Only this file makes any: a string
// becomes markup by said, broken, own or literal, and each of them escapes.
type markup struct{ html string }

// name is of a tag or an attribute, and a phrase is text of ours: constants
// become either by themselves, a string of a host does not.
type (
	name   string
	phrase string
)

// part is what an element is made of: attributes, then markup.
type part interface {
	addTo(attributes, content *strings.Builder)
}

func (m markup) addTo(_, content *strings.Builder) { content.WriteString(m.html) }

// attr is one attribute.
type attr struct {
	name  name
	value string
}

func (a attr) addTo(attributes, _ *strings.Builder) {
	attributes.WriteString(" " + string(a.name) + `="` + html.EscapeString(a.value) + `"`)
}

// parts is several of them.
type parts []part

func (list parts) addTo(attributes, content *strings.Builder) {
	for _, p := range list {
		p.addTo(attributes, content)
	}
}

// void elements have no end tag.
var void = map[name]bool{"meta": true, "br": true, "wbr": true}

// el makes an element.
func el(tag name, of ...part) markup {
	var attributes, content strings.Builder
	parts(of).addTo(&attributes, &content)
	start := "<" + string(tag) + attributes.String() + ">"
	if void[tag] {
		return markup{start}
	}
	return markup{start + content.String() + "</" + string(tag) + ">"}
}

// is gives an attribute in words of ours; they are escaped all the same.
func is(n name, value phrase) attr { return attr{n, string(value)} }

func class(names phrase) attr { return is("class", names) }

// place names the nth of a kind of things on the page, and to leads there.
type place struct {
	kind phrase
	n    int
	sub  int // 0: the thing itself
}

func (p place) String() string {
	s := string(p.kind) + strconv.Itoa(p.n)
	if p.sub > 0 {
		s += "-" + strconv.Itoa(p.sub)
	}
	return s
}

func id(p place) attr { return attr{"id", p.String()} }
func to(p place) attr { return attr{"href", "#" + p.String()} }

// said is what a host or a check said: inert, and at most limit runes.
func said(s string, limit int) markup { return markup{html.EscapeString(inert(s, limit))} }

// own is text of ours.
func own(s phrase) markup { return markup{html.EscapeString(string(s))} }

// broken is text that may be broken in its words, as paths and names are:
// behind a sign, and in a long name behind a dot before a letter.
func broken(s string, limit int) markup {
	var b strings.Builder
	s = inert(s, limit)
	from := 0
	for i, r := range s {
		if i > 0 && mayBreak(rune(s[i-1]), r) {
			breakName(&b, s[from:i])
			b.WriteString("<wbr>")
			from = i
		}
	}
	breakName(&b, s[from:])
	return markup{b.String()}
}

// mayBreak says whether a line may end between two signs of a word.
func mayBreak(before, after rune) bool {
	const signs = "/@=,:?&"
	return strings.ContainsRune(signs, before) && after != ' ' && !strings.ContainsRune(signs, after)
}

// longName is about what a station of the way has room for, in bytes.
const longName = 16

// breakName writes text without signs to break behind.
func breakName(b *strings.Builder, s string) {
	for word := range strings.SplitAfterSeq(s, " ") {
		from := 0
		for i := 1; i < len(word) && len(word) > longName; i++ {
			if word[i-1] == '.' && word[i] >= 'a' && word[i] <= 'z' {
				b.WriteString(html.EscapeString(word[from:i]) + "<wbr>")
				from = i
			}
		}
		b.WriteString(html.EscapeString(word[from:]))
	}
}

// literal is a line that is typed or was printed: its spaces mean something.
func literal(s string) markup {
	var p page
	return markup{html.EscapeString(p.literal(s))}
}

// raw takes a text of this package as it is: the style and the script.
func raw(s asset) markup { return markup{string(s)} }

// asset is a file of this package.
type asset string
