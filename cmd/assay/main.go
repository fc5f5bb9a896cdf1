// Assay says what is wrong with the Flask deployments on a host.
package main

import (
	"os"
	"runtime/debug"

	"golang.org/x/term"

	"assay/internal/cli"
	"assay/internal/host"
)

// version is set when a release is linked.
var version = "dev"

func main() {
	if host.Child() {
		return
	}
	// An audit lives for a moment and holds little: let it have some 20 MB before
	// it is searched for what nobody needs any more.
	debug.SetGCPercent(400)
	exe, _ := os.Executable()
	os.Exit(cli.Main(cli.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		IsTerminal: term.IsTerminal, Columns: columns, AskPassword: passwords(),
		Exe: exe, Version: version, Works: cli.Wire(version, exe),
	}, os.Args[1:]))
}

func columns(fd int) int {
	w, _, err := term.GetSize(fd)
	if err != nil {
		return 0
	}
	return w
}
