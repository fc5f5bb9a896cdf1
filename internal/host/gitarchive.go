package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"

	"golang.org/x/sys/unix"
)

var aRef = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/@{}^~-]{0,200}$`)

// Committed writes what a folder of git's held at a commit, as a tar. git runs as
// the folder's owner, since a repository's own settings name programs.
func Committed(ctx context.Context, w Writer, folder, ref string, into *os.File) error {
	h, ok := w.(hands)
	if !ok {
		return errors.New("only this host's own folders can be read")
	}
	if !aRef.MatchString(ref) {
		return fmt.Errorf("%s: not the name of a commit, a branch or a tag", short(ref))
	}
	var st unix.Stat_t
	if err := unix.Stat(folder, &st); err != nil {
		return fmt.Errorf("read %s: %w", short(folder), err)
	}
	err := h.pour(ctx, into, "setpriv", "--reuid="+strconv.Itoa(int(st.Uid)), "--regid="+strconv.Itoa(int(st.Gid)), "--clear-groups", "--no-new-privs", "--reset-env",
		"git", "-C", folder, "archive", "--format=tar", ref)
	if err != nil {
		return fmt.Errorf("take %s out of git in %s: %w", ref, folder, err)
	}
	return nil
}
