// Package sentry holds the checks whose ids begin with "sentry.".
package sentry

import (
	"embed"

	"assay/internal/check"
)

//go:embed *.txtar
var stories embed.FS

// Family is these checks with their stories.
var Family = check.NewFamily("sentry", stories)
