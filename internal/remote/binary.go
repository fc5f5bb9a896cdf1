package remote

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// binary is the program that is brought.
type binary struct {
	bytes []byte
	sum   string
}

// machines are what uname -m says, in Go's words, with the number in an ELF header.
var machines = map[string]struct {
	arch string
	elf  byte
}{
	"x86_64": {"amd64", 62}, "amd64": {"amd64", 62},
	"aarch64": {"arm64", 183}, "arm64": {"arm64", 183},
}

// maxBinary is more than any build of this program.
const maxBinary = 200 << 20

// program finds the one for the other machine: this very program, the one for
// that machine beside it (as make build leaves them), or the one that was named.
func program(exe, named string, who guest) (binary, error) {
	m, known := machines[who.machine]
	if who.os != "Linux" || !known {
		return binary{}, fmt.Errorf("it is %s on %s; assay looks at Linux on amd64 and arm64", who.os, who.machine)
	}
	path := named
	switch {
	case named != "":
	case runtime.GOOS == "linux" && runtime.GOARCH == m.arch:
		path = exe
	default:
		path = filepath.Join(filepath.Dir(exe), "assay-linux-"+m.arch)
	}
	b, err := os.ReadFile(path)
	if named == "" && errors.Is(err, fs.ErrNotExist) {
		return binary{}, fmt.Errorf("it is %s, and there is no %s\nhint: make build makes it; or name one with --binary FILE", who.machine, path)
	}
	if err != nil {
		if e, is := errors.AsType[*fs.PathError](err); is {
			err = e.Err
		}
		return binary{}, fmt.Errorf("read %s: %w", path, err)
	}
	if len(b) < 20 || len(b) > maxBinary || !bytes.HasPrefix(b, []byte("\x7fELF")) {
		return binary{}, fmt.Errorf("read %s: it is no program for Linux", path)
	}
	if b[18] != m.elf {
		return binary{}, fmt.Errorf("read %s: it is not built for %s, which the host is", path, who.machine)
	}
	sum := sha256.Sum256(b)
	return binary{b, hex.EncodeToString(sum[:])}, nil
}

func (p binary) pack() ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(p.bytes); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
