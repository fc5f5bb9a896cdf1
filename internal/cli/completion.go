package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) completionVerb() *cobra.Command {
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "completions for bash, zsh or fish",
		Long:      "Prints a script that lets the shell complete commands, flags, ids and names of files.",
		Example:   "  assay completion bash | sudo tee /etc/bash_completion.d/assay\n  assay completion fish > ~/.config/fish/completions/assay.fish",
		Args:      exactly(1, "a shell"),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(c *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(a.Stdout, true)
			case "zsh":
				return c.Root().GenZshCompletion(a.Stdout)
			case "fish":
				return c.Root().GenFishCompletion(a.Stdout, true)
			}
			return usagef("no completions for %q: want bash, zsh or fish", args[0])
		},
	}
}

// complete lets the shell complete a flag's words.
func complete(c *cobra.Command, flag string, words ...string) {
	err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is not there: a mistake in the source
	}
}
