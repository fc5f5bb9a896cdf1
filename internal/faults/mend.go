package faults

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"assay/internal/lab"
)

// Mended is what assay fix made of a fault.
type Mended string

// What may come of it.
const (
	Untried   Mended = ""
	Cured     Mended = "cured"      // kept, the finding is gone, and who visits gets the page
	LeftOver  Mended = "by hand"    // no plan: a person has to do it, and the words for it stand there
	Partly    Mended = "in part"    // something was mended, and the fault itself is left to a person
	TakenBack Mended = "taken back" // tried, and undone without a trace
	Harmed    Mended = "WORSE"      // visitors are worse off, or undo left something
)

// mend lets assay fix at the fault, asks as a visitor, lets it run again, and
// takes it back.
func (r *Row) mend(ctx context.Context, h *lab.Host) error {
	before, err := h.Everything(ctx)
	if err != nil {
		return err
	}
	out, err := h.Run(ctx, "assay fix --apply 2>&1 && echo EXIT 0 || echo EXIT $?")
	if err != nil {
		return err
	}
	if r.how.Show {
		r.Text += out
	}
	kept := keptAs.FindAllStringSubmatch(out, -1)
	r.Mended = LeftOver
	switch {
	case strings.Contains(out, "EXIT 5"):
		r.Mended, r.MendNote = Harmed, gist(out, "Not everything")
	case len(kept) > 0:
		if err := r.after(ctx, h, before, kept); err != nil || !strings.Contains(out, "EXIT 4") {
			return err
		}
		r.MendNote = strings.TrimPrefix(r.MendNote+"; then: "+gist(out, "Taken back"), "; ")
		return nil
	case strings.Contains(out, "EXIT 4"):
		r.Mended, r.MendNote = TakenBack, gist(out, "Taken back")
	}
	left, err := leftOver(ctx, h, before, "")
	if err == nil && len(left) > 0 {
		r.Mended, r.MendNote = Harmed, "it left: "+strings.Join(strings.Fields(strings.Join(left, " ")), " ")
	}
	return err
}

// leftOver is what is not as it was before, but for what was brought. A service
// that falls and is started again is up for a moment now and then.
func leftOver(ctx context.Context, h *lab.Host, before, brought string) ([]string, error) {
	for tries := 0; ; tries++ {
		now, err := h.Everything(ctx)
		if err != nil {
			return nil, err
		}
		left := without(lab.Differ(before, now), brought)
		if len(left) == 0 || tries == 8 {
			return left, nil
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// keptAs is a change that was kept, with its number.
var keptAs = regexp.MustCompile(`(?m)^Kept as change (\d+):`)

func gist(out, begins string) string {
	for l := range strings.Lines(out) {
		if strings.HasPrefix(l, begins) {
			return strings.TrimSpace(l)
		}
	}
	return ""
}

// after looks at a host on which changes were kept.
func (r *Row) after(ctx context.Context, h *lab.Host, before string, kept [][]string) error {
	all, err := findings(ctx, h, "check")
	if err != nil {
		return err
	}
	gone := true
	for _, f := range all {
		for _, e := range r.Cause {
			gone = gone && !f.names(e)
		}
	}
	mended, err := h.Everything(ctx)
	if err != nil {
		return err
	}
	ok, err := r.visited(ctx, h)
	if err != nil {
		return err
	}
	visited, err := h.Everything(ctx)
	if err != nil {
		return err
	}
	switch {
	case !ok && r.Harm != Out:
		r.Mended, r.MendNote = Harmed, "visitors get "+r.Saw
	case gone && ok:
		r.Mended = Cured
	default:
		r.Mended = Partly
	}
	again, err := h.Run(ctx, "assay fix 2>&1 || true")
	if err != nil {
		return err
	}
	if strings.HasPrefix(again, "Plan ") {
		r.MendNote = "a second run has more to do"
	}
	for _, k := range slices.Backward(kept) {
		if out, err := h.Run(ctx, "assay undo "+k[1]+" 2>&1"); err != nil {
			r.Mended, r.MendNote = Harmed, "undo: "+strings.Join(strings.Fields(out+err.Error()), " ")
			return nil
		}
	}
	left, err := leftOver(ctx, h, before, lab.Differ(mended, visited))
	if err == nil && len(left) > 0 {
		r.Mended, r.MendNote = Harmed, "undo left: "+strings.Join(strings.Fields(strings.Join(left, " ")), " ")
	}
	return err
}

// without takes out what a visitor brought or changed, such as an upload or a
// database: nobody undoes that.
func without(differs, brought string) []string {
	var paths []string
	for l := range strings.Lines(brought) {
		paths = append(paths, pathOf(l))
	}
	return slices.DeleteFunc(strings.Split(differs, "\n"), func(l string) bool { return l == "" || slices.Contains(paths, pathOf(l)) })
}

// pathOf is the path of a line of lab.Differ.
func pathOf(l string) string {
	_, l, _ = strings.Cut(l, " ")
	name, _, _ := strings.Cut(l, " ")
	return name
}

// visited asks once more as the visitor, who follows redirects, and says whether
// all is well now.
func (r *Row) visited(ctx context.Context, h *lab.Host) (bool, error) {
	if r.Visit != "" {
		_, err := h.Visitor(ctx, r.Visit)
		var script *lab.ScriptError
		if err != nil && !errors.As(err, &script) {
			return false, err
		}
		return err == nil, nil
	}
	out, err := h.Visitor(ctx, "curl -sL --max-redirs 5 -m 8 -o /dev/null -w '%{http_code} ' '"+r.url()+"' && echo 0 || echo $?")
	if err != nil {
		return false, err
	}
	now := saw(out)
	return now == "ok" || r.Harm != Out && now == r.Saw, nil
}

// mendable says that the fault is one that this host's configuration can cure.
func (r Row) mendable() bool { return r.Cure == "host" && r.Mended != Untried }

func (r Row) mendWords() string {
	if r.MendNote != "" {
		return fmt.Sprintf("%s: %s", r.Mended, r.MendNote)
	}
	return string(r.Mended)
}
