// Package host holds the checks whose ids begin with "host.".
package host

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("host", stories)
