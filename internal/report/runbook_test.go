package report

import (
	"strings"
	"testing"
	"time"

	"assay/internal/model"
)

var book = model.Handbook{Host: "web-1", OS: "Debian GNU/Linux 12", Seen: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Parts: []model.HandbookPart{
	{Deployment: "shop", Title: "App", Lines: []model.HandbookLine{
		{Name: "Unit", Text: "shop.service", Where: "/etc/systemd/system/shop.service"},
		{Name: "Restart", Text: "sudo systemctl restart shop.service", Command: true},
		{Name: "Folder", Why: "read /srv: permission denied", Hint: "sudo"},
		{Name: "Hostile", Text: "<b>*x*</b>\x1b[31m\n## no heading"},
	}},
	{Title: "By the clock", Lines: []model.HandbookLine{{Name: "certbot.timer", Text: "certbot.service"}}},
}}

func runbookOf(t *testing.T, h model.Handbook, older string) string {
	t.Helper()
	var b strings.Builder
	if err := Runbook(&b, h, older); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRunbook(t *testing.T) {
	got := runbookOf(t, book, "")
	for _, want := range []string{
		RunbookMark + "\n# web-1\n", "\n## shop: app\n", "\n## By the clock\n",
		"- **Unit:** shop.service (`/etc/systemd/system/shop.service`)\n",
		"- **Restart:** `sudo systemctl restart shop.service`\n",
		"- **Folder:** could not be seen: read /srv: permission denied (sudo)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if strings.ContainsAny(got, "\x1b") || strings.Contains(got, "\n## no heading") || strings.Contains(got, "<b>") {
		t.Errorf("hostile text came through:\n%s", got)
	}
	var page strings.Builder
	if err := RunbookHTML(&page, book, ""); err != nil {
		t.Fatal(err)
	}
	if p := page.String(); strings.Contains(p, "<b>") || !strings.Contains(p, "<dt>Unit</dt><dd>shop.service") {
		t.Errorf("the page:\n%s", p)
	}
}

// A runbook that differs in nothing has no such part, also against one that had it.
func TestRunbookChanges(t *testing.T) {
	old := runbookOf(t, book, "")
	if c := RunbookChanges(book, old); len(c) != 0 {
		t.Errorf("against itself: %q", c)
	}
	if c := RunbookChanges(book, "# somebody's own\n- **Unit:** x\n"); c != nil {
		t.Errorf("against somebody's own: %q", c)
	}
	now := book
	now.Parts = []model.HandbookPart{{Deployment: "shop", Title: "App", Lines: []model.HandbookLine{{Name: "Unit", Text: "store.service"}}}, book.Parts[1]}
	text := runbookOf(t, now, old)
	for _, want := range []string{"new in shop: app: **Unit:** store.service", "gone from shop: app: **Unit:** shop.service"} {
		if !strings.Contains(text, "\n- "+want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if c := RunbookChanges(now, text); len(c) != 0 {
		t.Errorf("against what it wrote with changes: %q", c)
	}
}
