package report

import (
	"fmt"
	"io"
	"strings"

	"assay/internal/model"
)

// Model writes what was understood of a host, for people: one fact a line, with
// where it was read, or why it is not known.
func Model(w io.Writer, d model.Description) error {
	var b strings.Builder
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-10s %s\n", name, text)
		}
	}
	fmt.Fprintf(&b, "%s, %s\n", d.Host, d.OS)
	row("addresses", words(d.Addresses))
	row("firewall", words(d.Firewall))
	row("nginx", words(d.Nginx.Runs)+unless(d.Nginx.Config, ", ")+unless(d.Nginx.User, ", workers are "))
	row("", words(d.Nginx.Unit))
	row("datastores", words(d.Datastores))
	for _, why := range d.Blind {
		row("not seen", why)
	}
	for _, x := range d.Deployments {
		deploymentWords(&b, x, row)
	}
	if len(d.Deployments) == 0 {
		b.WriteString("\nNo deployment was found. Looked in:\n")
		for _, l := range d.Looked {
			b.WriteString("  " + l + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func deploymentWords(b *strings.Builder, x model.DeploymentWords, row func(name, text string)) {
	fmt.Fprintf(b, "\n%s\n", x.Name)
	row("app", strings.TrimSpace(x.Server+" "+x.App))
	if x.Container != "" {
		row("container", x.Container)
		return
	}
	if x.Server != "" {
		row("unit", words(x.Unit))
		row("process", words(x.Process)+unless(x.Workers, ", workers: "))
		row("workers", words(x.Wanted)+unless(x.Class, ", "))
		row("venv", words(x.Venv))
		row("user", words(x.User))
		row("folder", words(x.Folder))
		row("binds", words(x.Binds))
		row("listens", words(x.Listens))
	}
	row("database", words(x.Database))
	for _, n := range x.Names {
		row("name", n.Name+"  "+words(n.Addresses))
	}
	for _, s := range x.Sites {
		row("site", s.Source+"  "+strings.Join(s.Names, " ")+"  on "+strings.Join(s.Listens, ", "))
		for _, r := range append(s.Routes, s.Statics...) {
			row("", "  "+r)
		}
	}
}

// words says a value with where it was read.
func words(v model.Value) string {
	switch v.State {
	case "unknown":
		return "not known: " + v.Why
	case "absent":
		return "none"
	case "":
		return ""
	}
	text := v.Text
	if text == "" {
		text = "none"
	}
	if len(v.Source) > 0 {
		text += "  (" + v.Source[len(v.Source)-1] + ")"
	}
	return text
}

func unless(v model.Value, before string) string {
	if v.State != "known" {
		return ""
	}
	return before + v.Text
}
