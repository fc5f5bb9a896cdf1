// Package nginx holds the checks whose ids begin with "nginx.".
package nginx

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("nginx", stories)
