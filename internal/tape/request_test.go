package tape

import "testing"

func TestRequest(t *testing.T) {
	for _, s := range []string{
		"GET shop.example /", "HEAD [::1]:8000 /a?b=%20c", "OPTIONS shop.example /api\nOrigin: https://spoof.invalid\nAccess-Control-Request-Method: PUT",
		"GET x /\nCookie: a=b; c=d",
	} {
		if r, err := ParseRequest(s); err != nil || r.String() != s {
			t.Errorf("%q: %+v %v", s, r, err)
		}
	}
	for _, s := range []string{
		"", "POST x /", "GET x", "GET x y", "GET x //y", "GET x / HTTP/1.1", "GET x /\n", "GET x /\nOrigin:x", "GET x /\nOrigin: a\r\nX: b",
		"GET x /\nHost: y", "GET x /\nTransfer-Encoding: chunked", "GET x /\nContent-length: 3", "GET x /\n X: y", "GET x /\nX: \u00e9", "GET a\tb /",
	} {
		if r, err := ParseRequest(s); err == nil {
			t.Errorf("%q: %+v", s, r)
		}
	}
}
