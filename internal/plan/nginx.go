package plan

import (
	"slices"
	"strings"

	"assay/internal/syntax/edit"
	"assay/internal/syntax/nginx"
)

// InNginx changes nginx's configuration at one of its statements.
type InNginx struct {
	say string
	at  *nginx.Directive
}

// Nginx begins a change at a statement.
func Nginx(say string, at *nginx.Directive) InNginx { return InNginx{say, at} }

// Before puts statements in front of it.
func (n InNginx) Before(statements ...string) []Step { return n.step(n.at.Before(statements...)) }

// After puts statements behind it.
func (n InNginx) After(statements ...string) []Step { return n.step(n.at.After(statements...)) }

// Inside puts statements into it, a block.
func (n InNginx) Inside(statements ...string) []Step { return n.step(n.at.Inside(statements...)) }

// Head gives it, a block, another head.
func (n InNginx) Head(head string) []Step { return n.step(n.at.Head(head)) }

// Replace puts another statement in its place.
func (n InNginx) Replace(statement string) []Step { return n.step(n.at.Replace(statement)) }

// Delete takes it out.
func (n InNginx) Delete() []Step { return n.step(n.at.Delete()) }

func (n InNginx) step(c edit.Lines, ok bool) []Step {
	if !ok || len(c.Old) == len(c.New) && slices.Equal(c.Old, c.New) {
		return nil
	}
	return NginxReads(Change(n.say, n.at.File, c), n.at)
}

// NginxReads says of steps that nginx must take them in; any of its directives
// tells where its configuration begins.
func NginxReads(steps []Step, any *nginx.Directive) []Step {
	main := any
	for main.Parent != nil {
		main = main.Parent
	}
	for i := range steps {
		steps[i].Then = append(steps[i].Then, Act{Verb: "reload-or-restart", Unit: "nginx.service"})
		steps[i].Tests = append(steps[i].Tests, Test{Name: "nginx-test", Arg: main.File})
	}
	return steps
}

// NginxListed sets one entry of a list that levels do not add up, such as
// proxy_set_header or add_header: in the level whose list is in force in a block,
// since an entry of its own would take the others from it.
func NginxListed(say string, block *nginx.Directive, list, key, statement string) []Step {
	in := nginx.Effective(block, list)
	if len(in) == 0 {
		return Nginx(say, block).Inside(statement)
	}
	level := in[0].Parent
	for _, d := range slices.Backward(in) {
		if strings.EqualFold(d.Arg(0), key) {
			return Nginx(say, d).Replace(statement)
		}
	}
	if steps := Nginx(say, in[len(in)-1]).After(statement); steps != nil {
		return steps // perhaps in a file that others include too, as the entries beside it
	}
	return Nginx(say, level).Inside(statement)
}

// NginxRewritten puts a part of a statement in the place of another, and leaves
// the rest as it is written.
func NginxRewritten(say string, at *nginx.Directive, old, with string) []Step {
	was := at.Written()
	if is := strings.Replace(was, old, with, 1); is != was {
		return Nginx(say, at).Replace(is)
	}
	return nil
}

// NginxValue sets a plain value in a block: in place of the block's own, else
// beside what it inherits.
func NginxValue(say string, block *nginx.Directive, name, statement string) []Step {
	if own := block.Find(name); len(own) > 0 {
		return Nginx(say, own[len(own)-1]).Replace(statement)
	}
	return Nginx(say, block).Inside(statement)
}
