package nginx

import (
	"slices"
	"strings"
)

// Depends are the variables that nginx fills itself ("$cookie_session") and on
// which a text's value hangs, also by the source of a map or the test of an if
// around a set.
func (c *Config) Depends(at *Directive, text string) []string {
	var out []string
	seen := map[string]bool{}
	c.depends(at, text, seen, &out)
	return out
}

func (c *Config) depends(at *Directive, text string, seen map[string]bool, out *[]string) {
	for _, v := range variable.FindAllString(text, -1) {
		name := strings.Trim(v, "${}")
		if seen[name] {
			continue
		}
		seen[name] = true
		found := false
		for _, s := range at.In("server").All("set") {
			if s.Arg(0) != "$"+name {
				continue
			}
			found = true
			c.depends(at, s.Arg(1), seen, out)
			if s.Parent.Name == "if" {
				c.depends(at, strings.Join(s.Parent.Args, " "), seen, out)
			}
		}
		for _, m := range c.Root.All("map") {
			if !m.IsBlock() || m.Arg(1) != "$"+name {
				continue
			}
			found = true
			c.depends(at, m.Arg(0), seen, out)
			for _, row := range m.Block {
				c.depends(at, row.Arg(0), seen, out)
			}
		}
		if !found && !slices.Contains(*out, "$"+name) {
			*out = append(*out, "$"+name)
		}
	}
}
