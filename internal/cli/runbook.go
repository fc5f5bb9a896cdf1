package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"assay/internal/model"
	"assay/internal/report"
)

// runbookOptions are the flags of assay runbook.
type runbookOptions struct {
	format, since, output string
	visit                 visitOptions
}

func (a *app) runbookVerb() *cobra.Command {
	var o runbookOptions
	c := &cobra.Command{
		Use:   "runbook [flags]",
		Short: "how this host is operated, written down",
		Long: "Writes down how this host is operated, from what is observed and declared: units, paths, addresses, certificates, data, backups and how to restore them, logs, jobs, and who to call. It holds no secret. " +
			"Where -o names an older one, what differs since stands on top.",
		Example: "  sudo assay runbook -o /srv/shop/RUNBOOK.md\n  sudo assay runbook --format html > runbook.html\n  assay runbook --host ann@web-1",
		Args:    exactly(0, "no argument"),
		RunE:    func(*cobra.Command, []string) error { return a.runbook(o) },
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "markdown", "`markdown|html`")
	f.StringVarP(&o.output, "output", "o", "", "write it to `FILE`, for others to read")
	f.StringVar(&o.since, "since", "", "compare it with the older runbook in `FILE`; what -o names is compared by itself")
	f.StringVar(&o.visit.tape, "tape", "", "of the recording `FILE`, plain or gzipped; - is the standard input")
	o.visit.flags(a, c)
	return c
}

func (a *app) runbook(o runbookOptions) error {
	if err := oneOf("format", o.format, "markdown", "html"); err != nil {
		return err
	}
	older, err := olderRunbook(o)
	if err != nil {
		return err
	}
	t, err := a.tapeOf(o.visit)
	if err != nil {
		return err
	}
	book := model.MakeHandbook(a.Works.Model(t))
	var b bytes.Buffer
	write := map[string]func(io.Writer, model.Handbook, string) error{"markdown": report.Runbook, "html": report.RunbookHTML}[o.format]
	if err := write(&b, book, older); err != nil {
		return err
	}
	if o.output == "" {
		_, _ = io.WriteString(a.Stdout, report.Lines(b.String(), a.ascii()))
		return nil
	}
	if err := writeFileFor(o.output, 0o644, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }); err != nil {
		return err
	}
	words := "It is the first one there."
	if older != "" {
		words = number(len(report.RunbookChanges(book, older)), "line differs", "lines differ") + " from the one before."
	}
	fmt.Fprintf(a.Stderr, "Written to %s. %s\n", o.output, words)
	return nil
}

// maxRunbook bounds an older runbook.
const maxRunbook = 4 << 20

func olderRunbook(o runbookOptions) (string, error) {
	name := o.since
	if name == "" {
		if name = o.output; name == "" || o.format == "html" {
			return "", nil
		}
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && o.since == "" {
		return "", nil
	}
	if err != nil {
		return "", usagef("read %s: %v", name, cause(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRunbook))
	if err != nil {
		return "", usagef("read %s: %v", name, cause(err))
	}
	if !bytes.HasPrefix(b, []byte(report.RunbookMark)) {
		return "", usagef("%s was not written by assay runbook, and is left as it is; name another file", name)
	}
	return string(b), nil
}
