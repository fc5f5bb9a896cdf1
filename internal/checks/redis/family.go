// Package redis holds the checks whose ids begin with "redis.".
package redis

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("redis", stories)
