package faults

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Table writes rows as a page of Markdown: what was not right first, then all
// by layer, then the totals.
func Table(w io.Writer, rows []Row) error {
	var b strings.Builder
	slices.SortStableFunc(rows, func(x, y Row) int { return strings.Compare(x.Name, y.Name) })
	totals(&b, rows)
	for _, part := range []struct {
		title string
		takes func(Row) bool
	}{
		{"Not as it should be", func(r Row) bool { return r.Apart == "" && !r.Right() }},
		{"Faults", func(r Row) bool { return r.Apart == "" && r.Harm != None }},
		{"Healthy variants", func(r Row) bool { return r.Apart == "" && r.Harm == None }},
	} {
		list := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return !part.takes(r) })
		if len(list) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| fault | harm | visitors get | rank of the cause | found by check | cure | assay fix | time | |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n", part.title)
		for _, r := range list {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %.1f s | %s |\n", r.Name, r.Harm, r.Saw, rank(r), yes(r), r.Cure, cell(r.mendWords()), r.Took.Seconds(), cell(r.remark()))
		}
	}
	apart := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Apart == "" })
	if len(apart) > 0 {
		b.WriteString("\n## What the lab cannot express\n\n")
		for _, r := range apart {
			fmt.Fprintf(&b, "- %s: %s\n", r.Name, r.Apart)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func totals(b *strings.Builder, rows []Row) {
	share := func(what string, of, right func(Row) bool) {
		all, good := 0, 0
		for _, r := range rows {
			if r.Apart == "" && of(r) {
				all++
				if right(r) {
					good++
				}
			}
		}
		if all > 0 {
			fmt.Fprintf(b, "| %s | %d of %d | %.1f %% |\n", what, good, all, 100*float64(good)/float64(all))
		}
	}
	b.WriteString("| | | |\n| --- | --- | --- |\n")
	single := func(r Row) bool { return r.Harm == Out && len(r.Then) == 0 }
	compound := func(r Row) bool { return len(r.Then) > 0 }
	faulty := func(r Row) bool { return r.Harm != None }
	share("single faults that break requests, named first", single, func(r Row) bool { return r.Rank == 1 })
	share("the same, among the first three", single, func(r Row) bool { return r.Rank > 0 && r.Rank <= 3 })
	share("compound cases, named first", compound, func(r Row) bool { return r.Rank == 1 })
	share("all faults, found by `assay check`", faulty, func(r Row) bool { return r.Found })
	share("mended by `assay fix`, of those that break requests and are cured on the host", func(r Row) bool { return r.Harm == Out && r.mendable() }, func(r Row) bool { return r.Mended == Cured })
	share("the same, of all that are cured on the host", Row.mendable, func(r Row) bool { return r.Mended == Cured })
	share("made worse by it", func(r Row) bool { return r.Mended != Untried }, func(r Row) bool { return r.Mended == Harmed })
	share("healthy variants without a finding of medium or above", func(r Row) bool { return r.Harm == None }, func(r Row) bool { return r.Trouble == "" && len(r.Noise) == 0 })
	share("answers within 3 seconds (5 where the visitor's request hangs)", faulty, func(r Row) bool {
		return r.Took > 0 && (r.Took <= 3*time.Second || r.Saw == "timeout" && r.Took <= 5*time.Second)
	})
}

func rank(r Row) string {
	if r.Harm == None {
		return ""
	}
	if r.Rank == 0 {
		return "none"
	}
	return fmt.Sprint(r.Rank)
}

func yes(r Row) string {
	switch {
	case r.Harm == None:
		return ""
	case r.Found:
		return "yes"
	}
	return "no"
}

// remark is what a row's figures do not say.
func (r Row) remark() string {
	switch {
	case r.Trouble != "":
		return "did not work: " + r.Trouble
	case len(r.Noise) > 0:
		return strings.Join(r.Noise, "; ")
	case r.First != "":
		return "first: " + r.First
	}
	return ""
}

func cell(s string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s) }

// Line is a row while the run goes on.
func (r Row) Line() string {
	word := "ok   "
	switch {
	case r.Apart != "":
		return "apart  " + r.Name
	case !r.Right():
		word = "WRONG"
	}
	return strings.TrimSpace(fmt.Sprintf("%s  %-40s %-8s rank %-4s check %-3s %4.1f s  %-9s %-10s %s", word, r.Name, r.Saw, rank(r), yes(r), r.Took.Seconds(), r.Cure, r.mendWords(), r.remark()))
}
