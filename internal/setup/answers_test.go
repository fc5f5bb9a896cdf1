package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnswers(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"etc.toml":           "[setup]\nname = 'shop'\nemail = 'ops@shop.example'\ndatabase = 'postgresql'\n[deployment.club.setup]\ndomains = ['club.example']\n",
		"app/assay.toml":     "[setup]\nentry = 'web:app'\ndatabase = 'sqlite'\n",
		"app/pyproject.toml": "[project]\nname = 'x'\n[tool.assay.setup]\nentry = 'other:app'\nredis = true\n",
	})
	a, err := Answered(filepath.Join(dir, "etc.toml"), filepath.Join(dir, "app"))
	if err != nil {
		t.Fatal(err)
	}
	if a.Name("app") != "shop" || a.Name("club") != "club" {
		t.Error(a.Name("app"), a.Name("club"))
	}
	for _, c := range [][3]string{
		{"shop", "email", "ops@shop.example"}, {"shop", "database", "postgresql"}, {"shop", "entry", "web:app"},
		// [setup] is about the shop alone.
		{"club", "email", ""}, {"club", "database", "sqlite"},
	} {
		if v, _ := a.Of(c[0], c[1]); v.Text != c[2] {
			t.Errorf("%s of %s is %q, want %q", c[1], c[0], v.Text, c[2])
		}
	}
	if v, ok := a.Of("club", "domains"); !ok || v.Texts[0] != "club.example" {
		t.Error(v)
	}
	if v, ok := a.Of("shop", "redis"); !ok || !v.Truth {
		t.Error(v)
	}
	if a, err = Answered(filepath.Join(dir, "none.toml"), dir); err != nil || a.Name("x") != "" {
		t.Error(a, err)
	}
}

// What the app's own tree may not say is no answer, and neither is a link out of it.
func TestAnswersOfTheApp(t *testing.T) {
	for want, text := range map[string]string{
		"app/assay.toml:2:1: name reaches beyond the app\nhint: only /etc/assay/assay.toml may say it": "[setup]\nname = 'cron'\n",
		"app/assay.toml:2:1: there is no key entri\nhint: did you mean entry?":                         "[setup]\nentri = 'a:b'\n",
	} {
		dir := folderOf(t, map[string]string{"app/assay.toml": text})
		if _, err := Answered("/nowhere", filepath.Join(dir, "app")); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
	dir := folderOf(t, map[string]string{"secret.toml": "[setup]\nentry = 'a:b'\n", "app/x": ""})
	if err := os.Symlink("../secret.toml", filepath.Join(dir, "app/assay.toml")); err != nil {
		t.Fatal(err)
	}
	if a, err := Answered("/nowhere", filepath.Join(dir, "app")); err == nil {
		t.Errorf("a link out of the app was read: %+v", a)
	}
}
