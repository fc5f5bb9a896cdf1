// Package mon holds the checks whose ids begin with "mon.".
package mon

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("mon", stories)
