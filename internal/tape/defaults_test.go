package tape

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestKnownDefault(t *testing.T) {
	for _, s := range []string{"dev", "Your-Secret-Key-Here", "please-change-this-secret-key-in-production", "SUPER_SECRET_KEY_2", "My Precious", "replace-with-real-secret"} {
		if !KnownDefault(s) {
			t.Errorf("%q is a sample", s)
		}
	}
	for _, s := range []string{"", "a", "aaaaaaaaaaaa", "correct-horse-battery-staple", "shop-production-9f2c4b7de1a05c38aa17", "secret_7Zp1", "is-it-to-be-a"} {
		if KnownDefault(s) {
			t.Errorf("%q is no sample", s)
		}
	}
	b := make([]byte, 24)
	for range 500 {
		_, _ = rand.Read(b)
		for _, s := range []string{hex.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b), string(b), strings.ToLower(base64.StdEncoding.EncodeToString(b[:12]))} {
			if KnownDefault(s) {
				t.Fatalf("%q was made by chance", s)
			}
		}
	}
}

// What a file quotes and what a process has of it get one token.
func TestQuotedOnce(t *testing.T) {
	tp := &Tape{}
	file, env := Ask{Kind: KindFile, Name: "/etc/x.env"}, Ask{Kind: KindEnviron, Name: "7"}
	tp.Put(file, Answer{Status: Seen, Body: `MAIL_PASSWORD="with \"quotes\", a \\ and more"` + "\n"})
	tp.Put(env, Encode([]string{`MAIL_PASSWORD=with "quotes", a \ and more`}))
	tp.Redact([]byte("k"))
	a, _ := tp.Get(file)
	b, _ := tp.Get(env)
	in, out := token.FindString(a.Body), token.FindString(b.Body)
	if in == "" || in != out || strings.Contains(a.Body+b.Body, "quotes") {
		t.Errorf("file: %s\nprocess: %s", a.Body, b.Body)
	}
}
