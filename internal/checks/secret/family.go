// Package secret holds the checks whose ids begin with "secret.".
package secret

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("secret", stories)
