package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each package is documented exactly once; no init(), no dot import, no room
// with a name that says nothing; text/template stays out of the binary, since
// it makes the linker keep every exported method.
func TestSource(t *testing.T) {
	for _, p := range packages(t, root(t)) {
		docs := 0
		for _, f := range p.files {
			set := token.NewFileSet()
			src, err := parser.ParseFile(set, f, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if src.Doc != nil {
				docs++
			}
			for _, complaint := range shape(set, src) {
				t.Error(complaint)
			}
		}
		if docs != 1 {
			t.Errorf("%s is documented %d times; want once", p.path, docs)
		}
		for part := range strings.SplitSeq(p.path, "/") {
			if slices.Contains([]string{"util", "utils", "common", "shared", "helpers", "types", "pkg", "misc"}, part) {
				t.Errorf("%s: %s says nothing about what lives there", p.path, part)
			}
		}
	}
}

func shape(set *token.FileSet, src *ast.File) []string {
	var out []string
	for _, d := range src.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
			out = append(out, set.Position(f.Pos()).String()+": init() hides who runs when")
		}
	}
	for _, i := range src.Imports {
		if i.Name != nil && i.Name.Name == "." {
			out = append(out, set.Position(i.Pos()).String()+": dot import")
		}
		if p := strings.Trim(i.Path.Value, `"`); p == "text/template" || p == "html/template" {
			out = append(out, set.Position(i.Pos()).String()+": "+p+" costs 10 MB in the binary")
		}
	}
	return out
}

func TestSourceCatches(t *testing.T) {
	set := token.NewFileSet()
	src, err := parser.ParseFile(set, "x.go", "package x\nimport . \"fmt\"\nimport \"text/template\"\nfunc init() {}\n", parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if got := shape(set, src); len(got) != 3 {
		t.Errorf("planted: %v", got)
	}
}

// Every internal folder of Go files is a room in the order: nothing hides.
func TestRoomsAreListed(t *testing.T) {
	dirs, _ := filepath.Glob(filepath.Join(root(t), "internal", "*"))
	for _, d := range dirs {
		if !slices.Contains(order, filepath.Base(d)) {
			t.Errorf("internal/%s has no place in the order", filepath.Base(d))
		}
	}
}
