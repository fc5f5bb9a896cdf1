package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/host"
	"assay/internal/plan"
)

// Release is the one that is live already, or the name of a first one.
func Release(i Intent, now time.Time) (string, error) {
	if to, err := os.Readlink(i.Current()); err == nil { // what is live is a deployment's to change
		return path.Base(to), nil
	}
	sum, err := Sum(i.Source)
	return ReleaseName(now, sum), err
}

// ReleaseName is a release's: when it was made, and of what.
func ReleaseName(now time.Time, sum string) string {
	return now.UTC().Format("20060102T150405") + "-" + sum
}

// Sum is a hash of all that a release of a folder holds, in eight digits.
func Sum(source string) (string, error) {
	root, err := os.OpenRoot(source)
	if err != nil {
		return "", err
	}
	defer root.Close()
	sum := sha256.New()
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || name == ".":
			return err
		case slices.Contains(host.NotReleased, d.Name()) && d.IsDir():
			return fs.SkipDir
		case slices.Contains(host.NotReleased, d.Name()):
			return nil
		}
		fmt.Fprintf(sum, "%q %v\n", name, d.Type())
		if !d.Type().IsRegular() {
			return nil
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(sum, f)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read the app in %s: %w", source, err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:8], nil
}

// Left drops what is done already. Files that were changed by somebody since are
// left as they are, and named.
func Left(ctx context.Context, h host.Writer, p plan.Plan) (left plan.Plan, kept []string, err error) {
	left = p
	left.Parts = nil
	for _, part := range p.Parts {
		var steps []plan.Step
		real := false // more than what follows from other steps
		for _, s := range part.Steps {
			done, note, err := settled(ctx, h, s)
			if err != nil {
				return plan.Plan{}, nil, err
			}
			if note != "" {
				kept = append(kept, note)
			}
			if done {
				continue
			}
			if s.Kind == plan.Deed && s.Deed == "packages" {
				if s.Args, err = missing(ctx, h, s.Args); err != nil {
					return plan.Plan{}, nil, err
				}
			}
			real = real || s.Kind != plan.Unit && !s.Traceless()
			steps = append(steps, s)
		}
		if real {
			part.Steps = steps
			left.Parts = append(left.Parts, part)
		}
	}
	return left, kept, nil
}

func missing(ctx context.Context, h host.Writer, names []string) (out []string, err error) {
	for _, n := range names {
		there, err := h.Done(ctx, "packages", []string{n})
		if err != nil {
			return nil, err
		}
		if !there {
			out = append(out, n)
		}
	}
	return out, nil
}

// settled says that a step has nothing to do any more.
func settled(ctx context.Context, h host.Writer, s plan.Step) (done bool, kept string, err error) {
	switch s.Kind {
	case plan.Unit:
		return false, "", nil
	case plan.Deed:
		done, err := h.Done(ctx, s.Deed, s.Args)
		if err != nil { // what answers is not installed yet
			return false, "", nil
		}
		return done, "", nil
	}
	there, _, err := h.Look(s.Path, s.Kind != plan.Link && s.Kind != plan.Remove)
	if err != nil {
		return false, "", err
	}
	text := string(there.Body)
	switch s.Kind {
	case plan.Remove:
		return there.Kind == host.Nothing && exists(path.Dir(path.Dir(s.Path))), "", nil
	case plan.Folder:
		return there.Kind == host.FolderHere, "", nil
	case plan.Link:
		return there.Kind == host.LinkImage, "", nil
	case plan.Append:
		return strings.Contains(text, s.Body), "", nil
	case plan.Edit:
		return strings.Contains(text, strings.Join(s.Lines[0].New, "\n")), "", nil
	case plan.Write:
		if there.Kind == host.Nothing {
			return false, "", nil
		}
		if !same(s.Body, text) {
			kept = s.Path
		}
		return true, kept, nil
	}
	return false, "", nil
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

// same says that a text is what a body became, with whatever secrets were made.
// What a later step added at its end counts as the same.
func same(body, text string) bool {
	for i, part := range strings.Split(body, plan.Secret) {
		at := strings.Index(text, part)
		if at < 0 || i == 0 && at != 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}
