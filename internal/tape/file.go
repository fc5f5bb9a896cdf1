package tape

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Format is the first line's "tape" of a recording: its version.
const Format = 1

type header struct {
	Tape int `json:"tape"`
}

type line struct {
	Ask    Ask    `json:"ask"`
	Answer Answer `json:"answer"`
}

// Write gives the tape as lines of JSON: a header, then one ask with its
// answer a line, ordered, so that two recordings can be compared with diff.
func (t *Tape) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(header{Format}); err != nil {
		return err
	}
	for _, a := range t.Asks() {
		if err := enc.Encode(line{a, t.answers[a]}); err != nil {
			return err
		}
	}
	return b.Flush()
}

// MaxTape bounds the bytes that Read takes.
const MaxTape = 256 << 20

// Read reads what Write wrote. Errors name the line.
func Read(r io.Reader) (*Tape, error) {
	in := bufio.NewReaderSize(io.LimitReader(r, MaxTape), 1<<16)
	t := &Tape{}
	for n := 1; ; n++ {
		row, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(row)) > 0 {
			if err := t.readLine(n, row); err != nil {
				return nil, err
			}
		}
		if errors.Is(err, io.EOF) {
			if n == 1 && len(row) == 0 {
				return nil, errors.New("the recording is empty")
			}
			return t, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (t *Tape) readLine(n int, row []byte) error {
	if n == 1 {
		var h header
		if err := json.Unmarshal(row, &h); err != nil || h.Tape == 0 {
			return errors.New("line 1: not a recording of assay (it begins with {\"tape\":1})")
		}
		if h.Tape != Format {
			return fmt.Errorf("line 1: recording format %d; this assay reads format %d", h.Tape, Format)
		}
		return nil
	}
	var l line
	if err := json.Unmarshal(row, &l); err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	switch l.Answer.Status {
	case Seen, Absent, Unseen:
	default:
		return fmt.Errorf("line %d: status %q; want seen, absent or unseen", n, l.Answer.Status)
	}
	t.Put(l.Ask, l.Answer)
	return nil
}
