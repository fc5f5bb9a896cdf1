// Package flask holds the checks whose ids begin with "flask.".
package flask

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("flask", stories)
