package host

import (
	"errors"
	"os"
	"strings"
	"testing"

	"assay/internal/tape"
)

// What pip 25.1 says (-vv), shortened to the lines that decide. An index that
// answers is believed; one that does not answer, and what has to be built, says
// nothing about another time.
func TestWhatPipRefuses(t *testing.T) {
	const none = "ERROR: Could not find a version that satisfies the requirement nosuch (from versions: none)\nERROR: No matching distribution found for nosuch\n"
	for _, c := range []struct{ said, want string }{
		{"  Found link http://packages.lab/wheels/flask-3.1.1-py3-none-any.whl\nERROR: Could not find a version that satisfies the requirement flask==99 (from versions: 3.0.0, 3.1.0, 3.1.1)\nERROR: No matching distribution found for flask==99\n",
			"Could not find a version that satisfies the requirement flask==99 (the newest there is: 3.1.1)"},
		{"Could not fetch URL http://packages.lab/simple/nosuch/: 404 Client Error: File not found for url: http://packages.lab/simple/nosuch/ - skipping\n" + none,
			"Could not find a version that satisfies the requirement nosuch (the newest there is: none)"},
		{"Could not fetch URL http://packages.lab:81/simple/nosuch/: connection error: HTTPConnectionPool(host='packages.lab', port=81): Max retries exceeded - skipping\n" + none +
			"Exception information:\nTraceback (most recent call last):\n    raise ResolutionImpossible(self.state.backtrack_causes)\n", ""},
		{"Could not fetch URL https://pypi.org/simple/nosuch/: 503 Server Error: Service Unavailable - skipping\n" + none, ""},
		{"Could not fetch URL https://one.example/simple/nosuch/: 404 Client Error: Not Found - skipping\nCould not fetch URL https://two.example/simple/nosuch/: connection error - skipping\n" + none, ""},
		{none, ""},
		{"ERROR: Ignored the following versions that require a different python version: 5.0 Requires-Python >=3.14\n" + none,
			"Ignored the following versions that require a different python version: 5.0 Requires-Python >=3.14; Could not find a version that satisfies the requirement nosuch (the newest there is: none)"},
		{"ERROR: Cannot install Flask>=2.2 and flask==1 because these package versions have conflicting dependencies.\n\nThe conflict is caused by:\n    The user requested Flask>=2.2\n    The user requested flask==1\n\nTo fix this you could try to:\n1. loosen the range\n\nERROR: ResolutionImpossible: for help visit https://pip.pypa.io/\n",
			"Cannot install Flask>=2.2 and flask==1 because these package versions have conflicting dependencies: The user requested Flask>=2.2; The user requested flask==1"},
		{"ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, please update the hashes.\n    flask==3.1.1 from http://packages.lab/wheels/flask.whl:\n        Expected sha256 aa\n             Got        bb\n",
			"flask==3.1.1 has another hash than the one that is written down"},
		{"ERROR: In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:\n    click from http://packages.lab/wheels/click-8.1.3-py3-none-any.whl#sha256=44 (from flask==2.2.2->-r /root/r2.txt (line 1))\n",
			"the list has hashes, and none for click, which is wanted, too"},
		{"ERROR: Hashes are required in --require-hashes mode, but they are missing from some requirements. (If you did not enable --require-hashes manually, note that it turns on automatically when any package has a hash.)\n    redis==4.3.4 --hash=sha256:c6\n",
			"the list has hashes, and none for redis==4.3.4, which is wanted, too"},
		{"ERROR: Invalid requirement: 'flask== ==1': Expected end or semicolon\n", "Invalid requirement: 'flask== ==1': Expected end or semicolon"},
		{"  error: subprocess-exited-with-error\nERROR: Could not find a version that satisfies the requirement setuptools>=99 (from versions: 80.0)\n", ""},
		{"ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n", ""},
	} {
		if got := pipRefuses(c.said); got != c.want {
			t.Errorf("%s\nis %q, want %q", c.said, got, c.want)
		}
	}
}

