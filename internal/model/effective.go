package model

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/fact"
)

// worked is a setting as gunicorn itself worked it out when the app was loaded:
// what a reading of its file as text cannot tell.
func (g settings) worked(name string) ([]string, fact.Source, bool) {
	var n fact.Notes
	a, state := g.loaded.Look(&n)
	if state != fact.IsKnown {
		return nil, fact.Source{}, false
	}
	v, ok := a.Gunicorn[name]
	texts, plain := settingTexts(v)
	if !ok || !plain {
		return nil, fact.Source{}, false
	}
	src := fact.Source{Where: "gunicorn's configuration, as loaded", Text: fmt.Sprintf("%s = %v", name, v), Ask: a.Source.Ask}
	if a.ServerConf != nil {
		src.Where = a.ServerConf.Path
	}
	return texts, src, true
}

// settingTexts are the words that the command line would have for a setting.
func settingTexts(v any) ([]string, bool) {
	switch x := v.(type) {
	case nil:
		return []string{""}, true
	case string:
		return []string{x}, !strings.HasPrefix(x, "callable:")
	case bool:
		return []string{map[bool]string{true: "True", false: "False"}[x]}, true
	case float64:
		return []string{strconv.FormatFloat(x, 'f', -1, 64)}, true
	case []any:
		var out []string
		for _, e := range x {
			t, ok := settingTexts(e)
			if !ok {
				return nil, false
			}
			out = append(out, t...)
		}
		return out, len(out) > 0
	}
	return nil, false
}
