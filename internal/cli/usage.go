package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError says in one line which flag is wrong and which is right.
func flagError(c *cobra.Command, err error) error {
	see := " (" + c.CommandPath() + " --help)"
	if e, is := errors.AsType[*pflag.NotExistError](err); is {
		name := e.GetSpecifiedName()
		if len(name) == 1 {
			return usagef("unknown flag -%s%s", name, see)
		}
		return usagef("unknown flag --%s%s", name, didYouMean(name, flagNames(c), "--"))
	}
	if e, is := errors.AsType[*pflag.ValueRequiredError](err); is {
		return usagef("--%s needs a value%s", e.GetSpecifiedName(), see)
	}
	if e, is := errors.AsType[*pflag.InvalidValueError](err); is {
		return usagef("--%s %q: want %s%s", e.GetFlag().Name, e.GetValue(), wanted(e.GetFlag()), see)
	}
	return usagef("%v%s", err, see)
}

func wanted(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "duration":
		return "a time such as 30s or 2m"
	case "bool":
		return "true or false"
	}
	return "a " + f.Value.Type()
}

func flagNames(c *cobra.Command) []string {
	var out []string
	c.Flags().VisitAll(func(f *pflag.Flag) { out = append(out, f.Name) })
	return out
}

// oneOf checks a flag's value against the words that it takes.
func oneOf(flag, value string, words ...string) error {
	for _, w := range words {
		if w == value {
			return nil
		}
	}
	return usagef("--%s %q: want %s%s", flag, value, strings.Join(words[:len(words)-1], ", ")+" or "+words[len(words)-1],
		didYouMean(value, words, "--"+flag+" "))
}

// didYouMean is "; did you mean --format?", or "" when nothing is near.
func didYouMean(got string, known []string, prefix string) string {
	if n := nearest(got, known); n != "" {
		return fmt.Sprintf("; did you mean %s%s?", prefix, n)
	}
	return ""
}

// nearest is the known word that was most likely meant, "" when none is near.
func nearest(got string, known []string) string {
	best, least := "", max(2, len(got)/3)+1
	for _, k := range known {
		d := distance(strings.ToLower(got), k)
		if len(got) > 2 && (strings.Contains(k, got) || strings.Contains(got, k) && len(k) > 3) {
			d = min(d, 2)
		}
		if d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters must be put in, taken out, replaced or swapped
// with their neighbour to make a of b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
