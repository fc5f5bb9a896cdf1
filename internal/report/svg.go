package report

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// The picture's measures, in pixels: a cell of the usual monospaced fonts at
// 14 px is 8.43 wide.
const (
	cellWidth  = 8.43
	cellHeight = 19
	margin     = 20
)

// svgColours are what Text's styles look like on the dark background. Each has
// a contrast of 7:1 or more, but for the faint one, which has 5:1.
var svgColours = map[string]string{"31": "#ff8c82", "32": "#8ddb8c", "33": "#f0cf65", "36": "#7fd7e6"}

const (
	svgBack  = "#14171c"
	svgText  = "#e4e7eb"
	svgFaint = "#8b949e"
)

// SVG draws text with SGR sequences, as Text writes it, as a picture of a
// terminal. The only errors are w's.
func SVG(w io.Writer, ansi string) error {
	lines := strings.Split(strings.TrimRight(strings.ToValidUTF8(ansi, "\ufffd"), "\n"), "\n")
	wide := 0
	for _, l := range lines {
		wide = max(wide, columns(unpainted(l)))
	}
	var b strings.Builder
	width, height := float64(wide)*cellWidth+2*margin, len(lines)*cellHeight+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d" role="img">`+"\n",
		width, height, width, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", svgBack)
	fmt.Fprintf(&b, `<g font-family="'DejaVu Sans Mono', 'Cascadia Mono', Menlo, Consolas, monospace" font-size="14" fill="%s">`+"\n", svgText)
	for i, l := range lines {
		svgLine(&b, l, margin+(i+1)*cellHeight-5)
	}
	b.WriteString("</g>\n</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// svgLine writes each run of one style at its column, so that a font whose
// arrows are wider does not move what stands behind them.
func svgLine(b *strings.Builder, line string, y int) {
	at := 0
	var p page // for literal: XML knows no control bytes
	var codes []string
	for line != "" {
		run, rest, found := strings.Cut(line, "\x1b[")
		for _, word := range cells(run) {
			if strings.TrimSpace(word) != "" {
				fmt.Fprintf(b, `<text x="%.2f" y="%d"%s>%s</text>`+"\n", margin+float64(at)*cellWidth, y, svgStyle(codes), unbroken.Replace(html.EscapeString(p.literal(word))))
			}
			at += columns(word)
		}
		if !found {
			return
		}
		var sgr string
		sgr, line, _ = strings.Cut(rest, "m")
		if codes = strings.Split(sgr, ";"); sgr == "0" || sgr == "" {
			codes = nil
		}
	}
}

// unbroken keeps blanks: browsers fold them in SVG whatever xml:space says
// (Chromium 156), and an image has no style sheet of its own.
var unbroken = strings.NewReplacer(" ", "\u00a0")

// cells cuts a run behind each sign that is not ASCII.
func cells(run string) []string {
	var out []string
	from := 0
	for i, r := range run {
		if r > 0x7e {
			out = append(out, run[from:i], string(r))
			from = i + len(string(r))
		}
	}
	return append(out, run[from:])
}

func svgStyle(codes []string) string {
	var s string
	fill := ""
	for _, c := range codes {
		if hex, ok := svgColours[c]; ok {
			fill = hex
		}
	}
	if fill == "" && slices.Contains(codes, "2") {
		fill = svgFaint
	}
	if fill != "" {
		s += ` fill="` + fill + `"`
	}
	if slices.Contains(codes, "1") {
		s += ` font-weight="bold"`
	}
	return s
}
