package host

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/tape"
)

// The content of a file is compared, and nothing of it is on the tape.
func TestServed(t *testing.T) {
	dir := t.TempDir()
	secret := "SECRET_KEY=do-not-tell-anybody\n"
	for name, text := range map[string]string{".env": secret, "big": strings.Repeat("x", tape.MaxFile+10)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files := http.FileServer(http.Dir(dir))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/other" {
			_, _ = w.Write([]byte("a page of the app"))
			return
		}
		files.ServeHTTP(w, r)
	}))
	defer s.Close()
	at := "tcp:" + strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct {
		file, path string
		status     int
		same       bool
		unread     bool
	}{
		{".env", "/.env", 200, true, false},
		{"big", "/big", 200, true, false},
		{".env", "/other", 200, false, false},
		{".env", "/absent", 404, false, false},
		{"absent", "/other", 200, false, true},
	} {
		v := Local(Options{}).See(t.Context(), tape.Ask{Kind: tape.KindServed, Name: filepath.Join(dir, c.file), Arg: at + " GET localhost " + c.path})[0]
		r, err := tape.Decode[tape.ServedReply](v)
		if err != nil || r.Status != c.status || r.Same != c.same || (r.Unread != "") != c.unread {
			t.Errorf("%s for %s: %+v %v", c.path, c.file, v, err)
		}
		if strings.Contains(v.Body, "do-not-tell") {
			t.Errorf("%s: the content is in the answer: %s", c.path, v.Body)
		}
	}
}
