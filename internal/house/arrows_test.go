package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// order is the rooms in import order: a package imports only what stands above
// it. A room with folders of its own (checks/nginx) has one place.
var order = []string{
	"regex", "tape", "syntax", "fact", "facts", "model", "plan", "check", "checks", "diagnose", "report", "story", "fix",
	"host", "collect", "remote", "audit", "apply", "setup", "deploy", "lab", "faults", "cli", "house",
}

// holders may hold a host.
var holders = []string{"host", "collect", "remote", "audit", "apply", "setup", "deploy", "lab", "faults", "cli"}

// pure are the rooms from the tape to the report: no way to a host, a clock or
// the environment, not even transitively.
var pure = []string{"regex", "tape", "syntax", "fact", "facts", "model", "plan", "check", "checks", "diagnose", "report", "story", "fix"}

// runs may start programs.
var runs = []string{"host", "remote", "lab"}

type pkg struct {
	path    string   // assay/internal/...
	room    string   // "" outside internal/
	imports []string // of the sources that ship
	files   []string
}

func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// packages reads the project's own packages.
func packages(t testing.TB, dir string) []pkg {
	t.Helper()
	var out []pkg
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if n := d.Name(); p != dir && (strings.HasPrefix(n, ".") || n == "testdata" || n == "tools" || n == "dist") {
			return filepath.SkipDir
		}
		k, ok := read(t, dir, p)
		if ok {
			out = append(out, k)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t testing.TB, top, dir string) (pkg, bool) {
	rel, _ := filepath.Rel(top, dir)
	k := pkg{path: "assay/" + filepath.ToSlash(rel)}
	if r, ok := strings.CutPrefix(k.path, "assay/internal/"); ok {
		k.room, _, _ = strings.Cut(r, "/")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		src, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		k.files = append(k.files, f)
		for _, i := range src.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			if !slices.Contains(k.imports, p) {
				k.imports = append(k.imports, p)
			}
		}
	}
	return k, len(k.files) > 0
}

func roomOf(path string) string {
	r, ok := strings.CutPrefix(path, "assay/internal/")
	if !ok {
		return ""
	}
	room, _, _ := strings.Cut(r, "/")
	return room
}

func TestArrows(t *testing.T) {
	for _, complaint := range arrows(packages(t, root(t))) {
		t.Error(complaint)
	}
}

// arrows are the complaints about who imports whom.
func arrows(all []pkg) []string {
	var out []string
	for _, p := range all {
		if p.room == "" {
			continue
		}
		at := slices.Index(order, p.room)
		if at < 0 {
			out = append(out, p.path+": the room "+p.room+" has no place in the order")
			continue
		}
		for _, i := range p.imports {
			r := roomOf(i)
			if r == "" || r == p.room {
				continue
			}
			if slices.Index(order, r) > at {
				out = append(out, p.path+" imports "+i+", which stands below it")
			}
			if r == "host" && !slices.Contains(holders, p.room) {
				out = append(out, p.path+" holds a host")
			}
		}
		if slices.Contains(p.imports, "os/exec") && !slices.Contains(runs, p.room) {
			out = append(out, p.path+" starts programs")
		}
	}
	return out
}

// The pure rooms reach no host, clock or chance. Libraries under syntax/ import
// more than they use (crossplane opens files unless it is handed a way to), so
// for them the calls of our own sources count.
func TestPureRooms(t *testing.T) {
	for _, p := range packages(t, root(t)) {
		if !slices.Contains(pure, p.room) {
			continue
		}
		for _, f := range p.files {
			for _, complaint := range impure(t, f) {
				t.Error(complaint)
			}
		}
	}
}

// banned are the packages that a pure room may not import, and the functions
// of others that it may not name.
var banned = []string{"os", "os/exec", "os/user", "net/http", "crypto/rand", "math/rand", "math/rand/v2", "syscall", "golang.org/x/sys/unix", "io/ioutil", "unsafe", "plugin", "log"}

var bannedCalls = map[string][]string{
	"time":          {"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "Local", "LoadLocation"},
	"net":           {"Dial", "DialTimeout", "Listen", "LookupHost", "LookupIP", "LookupAddr", "Interfaces", "InterfaceAddrs", "Dialer", "Resolver", "DefaultResolver"},
	"path/filepath": {"Glob", "Walk", "WalkDir", "EvalSymlinks", "Abs"},
	"crypto/x509":   {"SystemCertPool"},
	"crypto/tls":    {"Dial", "Client", "Server"},
}

func impure(t testing.TB, file string) []string {
	t.Helper()
	set := token.NewFileSet()
	src, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	names := map[string]string{}
	for _, i := range src.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		if slices.Contains(banned, p) {
			out = append(out, set.Position(i.Pos()).String()+": a pure room imports "+p)
		}
		name := p[strings.LastIndexByte(p, '/')+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = p
	}
	ast.Inspect(src, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := s.X.(*ast.Ident)
		if ok && id.Obj == nil && slices.Contains(bannedCalls[names[id.Name]], s.Sel.Name) {
			out = append(out, set.Position(n.Pos()).String()+": a pure room uses "+id.Name+"."+s.Sel.Name)
		}
		return true
	})
	return out
}

// Transitively: what the pure rooms pull in of this project is pure, and of
// others holds no way to start a program.
func TestPureRoomsTransitively(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}} {{join .Imports \",\"}}{{end}}", "./internal/report", "./internal/story", "./internal/checks/...")
	cmd.Dir = root(t)
	outp, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(outp)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(l), " ")
		if r := roomOf(path); r != "" && !slices.Contains(pure, r) {
			t.Errorf("the pure rooms reach %s", path)
		}
		for i := range strings.SplitSeq(imports, ",") {
			if i == "os/exec" || i == "net/http" || i == "plugin" {
				t.Errorf("the pure rooms reach %s through %s", i, path)
			}
		}
	}
}

// A planted fault of each kind is caught.
func TestArrowsCatch(t *testing.T) {
	for _, c := range []struct{ room, imports, want string }{
		{"tape", "assay/internal/model", "stands below"},
		{"model", "assay/internal/host", "stands below"},
		{"checks", "assay/internal/host", "holds a host"},
		{"report", "os/exec", "starts programs"},
		{"util", "fmt", "no place"},
	} {
		got := strings.Join(arrows([]pkg{{path: "assay/internal/" + c.room, room: c.room, imports: []string{c.imports}}}), "; ")
		if !strings.Contains(got, c.want) {
			t.Errorf("%s imports %s: %q, want %q", c.room, c.imports, got, c.want)
		}
	}
	f := filepath.Join(t.TempDir(), "x.go")
	if err := os.WriteFile(f, []byte("package x\nimport (\"os\"; \"time\")\nvar _ = time.Now()\nvar _ = os.Args\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := impure(t, f); len(got) != 2 {
		t.Errorf("planted: %v", got)
	}
}
