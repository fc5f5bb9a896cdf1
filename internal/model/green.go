package model

import (
	"slices"
	"strings"

	"assay/internal/tape"
)

// inC are drivers that wait in C, where no monkey patch reaches (gevent 22 to 25).
var inC = []string{"mysqldb", "pyodbc", "cx_oracle"}

// yieldWords are names in a hook of gunicorn that makes psycopg2 yield.
var yieldWords = []string{"patch_psycopg", "make_psycopg_green", "set_wait_callback"}

// StopsGreenlets says that an engine's driver lets no greenlet of gevent run while
// it waits; told is false where it was not asked.
func (a *App) StopsGreenlets(e tape.Engine) (stops, told bool) {
	switch {
	case slices.Contains(inC, e.Driver):
		return true, true
	case e.Driver != "psycopg2" || a.yieldsByHook():
		return false, true
	case e.Yields == nil:
		return false, false
	}
	return !*e.Yields, true
}

// yieldsByHook: a hook of gunicorn's runs in its workers, and not in the sandbox.
func (a *App) yieldsByHook() bool {
	for _, v := range a.Gunicorn {
		names, is := v.(string)
		if names, is2 := strings.CutPrefix(names, "callable:"); is && is2 {
			for n := range strings.SplitSeq(names, ",") {
				if slices.Contains(yieldWords, n) {
					return true
				}
			}
		}
	}
	return false
}

// Has says that the app has an extension, by the name that it goes by.
func (a *App) Has(extension string) bool {
	return slices.ContainsFunc(a.Extensions, func(e tape.Extension) bool { return e.Name == extension })
}
