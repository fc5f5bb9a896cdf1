// Package tls holds the checks whose ids begin with "tls.".
package tls

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("tls", stories)
