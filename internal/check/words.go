package check

import "strings"

// List is "a", "a and b" or "a, b and c": how a summary names several things.
func List(names []string) string {
	n := len(names)
	if n < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
}
