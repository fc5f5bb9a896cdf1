package model

import "testing"

func TestTakes(t *testing.T) {
	for _, c := range []struct {
		rule, path string
		want       bool
	}{
		{"/", "/", true},
		{"/cart", "/cart", true},
		{"/cart/", "/cart", true}, // Flask redirects
		{"/cart", "/cart/", false},
		{"/things/<int:key>", "/things/12", true},
		{"/things/<int:key>", "/things/", false},
		{"/things/<int:key>", "/things/12/edit", false},
		{"/things/<key>/edit", "/things/12/edit", true},
		{"/static/<path:filename>", "/static/css/app.css", true},
		{"/<a>-<b>", "/x-y", true},
		{"/<a>-<b>", "/xy", false},
	} {
		if got := takes(c.rule, c.path); got != c.want {
			t.Errorf("%s takes %s: %v", c.rule, c.path, got)
		}
	}
}
