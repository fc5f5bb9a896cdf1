// Package hdr holds the checks whose ids begin with "hdr.".
package hdr

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("hdr", stories)
