// Package gunicorn holds the checks whose ids begin with "gunicorn.".
package gunicorn

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("gunicorn", stories)
