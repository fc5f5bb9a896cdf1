package report

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestSVG(t *testing.T) {
	texts := []string{"", "\x1b[31mno end", "\x1b[", "<b>&\x1b[1;31mx\x1b[0m \x00\x07"}
	for _, r := range samples() {
		texts = append(texts, text(t, r, TextOptions{Width: 80, Color: true}))
	}
	for _, h := range hostile {
		texts = append(texts, h[:min(len(h), 5000)])
	}
	for _, s := range texts {
		var b strings.Builder
		if err := SVG(&b, s); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%.60q: %v", s, err)
			}
		}
	}
	var b strings.Builder
	if err := SVG(&b, text(t, wellReport(), TextOptions{Width: 80, Color: true})); err != nil {
		t.Fatal(err)
	}
	golden(t, "well.svg", b.String())
}
