package regex

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every expression of the program compiles: what is built from parts is left to
// the tests of its package.
func TestAllCompile(t *testing.T) {
	n := 0
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(x ast.Node) bool {
			c, ok := x.(*ast.CallExpr)
			if !ok || len(c.Args) != 1 {
				return true
			}
			s, ok := c.Fun.(*ast.SelectorExpr)
			lit, ok2 := c.Args[0].(*ast.BasicLit)
			if !ok || !ok2 || s.Sel.Name != "New" {
				return true
			}
			if p, ok := s.X.(*ast.Ident); !ok || p.Name != "regex" {
				return true
			}
			text, _ := strconv.Unquote(lit.Value)
			if _, err := regexp.Compile(text); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			n++
			return true
		})
		return nil
	})
	if err != nil || n < 40 {
		t.Errorf("%d expressions: %v", n, err)
	}
}
