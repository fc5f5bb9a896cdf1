package apply

import (
	"errors"
	"testing"
)

func TestBusy(t *testing.T) {
	dir := t.TempDir()
	if Busy(dir) {
		t.Error("nobody ever changed anything")
	}
	release, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !Busy(dir) {
		t.Error("who changes the host is not seen")
	}
	if _, err := lock(dir); !errors.Is(err, ErrBusy) {
		t.Errorf("two at once: %v", err)
	}
	release()
	if Busy(dir) {
		t.Error("nobody does any more")
	}
}
