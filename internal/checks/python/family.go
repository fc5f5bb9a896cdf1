// Package python holds the checks whose ids begin with "python.".
package python

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("python", stories)
