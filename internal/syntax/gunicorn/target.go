package gunicorn

import "strings"

// Target is the application: "wsgi:app", "shop:create_app('x')", "wsgi".
type Target struct {
	Module string // dotted name
	Attr   string // name in it; "application" if none is given
	Call   bool   // Attr is called
	Args   string // text between the parentheses
	Place  Place
}

// String is the target as gunicorn takes it.
func (t Target) String() string {
	switch {
	case t.Module == "":
		return ""
	case t.Call:
		return t.Module + ":" + t.Attr + "(" + t.Args + ")"
	}
	return t.Module + ":" + t.Attr
}

// ParseTarget reads MODULE[:NAME[(ARGS)]] (gunicorn/util.py, import_app).
func ParseTarget(s string) Target {
	t := Target{Attr: "application"}
	var attr string
	var has bool
	t.Module, attr, has = strings.Cut(s, ":")
	if has {
		t.Attr = strings.TrimSpace(attr)
	}
	if i := strings.IndexByte(t.Attr, '('); i >= 0 && strings.HasSuffix(t.Attr, ")") {
		t.Args, t.Attr, t.Call = t.Attr[i+1:len(t.Attr)-1], strings.TrimSpace(t.Attr[:i]), true
	}
	return t
}
