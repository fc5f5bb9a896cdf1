package assaytoml

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// entry is a key with its value, or a table's head.
type entry struct {
	path      []string // the numbers of arrays of tables stand in it
	line, col int
	table     bool // a table's head, or an inline table
	kind      Kind // "" for what no key holds
	text      string
	texts     []string
	number    int
	day       time.Time
	truth     bool
	raw       string
	found     string // the kind in words, where kind is ""
}

func (e entry) what() string {
	if e.kind == "" {
		return e.found
	}
	return string(e.kind)
}

// entries walks a file that is TOML, in its order.
func entries(b []byte) []entry {
	w := walker{arrays: map[string]int{}}
	w.Reset(b)
	var table []string
	for w.NextExpression() {
		x := w.Expression()
		switch x.Kind {
		case unstable.Table, unstable.ArrayTable:
			var at unstable.Position
			table, at = w.key(nil, x)
			if x.Kind == unstable.ArrayTable {
				name := strings.Join(table, "\x00")
				table = append(table, strconv.Itoa(w.arrays[name]))
				w.arrays[name]++
			} else {
				table = w.numbered(table)
			}
			w.out = append(w.out, entry{path: table, line: at.Line, col: at.Column, table: true})
		case unstable.KeyValue:
			w.pair(table, x)
		}
	}
	return w.out
}

type walker struct {
	unstable.Parser
	arrays map[string]int
	out    []entry
}

func (w *walker) key(under []string, x *unstable.Node) (path []string, at unstable.Position) {
	path = append(path, under...)
	for it := x.Key(); it.Next(); {
		n := it.Node()
		if at.Line == 0 {
			at = w.Shape(n.Raw).Start
		}
		path = append(path, string(n.Data))
	}
	return path, at
}

// numbered puts the number of the last table of an array into a path below it.
func (w *walker) numbered(path []string) []string {
	var out []string
	for i, p := range path {
		out = append(out, p)
		if n := w.arrays[strings.Join(out, "\x00")]; n > 0 && i < len(path)-1 {
			out = append(out, strconv.Itoa(n-1))
		}
	}
	return out
}

func (w *walker) pair(under []string, x *unstable.Node) {
	path, at := w.key(under, x)
	w.value(path, at, x.Value())
}

func (w *walker) value(path []string, at unstable.Position, v *unstable.Node) {
	e := entry{path: path, line: at.Line, col: at.Column, raw: string(w.Raw(v.Raw))}
	switch v.Kind {
	case unstable.InlineTable:
		e.table, e.found = true, "a table"
		w.out = append(w.out, e)
		for it := v.Children(); it.Next(); {
			if n := it.Node(); n.Kind == unstable.KeyValue {
				w.pair(path, n)
			}
		}
		return
	case unstable.Array:
		if w.tables(path, at, v) {
			return
		}
		w.list(&e, v)
	case unstable.String:
		e.kind, e.text = Text, string(v.Data)
	case unstable.Integer:
		n, err := strconv.Atoi(strings.ReplaceAll(string(v.Data), "_", ""))
		if e.kind, e.number = Number, n; err != nil {
			e.kind, e.found = "", "a number that is not written in tens"
		}
	case unstable.Bool:
		e.kind, e.truth = Truth, string(v.Data) == "true"
	case unstable.LocalDate:
		day, err := time.Parse(time.DateOnly, string(v.Data))
		if e.kind, e.day = Day, day; err != nil {
			e.kind, e.found = "", "no day of a calendar"
		}
	default:
		e.found = map[unstable.Kind]string{unstable.Float: "a number with a fraction",
			unstable.LocalTime: "a time", unstable.LocalDateTime: "a date with a time", unstable.DateTime: "a date with a time"}[v.Kind]
	}
	w.out = append(w.out, e)
}

// tables takes an array of inline tables as TOML does: as tables with numbers.
func (w *walker) tables(path []string, at unstable.Position, v *unstable.Node) bool {
	n := 0
	for it := v.Children(); it.Next(); {
		if it.Node().Kind == unstable.InlineTable {
			w.value(append(path[:len(path):len(path)], strconv.Itoa(n)), at, it.Node())
			n++
		}
	}
	return n > 0
}

func (w *walker) list(e *entry, v *unstable.Node) {
	e.kind = Texts
	for it := v.Children(); it.Next(); {
		n := it.Node()
		switch n.Kind {
		case unstable.Comment:
		case unstable.String:
			e.texts = append(e.texts, string(n.Data))
		default:
			e.kind, e.found = "", "a list of other things than strings"
		}
	}
	var quoted []string
	for _, t := range e.texts {
		quoted = append(quoted, fmt.Sprintf("%q", t))
	}
	e.raw = "[" + strings.Join(quoted, ", ") + "]"
}
