package unit

import (
	"reflect"
	"testing"
)

func TestUnshelled(t *testing.T) {
	for value, want := range map[string]Script{
		"source /srv/x/venv/bin/activate && gunicorn -w 2 a:b":              {Venv: "/srv/x/venv", Program: "gunicorn", Args: " -w 2 a:b"},
		"/usr/bin/env cd /srv/x && exec venv/bin/gunicorn a:b":              {Folder: "/srv/x", Program: "venv/bin/gunicorn", Args: " a:b"},
		"cd /srv/x && export A=b && . /srv/v/bin/activate && gunicorn a:b":  {Folder: "/srv/x", Venv: "/srv/v", Env: []string{"A=b"}, Program: "gunicorn", Args: " a:b"},
		"/srv/x/venv/bin/gunicorn a:b":                                      {},
		"cd /srv/x && ./manage.py migrate && gunicorn a:b":                  {},
		"cd /srv/x && gunicorn a:b > /var/log/x":                            {},
		"/srv/x/venv/bin/gunicorn --bind unix:/run/x.sock a:b || echo fell": {},
	} {
		got, ok := Unshelled(value)
		if ok != (want.Program != "") || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %v", value, got, ok)
		}
	}
}
