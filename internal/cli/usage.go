package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"assay/internal/syntax/nearest"
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
	if n := nearest.Word(got, known); n != "" {
		return fmt.Sprintf("; did you mean %s%s?", prefix, n)
	}
	return ""
}
