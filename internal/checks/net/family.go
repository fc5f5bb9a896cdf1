// Package net holds the checks whose ids begin with "net.".
package net

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("net", stories)
