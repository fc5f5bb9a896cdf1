// Package db holds the checks whose ids begin with "db.".
package db

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("db", stories)
