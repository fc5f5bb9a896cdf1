// Package ops holds the checks whose ids begin with "ops.".
package ops

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("ops", stories)
