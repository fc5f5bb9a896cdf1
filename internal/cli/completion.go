package cli

import (
	"io"

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
				if err := c.Root().GenBashCompletionV2(a.Stdout, true); err != nil {
					return err
				}
				_, err := io.WriteString(a.Stdout, bashWords)
				return err
			case "zsh":
				return c.Root().GenZshCompletion(a.Stdout)
			case "fish":
				return c.Root().GenFishCompletion(a.Stdout, true)
			}
			return usagef("no completions for %q: want bash, zsh or fish", args[0])
		},
	}
}

// bashWords takes the place of what cobra's script wants of the package
// bash-completion, for shells without it: the words up to the cursor. "=" and
// ":" do not end a word.
const bashWords = `
__assay_init_completion() {
    local line=${COMP_LINE:0:COMP_POINT}
    COMPREPLY=()
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]} prev=${words[cword - 1]}
}
`

// complete lets the shell complete a flag's words.
func complete(c *cobra.Command, flag string, words ...string) {
	err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is not there: a mistake in the source
	}
}
