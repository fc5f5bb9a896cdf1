// Command faults runs the corpus of internal/faults on booted hosts (as root)
// and writes what came of it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"assay/internal/faults"
	"assay/internal/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	binary := flag.String("binary", "dist/assay", "the `program` to look with")
	output := flag.String("o", "", "write the table to `FILE` as well")
	atOnce := flag.Int("j", runtime.NumCPU(), "hosts at once")
	show := flag.Bool("v", false, "show what assay diagnose says of each")
	fix := flag.Bool("fix", false, "let assay fix at each, ask as a visitor, and take it back")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "faults [flags] [PART OF A NAME...]: runs the faults whose name holds one of the words, all without one")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(ctx, *binary, *output, *atOnce, faults.How{Show: *show, Fix: *fix}, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary, output string, atOnce int, how faults.How, words []string) error {
	all, err := faults.Corpus()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f faults.Fault) bool {
		return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(f.Name, w) })
	})
	if len(all) == 0 {
		return fmt.Errorf("no fault has %s in its name", strings.Join(words, " or "))
	}
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		return err
	}
	if err := lab.Build(ctx, os.Stderr); err != nil {
		return err
	}
	rows := make([]faults.Row, len(all))
	free := make(chan struct{}, max(atOnce, 1))
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i, f := range all {
		free <- struct{}{}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wg.Go(func() {
			defer func() { <-free }()
			rows[i] = faults.Run(ctx, f, fmt.Sprintf("fault%d-%d", os.Getpid()%10000, i), binary, how)
			mu.Lock()
			defer mu.Unlock()
			fmt.Println(rows[i].Line())
			if how.Show {
				fmt.Println(rows[i].Text)
			}
		})
	}
	wg.Wait()
	if output == "" {
		fmt.Println()
		return faults.Table(os.Stdout, rows)
	}
	w, err := os.Create(output)
	if err != nil {
		return err
	}
	if err := faults.Table(w, rows); err != nil {
		return err
	}
	return w.Close()
}
