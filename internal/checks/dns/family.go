// Package dns holds the checks whose ids begin with "dns.".
package dns

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("dns", stories)
