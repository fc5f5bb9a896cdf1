package host

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"assay/internal/tape"
)

func TestKey(t *testing.T) {
	dir := rootDir(t)
	r := Local(Options{})
	spki := func(pub any) string {
		b, err := x509.MarshalPKIXPublicKey(pub)
		must(t, err)
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	pkcs8 := func(key any) []byte {
		b, err := x509.MarshalPKCS8PrivateKey(key)
		must(t, err)
		return b
	}
	old, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	edPub, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	sec1, err := x509.MarshalECPrivateKey(ec)
	must(t, err)
	for name, c := range map[string]struct {
		text string
		want tape.KeyReport
	}{
		"rsa":          {block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(old)), tape.KeyReport{Type: "RSA", Public: spki(old.Public())}},
		"pkcs8":        {block("PRIVATE KEY", pkcs8(ec)), tape.KeyReport{Type: "ECDSA", Public: spki(ec.Public())}},
		"sec1":         {block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) + block("EC PRIVATE KEY", sec1), tape.KeyReport{Type: "ECDSA", Public: spki(ec.Public())}},
		"ed25519":      {block("PRIVATE KEY", pkcs8(ed)), tape.KeyReport{Type: "Ed25519", Public: spki(edPub)}},
		"with its own": {block("CERTIFICATE", []byte("x")) + block("PRIVATE KEY", pkcs8(ec)), tape.KeyReport{Type: "ECDSA", Public: spki(ec.Public())}},
		"encrypted":    {block("ENCRYPTED PRIVATE KEY", []byte("x")), tape.KeyReport{Class: "encrypted"}},
		"old encrypted": {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
			tape.KeyReport{Class: "encrypted"}},
		"tpm":     {block("TSS2 PRIVATE KEY", []byte("x")), tape.KeyReport{Class: "hardware"}},
		"broken":  {block("PRIVATE KEY", []byte("x")), tape.KeyReport{Class: "unread"}},
		"a cert":  {block("CERTIFICATE", []byte("x")), tape.KeyReport{Class: "none"}},
		"no file": {"", tape.KeyReport{Class: "none"}},
	} {
		file := dir + "/" + strings.ReplaceAll(name, " ", "-")
		must(t, os.WriteFile(file, []byte(c.text), 0o600))
		v := see(t, r, tape.Ask{Kind: tape.KindKey, Name: file})
		got, err := tape.Decode[tape.KeyReport](v)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v", name, v)
		}
		for _, b := range [][]byte{x509.MarshalPKCS1PrivateKey(old), pkcs8(ec), sec1, pkcs8(ed)} {
			if s := base64.StdEncoding.EncodeToString(b[len(b)/2:]); strings.Contains(v.Body, s[4:20]) {
				t.Errorf("%s: a part of the key comes out", name)
			}
		}
	}
	must(t, os.WriteFile(dir+"/big", make([]byte, maxKey+1), 0o600))
	must(t, os.Symlink("/dev/zero", dir+"/dev"))
	for _, n := range []string{"/big", "/dev", "/"} {
		if v := see(t, r, tape.Ask{Kind: tape.KindKey, Name: dir + n}); v.Status != tape.Unseen {
			t.Errorf("%s: %+v", n, v)
		}
	}
	if v := see(t, r, tape.Ask{Kind: tape.KindKey, Name: dir + "/nowhere"}); v.Status != tape.Absent {
		t.Errorf("%+v", v)
	}
}

// A link that the app put in its folder is followed with the app's rights.
func TestKeyBehindALinkOfAnother(t *testing.T) {
	dir := rootDir(t)
	must(t, os.WriteFile(dir+"/key.pem", []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), 0o600))
	app := dir + "/app"
	must(t, os.Mkdir(app, 0o755))
	must(t, os.Symlink(dir+"/key.pem", app+"/key.pem"))
	must(t, os.Chown(app, wwwData, wwwData))
	if v := see(t, Local(Options{}), tape.Ask{Kind: tape.KindKey, Name: app + "/key.pem"}); v.Status != tape.Unseen {
		t.Errorf("%+v", v)
	}
}