// An import is refused only where the finished host would refuse it, too.
func TestVerdicts(t *testing.T) {
	y := &tryout{Tryout: Tryout{Home: "/srv/shop", Named: "uv.lock", Later: []string{"/etc/shop", "/run/shop"}}, release: tryouts + "/releases/tried"}
	at := []tape.Frame{{File: "/usr/lib/python3/x.py", Line: 1}, {File: y.release + "/shop/config.py", Line: 7, Own: true}, {File: "/site-packages/y.py", Line: 2}}
	reached := []tape.Refusal{{What: "connect"}}
	for _, c := range []struct {
		r       tape.App
		stores  bool
		refused string
		unknown string
	}{
		{r: tape.App{}},
		{r: tape.App{Error: &tape.AppError{Type: "ModuleNotFoundError", Text: "No module named 'x'", Frames: at}},
			refused: "the app does not load: ModuleNotFoundError: No module named 'x' (shop/config.py line 7)\nhint: add the package that brings it to uv.lock"},
		{r: tape.App{Error: &tape.AppError{Type: "KeyError", Text: "'SMTP'", Frames: at}, Env: []tape.EnvRead{{Key: "SMTP", Required: true}}},
			refused: "the app does not load: KeyError: 'SMTP' (shop/config.py line 7)\nhint: --env-file FILE with a line SMTP=..."},
		{r: tape.App{Error: &tape.AppError{Type: "KeyError", Text: "'color'"}}, refused: "the app does not load: KeyError: 'color'"},
		{r: tape.App{Error: &tape.AppError{Type: "KeyError", Text: "'color'"}}, stores: true, unknown: "'color'"},
		{r: tape.App{Error: &tape.AppError{Type: "SystemExit", Text: "the app ended the process: sys.exit(1)"}}, stores: true, unknown: "sys.exit(1)"},
		{r: tape.App{Error: &tape.AppError{Type: "AttributeError", Text: "'NoneType' object has no attribute 'cursor'"}}, stores: true, unknown: "NoneType"},
		{r: tape.App{Error: &tape.AppError{Type: "AppImportError", Text: "Failed to find attribute 'app' in 'wsgi'."}}, stores: true, refused: "Failed to find attribute 'app' in 'wsgi'."},
		{r: tape.App{Error: &tape.AppError{Type: "ImportError", Text: "cannot import name 'y' from 'shop' (" + y.release + "/shop/__init__.py)"}},
			refused: "the app does not load: ImportError: cannot import name 'y' from 'shop' (/srv/shop/releases/tried/shop/__init__.py)"},
		{r: tape.App{Error: &tape.AppError{Type: "ModuleNotFoundError", Text: "No module named 'x'"}, Refused: reached}, refused: "No module named 'x'"},
		{r: tape.App{Error: &tape.AppError{Type: "OperationalError", Text: "no database", Refused: "network"}}, unknown: "no database"},
		{r: tape.App{Error: &tape.AppError{Type: "SystemExit", Text: "the app ended the process: sys.exit(1)"}, Refused: reached}, unknown: "sys.exit(1)"},
		{r: tape.App{Error: &tape.AppError{Type: "FileNotFoundError", Text: "No such file or directory: '" + tryouts + "/data/shop.db'"}}, unknown: "/srv/shop/data/shop.db"},
		{r: tape.App{Error: &tape.AppError{Type: "RuntimeError", Text: "no settings", Cause: "FileNotFoundError: '/etc/shop/settings.ini'"}}, unknown: "no settings"},
		{r: tape.App{Error: &tape.AppError{Type: "ImportError", Text: "libpq.so.5: cannot open shared object file: No such file or directory"}}, unknown: "libpq.so.5"},
		{r: tape.App{Ended: "it was still busy after 20 seconds"}, unknown: "still busy"},
	} {
		y.Stores = c.stores
		err := y.verdict(c.r)
		var u unknowable
		said := ""
		if errors.As(err, &u) {
			said, err = u.why, nil
		}
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) || (said == "") != (c.unknown == "") || !strings.Contains(said, c.unknown) {
			t.Errorf("%+v: %v, %q", c.r, err, said)
		}
	}
}

// The folder of a tryout is one process's alone, and gone when it is released.
func TestScratch(t *testing.T) {
	dir := t.TempDir() + "/tryout"
	ended := 0
	end := func() { ended++ }
	release, err := scratch(dir, end)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scratch(dir, end); err == nil {
		t.Error("two have it")
	}
	if release(); ended > 0 {
		t.Error("one that goes on was ended")
	}
	if err := os.Mkdir(dir, 0o711); err != nil { // as a killed one leaves it
		t.Fatal(err)
	}
	again, err := scratch(dir, end)
	if err != nil || ended != 1 {
		t.Fatal(err, ended)
	}
	again()
	if there, _ := exists(dir); there {
		t.Error("it is still there")
	}
}
