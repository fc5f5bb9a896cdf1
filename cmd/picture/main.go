// Picture draws a report of `assay check --color always`, given on standard
// input, as an SVG on standard output: for the README.
package main

import (
	"fmt"
	"io"
	"os"

	"assay/internal/report"
)

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = report.SVG(os.Stdout, string(text))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}
