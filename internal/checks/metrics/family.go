// Package metrics holds the checks whose ids begin with "metrics.".
package metrics

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("metrics", stories)
