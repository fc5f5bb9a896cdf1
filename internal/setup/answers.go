package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"assay/internal/syntax/assaytoml"
)

// Answers are what assay.toml says to the questions of a setup: the operator's file
// wins over those beside the app, which may speak of that app alone.
type Answers struct {
	operator assaytoml.File
	app      []assaytoml.File
}

// Answered reads the operator's file and those in the app's folder. A mistake in one
// of them is an error: what was meant by it would be asked of nobody.
func Answered(operator, source string) (a Answers, err error) {
	text, err := os.ReadFile(operator)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	if a.operator, err = flawless(operator, string(text), assaytoml.Operator); err != nil {
		return a, err
	}
	root, err := os.OpenRoot(source)
	if err != nil {
		return a, fmt.Errorf("read the app: %w", err)
	}
	defer root.Close()
	r := reading{root: root} // the folder may be anybody's
	for _, at := range []struct {
		name  string
		place assaytoml.Place
	}{{"assay.toml", assaytoml.App}, {"pyproject.toml", assaytoml.Project}} {
		text, err := r.text(at.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return a, err
		}
		f, err := flawless(filepath.Join(source, at.name), text, at.place)
		if err != nil {
			return a, err
		}
		a.app = append(a.app, f)
	}
	return a, nil
}

func flawless(name, text string, place assaytoml.Place) (assaytoml.File, error) {
	f := assaytoml.Parse(text, place)
	if len(f.Troubles) == 0 {
		return f, nil
	}
	t := f.Troubles[0]
	err := fmt.Errorf("%s:%d:%d: %s", name, t.Line, t.Col, t.Text)
	if t.Hint != "" {
		err = fmt.Errorf("%w\nhint: %s", err, t.Hint)
	}
	return f, err
}

// Name is that of the app in a folder of that name: [deployment.FOLDER.setup] speaks
// of it; else [setup] has one.
func (a Answers) Name(folder string) string {
	if _, ok := a.operator.SetupOf[folder]; ok {
		return folder
	}
	return a.operator.Setup["name"].Text
}

// Of is the answer for the app of a name. A table [setup] with the name of another
// app is not about this one.
func (a Answers) Of(name, key string) (v assaytoml.Value, ok bool) {
	tables := []map[string]assaytoml.Value{a.operator.SetupOf[name]}
	if n, named := a.operator.Setup["name"]; !named || n.Text == name {
		tables = append(tables, a.operator.Setup)
	}
	for _, f := range a.app {
		tables = append(tables, f.Setup)
	}
	for _, t := range tables {
		if v, ok = t[key]; ok {
			return v, true
		}
	}
	return v, false
}
