// Package log holds the checks whose ids begin with "log.".
package log

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("log", stories)
