package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Image is what lies at a path, with all that it takes to put it back.
type Image struct {
	Kind   ImageKind         `json:"kind"`
	Mode   uint32            `json:"mode,omitempty"`
	UID    int               `json:"uid,omitempty"`
	GID    int               `json:"gid,omitempty"`
	Target string            `json:"target,omitempty"` // a link's text
	Attrs  map[string][]byte `json:"attrs,omitempty"`  // extended attributes, ACLs among them
	Body   []byte            `json:"-"`                // a file's content: it may hold secrets
}

// ImageKind is what sort of thing lies at a path.
type ImageKind string

// The kinds of images.
const (
	Nothing    ImageKind = "nothing"
	FileImage  ImageKind = "file"
	LinkImage  ImageKind = "link"
	FolderHere ImageKind = "folder"
	HeldFile   ImageKind = "held" // a file whose content is others' matter: a database, a log
)

// MaxImage bounds a file that is changed.
const MaxImage = 8 << 20

// Same says that two images are one.
func (i Image) Same(o Image) bool {
	return i.sameMatter(o) && i.Mode == o.Mode && i.UID == o.UID && i.GID == o.GID && maps.EqualFunc(i.Attrs, o.Attrs, bytes.Equal)
}

// sameMatter leaves owner, mode and attributes aside.
func (i Image) sameMatter(o Image) bool {
	if i.Kind == HeldFile || o.Kind == HeldFile {
		return i.Held().Kind == o.Held().Kind
	}
	return i.Kind == o.Kind && i.Target == o.Target && bytes.Equal(i.Body, o.Body)
}

// Held is a file without its content, which may change while we are at it.
func (i Image) Held() Image {
	if i.Kind == FileImage {
		i.Kind, i.Body = HeldFile, nil
	}
	return i
}

// errOthers is for a path on whose way somebody else than root could steer us.
var errOthers = errors.New("a link in a folder that others than root can write is not followed")

// safely walks a path and follows links in root's own folders alone.
func safely(p string, follow bool) (*spot, *walker, error) {
	shared := false
	w := &walker{ctx: context.Background()}
	w.visit = func(s *spot) error {
		switch s.kind() {
		case unix.S_IFDIR:
			shared = shared || s.st.Uid != 0 || s.st.Mode&0o022 != 0
		case unix.S_IFLNK:
			if shared && (follow || !s.last) {
				return errOthers
			}
		}
		return nil
	}
	s, err := w.walk(p, follow)
	if err == nil && s.kind() == unix.S_IFREG && shared && s.st.Nlink > 1 {
		s.close()
		return nil, w, errors.New("it has a second name, in a folder that others than root can write")
	}
	return s, w, err
}

// Look implements Writer.
func (hands) Look(p string, follow bool) (Image, string, error) {
	if why := badPath(p); why != "" {
		return Image{}, "", fmt.Errorf("read %s: %s", short(p), why)
	}
	s, _, err := safely(p, follow)
	if errors.Is(err, unix.ENOENT) {
		dir, _, err := safely(path.Dir(p), true)
		switch {
		case errors.Is(err, unix.ENOENT):
			return Image{Kind: Nothing}, p, nil
		case err != nil:
			return Image{}, "", fmt.Errorf("read %s: %w", short(p), err)
		}
		defer dir.close()
		if l, _, err := safely(p, false); err == nil { // a link to nothing
			l.close()
			return Image{}, "", fmt.Errorf("read %s: it is a link to what is not there", short(p))
		}
		return Image{Kind: Nothing}, path.Join(dir.path, path.Base(p)), nil
	}
	if err != nil {
		return Image{}, "", fmt.Errorf("read %s: %w", short(p), err)
	}
	defer s.close()
	i, err := imageOf(s)
	if err != nil {
		return Image{}, "", fmt.Errorf("read %s: %w", short(p), err)
	}
	return i, s.path, nil
}

// Inspect is the image of what lies at a path, links not followed at its end.
func Inspect(p string) (Image, error) {
	i, _, err := hands{}.Look(p, false)
	return i, err
}

func imageOf(s *spot) (Image, error) {
	i := Image{Mode: s.st.Mode & 0o7777, UID: int(s.st.Uid), GID: int(s.st.Gid)}
	switch s.kind() {
	case unix.S_IFLNK:
		i.Kind, i.Target, i.Mode = LinkImage, s.link, 0
		if s.link == "" { // the end of a walk that does not follow reads no text
			buf := make([]byte, unix.PathMax)
			n, err := unix.Readlinkat(s.fd, "", buf)
			if err != nil {
				return i, err
			}
			i.Target = string(buf[:n])
		}
		return i, nil
	case unix.S_IFDIR:
		i.Kind = FolderHere
	case unix.S_IFREG:
		i.Kind = FileImage
	default:
		return i, errNotFile
	}
	fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(s.fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return i, err
	}
	defer unix.Close(fd)
	if i.Attrs, err = attrs(fd); err != nil || i.Kind == FolderHere {
		return i, err
	}
	i.Body, err = io.ReadAll(io.LimitReader(reader(fd), MaxImage+1))
	if len(i.Body) > MaxImage {
		i = i.Held()
	}
	return i, err
}

// reader reads a descriptor that somebody else closes.
type reader int

func (r reader) Read(b []byte) (int, error) {
	n, err := unix.Read(int(r), b)
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return max(n, 0), err
}

// attrs reads the extended attributes; a file system without any has none.
func attrs(fd int) (map[string][]byte, error) {
	buf := make([]byte, 64<<10)
	n, err := unix.Flistxattr(fd, buf)
	if errors.Is(err, unix.ENOTSUP) || err == nil && n == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, name := range strings.Split(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00") {
		val := make([]byte, 64<<10)
		m, err := unix.Fgetxattr(fd, name, val)
		if err != nil {
			return nil, err
		}
		out[name] = val[:m]
	}
	return out, nil
}
