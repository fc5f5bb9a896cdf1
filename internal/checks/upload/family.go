// Package upload holds the checks whose ids begin with "upload.".
package upload

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("upload", stories)
