package tape

import (
	"reflect"
	"testing"
)

func TestSessionVisit(t *testing.T) {
	v := SessionVisit{Endpoint: "unix:/run/my shop/a.sock", Count: 12, Cookie: "session", Host: "shop.example", Paths: []string{"/login", "/"}, Header: []string{"X-Forwarded-Proto: https"}}
	got, err := ParseSessionVisit(v.String())
	if err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("%+v, %v; want %+v", got, err, v)
	}
	for _, s := range []string{"", "12 session unix:/x", "61 session unix:/x\nh /", "0 session unix:/x\nh /", "5 session unix:/x\nh", "5 session unix:/x\nh / / / /", "5 session unix:/x\nh x", "5 session unix:/x\nh /\nHost: y"} {
		if v, err := ParseSessionVisit(s); err == nil {
			t.Errorf("%q was read as %+v", s, v)
		}
	}
}
