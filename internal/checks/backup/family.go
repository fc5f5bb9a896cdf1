// Package backup holds the checks whose ids begin with "backup.".
package backup

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("backup", stories)
