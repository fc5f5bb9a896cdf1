// Package systemd holds the checks whose ids begin with "systemd.".
package systemd

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("systemd", stories)
