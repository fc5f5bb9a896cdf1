package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/lab"
)

// Row is what came of one fault.
type Row struct {
	Fault
	Saw     string        // what the visitor got
	Rank    int           // of the true cause in assay diagnose, 1 is the first; 0: it is not there
	First   string        // what was named first instead
	Found   bool          // assay check has it
	Noise   []string      // findings of medium or above on a healthy variant
	Took    time.Duration // assay diagnose, wall time
	Trouble string        // the case itself did not work
	Text    string        // what assay diagnose says to a person, where that is to be shown
	Cure    string        // where the true cause is mended: host, code, elsewhere
	Mended  Mended        // what assay fix made of it
	// MendNote says more of it.
	MendNote string
	how      How
}

// How is what a run does besides looking.
type How struct {
	Show bool // keep what assay diagnose says to a person
	Fix  bool // let assay fix at it, and take that back
}

// Right says that the tool did what the corpus asks of it: what breaks requests
// is named first, the rest is found, and a healthy host is left alone.
func (r Row) Right() bool {
	switch {
	case r.Trouble != "":
		return false
	case r.Harm == None:
		return len(r.Noise) == 0
	case r.Harm == Out:
		return r.Rank == 1
	}
	return r.Found
}

const limit = 4 * time.Minute

// Run breaks a host of its own and looks. The binary is the program as it ships.
func Run(ctx context.Context, f Fault, name, binary string, how How) Row {
	row := Row{Fault: f, how: how}
	if f.Apart != "" {
		return row
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := row.run(ctx, name, binary); err != nil {
		row.Trouble = strings.Join(strings.Fields(err.Error()), " ")
	}
	return row
}

func (r *Row) run(ctx context.Context, name, binary string) (err error) {
	h, err := lab.Up(ctx, r.On, lab.Options{Name: name})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Down(context.WithoutCancel(ctx))) }()
	if err := h.Put(ctx, binary, "/usr/local/bin/assay", 0o755); err != nil {
		return err
	}
	if err := h.Around(ctx, r.Lab); err != nil {
		return err
	}
	if _, err := h.Break(ctx, r.Break); err != nil {
		return fmt.Errorf("break.sh: %w", err)
	}
	time.Sleep(time.Duration(r.Wait) * time.Second)
	if err := r.visit(ctx, h); err != nil {
		return err
	}
	began := time.Now()
	named, err := findings(ctx, h, "diagnose")
	if err != nil {
		return err
	}
	r.Took = time.Since(began)
	if r.how.Show {
		if r.Text, err = h.Run(ctx, "assay diagnose || test $? -le 3"); err != nil {
			return err
		}
	}
	all, err := findings(ctx, h, "check")
	if err != nil {
		return err
	}
	r.judge(named, all)
	if r.how.Fix && r.Harm != None {
		return r.mend(ctx, h)
	}
	return nil
}

// visit asks for the page as a visitor until the fault shows, some seconds: a
// service that dies over and over answers now and then.
func (r *Row) visit(ctx context.Context, h *lab.Host) error {
	for range 12 {
		if r.Visit != "" {
			_, err := h.Visitor(ctx, r.Visit)
			var script *lab.ScriptError
			if err != nil && !errors.As(err, &script) {
				return err
			}
			if r.Saw = "as said"; err == nil {
				r.Saw = "ok"
			}
			if (r.Saw == "ok") == (r.Harm != Out) {
				return nil
			}
		} else {
			out, err := h.Visitor(ctx, "curl -s -m 8 -o /dev/null -w '%{http_code} ' '"+r.url()+"' && echo 0 || echo $?")
			if err != nil {
				return err
			}
			if r.Saw = saw(out); r.Sees == "" || r.Saw == r.Sees {
				return nil
			}
		}
		time.Sleep(700 * time.Millisecond)
	}
	return fmt.Errorf("the visitor got %s, and should get %s", r.Saw, r.Sees)
}

// url is what the visitor types; a blueprint without names has its address.
func (r *Row) url() string {
	if strings.HasPrefix(r.Path, "http") {
		return r.Path
	}
	for _, name := range lab.SiteNames(r.On) {
		return "https://" + name + r.Path
	}
	return "http://" + lab.Address + r.Path
}

// saw puts what curl says into one word: its exit codes are in its manual.
func saw(out string) string {
	w := strings.Fields(out)
	if len(w) != 2 {
		return strings.TrimSpace(out)
	}
	code, _ := strconv.Atoi(w[1])
	switch {
	case code == 6:
		return "no-name"
	case code == 7:
		return "refused"
	case code == 28:
		return "timeout"
	case slices.Contains([]int{35, 51, 58, 59, 60, 77, 80, 83, 90, 91}, code):
		return "tls"
	case code == 52 || code == 56 || code == 92:
		return "cut"
	case w[0] >= "200" && w[0] < "300":
		return "ok"
	}
	return w[0]
}

type finding struct {
	ID, Key, Severity, Status, Summary string
	Cause                              *string
	Remedy                             struct{ Cure string }
	Evidence                           []struct {
		Where string
		Line  int
		Text  string
	}
}

// findings runs the program on the host and reads what it found, worst first.
func findings(ctx context.Context, h *lab.Host, verb string) ([]finding, error) {
	out, err := h.Run(ctx, "assay "+verb+" --format json || test $? -le 3")
	if err != nil {
		return nil, err
	}
	var report struct{ Findings []finding }
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		return nil, fmt.Errorf("assay %s: %w", verb, err)
	}
	return slices.DeleteFunc(report.Findings, func(f finding) bool { return f.Status == "unknown" }), nil
}

// judge compares what was found with what the corpus expects.
func (r *Row) judge(named, all []finding) {
	if r.Harm == None {
		for _, f := range slices.Concat(named, all) {
			if noise := f.ID + ": " + f.Summary; slices.Contains([]string{"medium", "high", "critical"}, f.Severity) && !slices.Contains(r.Noise, noise) {
				r.Noise = append(r.Noise, noise)
			}
		}
		return
	}
	at := func(list []finding, want []Expected) int {
		return 1 + slices.IndexFunc(list, func(f finding) bool { return slices.ContainsFunc(want, f.names) })
	}
	roots := slices.DeleteFunc(slices.Clone(named), func(f finding) bool { return f.Cause != nil })
	r.Rank = at(roots, r.Cause)
	if i := at(all, r.Cause); i > 0 {
		r.Cure = all[i-1].Remedy.Cure
	}
	r.Found = at(all, r.Cause) > 0
	for _, other := range r.Then { // each has to be told as well
		r.Found = r.Found && at(all, []Expected{other}) > 0
		for _, f := range all { // the whole is not cured without it
			if f.names(other) && !slices.ContainsFunc(r.Cause, f.names) && f.Cause == nil && f.Remedy.Cure != "host" {
				r.Cure = f.Remedy.Cure
			}
		}
		if at(named, []Expected{other}) == 0 {
			r.Rank = 0
		}
	}
	if r.Rank != 1 && len(roots) > 0 {
		r.First = roots[0].ID + ": " + roots[0].Summary
	}
}

// names says that this finding is the expected one.
func (f finding) names(e Expected) bool {
	if ok, _ := path.Match(e.ID, f.ID); !ok {
		return false
	}
	text := f.Summary
	for _, x := range f.Evidence {
		text += fmt.Sprintf("\n%s:%d %s", x.Where, x.Line, x.Text)
	}
	return e.Words.MatchString(text)
}
