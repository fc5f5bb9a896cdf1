package nginx

import (
	"slices"

	crossplane "github.com/nginxinc/nginx-go-crossplane"
)

// Known says that open source nginx has a directive of this name.
func Known(name string) bool {
	_, ok := crossplane.MatchOssLatest(name)
	return ok
}

const nameLetters = "abcdefghijklmnopqrstuvwxyz0123456789_"

// Meant is the one directive that a word without a directive is a slip away from:
// a letter too many, too few or another, or two that changed places; "" for none
// or several.
func Meant(word string) string {
	var out []string
	try := func(w string) {
		if Known(w) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	for i := range len(word) + 1 {
		for _, c := range nameLetters {
			try(word[:i] + string(c) + word[i:])
			if i < len(word) {
				try(word[:i] + string(c) + word[i+1:])
			}
		}
		if i < len(word) {
			try(word[:i] + word[i+1:])
		}
		if i+1 < len(word) {
			try(word[:i] + word[i+1:i+2] + word[i:i+1] + word[i+2:])
		}
	}
	if len(out) != 1 || len(word) < 5 {
		return ""
	}
	return out[0]
}
