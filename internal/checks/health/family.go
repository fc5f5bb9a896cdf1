// Package health holds the checks whose ids begin with "health.".
package health

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("health", stories)
