package gunicorn

import (
	"strings"
	"testing"
)

func TestSetOption(t *testing.T) {
	for _, c := range []struct{ command, name, value, want string }{
		{"/v/gunicorn --timeout 0 app:app", "timeout", "30", "/v/gunicorn --timeout 30 app:app"},
		{"/v/gunicorn -t 0 app:app", "timeout", "30", "/v/gunicorn -t 30 app:app"},
		{"/v/gunicorn --timeout=0 app:app", "timeout", "30", "/v/gunicorn --timeout=30 app:app"},
		{"/v/gunicorn app:app", "timeout", "30", "/v/gunicorn app:app --timeout 30"},
		{`/v/gunicorn --name "a b" app:app`, "timeout", "30", ""},
		{"/v/gunicorn $OPTS app:app", "timeout", "30", ""},
		{"/v/gunicorn app:app", "preload_app", "True", "/v/gunicorn app:app --preload"},
		{"/v/gunicorn --reload app:app", "reload", "False", "/v/gunicorn app:app"},
		{"/v/gunicorn app:app", "reload", "False", ""},
		{"/v/gunicorn app:app", "bind", "x", "/v/gunicorn app:app --bind x"},
		{"/v/gunicorn -b x -b y app:app", "bind", "z", ""},
		{"/v/gunicorn app:app --timeout", "timeout", "30", ""},
	} {
		got, ok := SetOption(c.command, c.name, c.value)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q %v", c.command, got, ok)
		}
		if ok {
			v := ParseArgs(strings.Fields(got), "").Options[c.name]
			if c.value != "False" && (len(v) != 1 || v[0].Text != c.value) || c.value == "False" && len(v) > 0 {
				t.Errorf("%s: gunicorn reads %v", got, v)
			}
		}
	}
}
