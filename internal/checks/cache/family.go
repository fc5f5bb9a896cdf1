// Package cache holds the checks whose ids begin with "cache.".
package cache

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("cache", stories)
