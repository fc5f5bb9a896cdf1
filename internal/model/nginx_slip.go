package model

import (
	"strings"

	"assay/internal/regex"
	"assay/internal/syntax/edit"
	syntax "assay/internal/syntax/nginx"
)

// Slip is a slip of the pen in nginx's configuration that can have been meant in
// one way alone.
type Slip struct {
	File   string
	Change edit.Lines
	Word   string // the directive that was meant; "" where the end of the line is missing
}

// What nginx says where a line has no end, and of a word that it does not know
// (1.22, 1.26).
var (
	unended = regex.New(`(?:directive "(\w+)" is not terminated by ";"|invalid number of arguments in "(\w+)" directive|unexpected "\}") in /`)
	unheard = regex.New(`unknown directive "(\w+)" in /`)
)

// slip looks at what nginx complains of.
func (b *builder) slip(n *Nginx) *Slip {
	t, _ := n.Test.Look(&b.notes)
	if t.OK || n.Accused.Where == "" {
		return nil
	}
	text, _ := b.f.File(n.Accused.Where).Look(&b.notes)
	lines, _ := edit.Split(text)
	if n.Accused.Line > len(lines) {
		return nil
	}
	said := t.Problem()
	if m := unheard.FindStringSubmatch(said); m != nil {
		return n.misspelt(lines, m[1])
	}
	if m := unended.FindStringSubmatch(said); m != nil {
		return n.endless(lines, m[1]+m[2])
	}
	return nil
}

// farBack is how many lines above the one that nginx names are looked at.
const farBack = 8

func (n *Nginx) misspelt(lines []string, word string) *Slip {
	meant := syntax.Meant(word)
	for i := n.Accused.Line; meant != "" && i > max(0, n.Accused.Line-farBack); i-- {
		l := lines[i-1]
		if rest, ok := strings.CutPrefix(strings.TrimSpace(l), word); ok && strings.HasPrefix(rest, " ") {
			return &Slip{File: n.Accused.Where, Word: meant, Change: edit.Lines{Line: i, Old: []string{l}, New: []string{strings.Replace(l, word, meant, 1)}}}
		}
	}
	return nil
}

// endless finds the line of a directive that has no end, where the next one
// begins with a directive, too, or ends the block.
func (n *Nginx) endless(lines []string, name string) *Slip {
	next := ""
	for i := n.Accused.Line; i > max(0, n.Accused.Line-farBack); i-- {
		l := strings.TrimRight(lines[i-1], " \t")
		words := strings.Fields(l)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		if begins := next == "}" || syntax.Known(next); begins && len(words) > 1 && syntax.Known(words[0]) && (name == "" && next == "}" || words[0] == name) && !strings.ContainsAny(l, ";{}#\"'") {
			return &Slip{File: n.Accused.Where, Change: edit.Lines{Line: i, Old: []string{lines[i-1]}, New: []string{l + ";"}}}
		}
		next = strings.TrimSuffix(words[0], ";")
	}
	return nil
}
