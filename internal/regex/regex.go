// Package regex holds regular expressions that are compiled at their first
// use. A program that is started for one small deed (to print its version, to
// complete a word, as its own child in a sandbox) pays for none of them.
package regex

import (
	"regexp"
	"sync"
)

// Regex is a regular expression. One that does not compile panics at its
// first use; a test of this package compiles all of the program's.
type Regex struct {
	text     string
	compiled func() *regexp.Regexp
}

// New takes the expression as regexp.MustCompile does.
func New(expression string) *Regex {
	return &Regex{expression, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })}
}

// String is the expression.
func (p *Regex) String() string { return p.text }

// The other methods are regexp's own.

func (p *Regex) MatchString(s string) bool            { return p.compiled().MatchString(s) }
func (p *Regex) FindString(s string) string           { return p.compiled().FindString(s) }
func (p *Regex) FindStringSubmatch(s string) []string { return p.compiled().FindStringSubmatch(s) }
func (p *Regex) FindStringSubmatchIndex(s string) []int {
	return p.compiled().FindStringSubmatchIndex(s)
}
func (p *Regex) FindAllString(s string, n int) []string { return p.compiled().FindAllString(s, n) }
func (p *Regex) FindAllStringIndex(s string, n int) [][]int {
	return p.compiled().FindAllStringIndex(s, n)
}
func (p *Regex) FindAllStringSubmatch(s string, n int) [][]string {
	return p.compiled().FindAllStringSubmatch(s, n)
}
func (p *Regex) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return p.compiled().FindAllStringSubmatchIndex(s, n)
}
func (p *Regex) ReplaceAllString(s, by string) string { return p.compiled().ReplaceAllString(s, by) }
func (p *Regex) ReplaceAllStringFunc(s string, by func(string) string) string {
	return p.compiled().ReplaceAllStringFunc(s, by)
}
func (p *Regex) ExpandString(dst []byte, template, src string, match []int) []byte {
	return p.compiled().ExpandString(dst, template, src, match)
}
func (p *Regex) FindIndex(b []byte) []int       { return p.compiled().FindIndex(b) }
func (p *Regex) Split(s string, n int) []string { return p.compiled().Split(s, n) }
