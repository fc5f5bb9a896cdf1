// Package static holds the checks whose ids begin with "static.".
package static

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("static", stories)
