package cli

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"assay/internal/tape"
)

// writeFile writes a file whole or not at all, for its owner alone (0600). It
// follows no link and replaces nothing but a regular file.
func writeFile(name string, write func(io.Writer) error) error {
	return writeFileFor(name, 0o600, write)
}

// writeFileFor is writeFile with a mode: what another program has to read.
func writeFileFor(name string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("write %s: it is no regular file, and is left as it is", name)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: %w", name, cause(err))
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".assay-*") // 0600, and never an existing file
	if err != nil {
		return fmt.Errorf("write %s: %w", name, cause(err))
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", name, cause(err))
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// cause is what went wrong, without the path that the sentence has already.
func cause(err error) error {
	if e, is := errors.AsType[*fs.PathError](err); is {
		return e.Err
	}
	if e, is := errors.AsType[*os.LinkError](err); is {
		return e.Err
	}
	return err
}

// readTape reads a recording, plain or gzipped; "-" is the standard input.
func (a *app) readTape(name string) (*tape.Tape, error) {
	in := a.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, cause(err))
		}
		defer f.Close()
		in = f
	} else {
		name = "standard input"
	}
	head := make([]byte, 2)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read %s: %w", name, cause(err))
	}
	in = io.MultiReader(bytes.NewReader(head[:n]), in)
	if string(head) == "\x1f\x8b" {
		if in, err = gzip.NewReader(in); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	t, err := tape.Read(in) // bounds what it takes, unpacked
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return t, nil
}

// writeTape writes a recording, gzipped when the name says so.
func writeTape(name string, t *tape.Tape) error {
	return writeFile(name, func(w io.Writer) error {
		if !strings.HasSuffix(name, ".gz") {
			return t.Write(w)
		}
		z := gzip.NewWriter(w) // no name and no time inside: the same tape, the same bytes
		if err := t.Write(z); err != nil {
			return err
		}
		return z.Close()
	})
}
