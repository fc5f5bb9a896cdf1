// Package plan is what is to be done to a host, as data: checks say what would
// mend a finding, fix joins that into one plan, apply carries it out.
package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"assay/internal/syntax/edit"
	"assay/internal/tape"
)

// Kind says what a step does.
type Kind string

// The kinds.
const (
	Edit   Kind = "edit"   // Path: Lines of a file
	Write  Kind = "write"  // Path: a file that is not there yet, with Body
	Remove Kind = "remove" // Path: a file, a link or an empty folder
	Link   Kind = "link"   // Path: a link to Target, in place of whatever link or nothing is there
	Folder Kind = "folder" // Path: a folder that is not there yet
	Own    Kind = "own"    // Path: Owner, Group and Mode of what is there; "" leaves it
	Unit   Kind = "unit"   // Verb of systemctl, on Unit
	Set    Kind = "set"    // a Setting: fix makes an edit or a write of it
	Append Kind = "append" // Path: Body at the end of a file, if it does not stand in it already
	Deed   Kind = "deed"   // Deed: a row of the table of host, with Args
)

// Step is one change of a host. What is not named for its kind is empty.
type Step struct {
	Kind    Kind         `json:"kind"`
	Say     string       `json:"say"` // what it does: "let nginx hand the visitor's Host on"
	Path    string       `json:"path,omitempty"`
	Lines   []edit.Lines `json:"lines,omitempty"`
	Body    string       `json:"body,omitempty"` // with Secret where one is to be made
	Target  string       `json:"target,omitempty"`
	Owner   string       `json:"owner,omitempty"` // names of this host
	Group   string       `json:"group,omitempty"`
	Mode    string       `json:"mode,omitempty"` // "0640"
	Unit    string       `json:"unit,omitempty"`
	Verb    string       `json:"verb,omitempty"`
	Deed    string       `json:"deed,omitempty"`
	Args    []string     `json:"args,omitempty"`
	Setting *Setting     `json:"setting,omitempty"`
	Seen    string       `json:"seen,omitempty"` // an edit's file as it was looked at, secrets masked
	Cures   []string     `json:"cures"`          // keys of the findings
	Then    []Act        `json:"then,omitempty"` // what makes it count; fix makes steps of these
	Tests   []Test       `json:"tests,omitempty"`
}

// Setting is one key of a file that holds keys and values.
type Setting struct {
	Syntax  Syntax   `json:"syntax"`
	Section string   `json:"section,omitempty"`
	Key     string   `json:"key"`
	Values  []string `json:"values"` // several lines of one key: a drop-in that empties a list first
}

// Syntax is how a file of settings is written.
type Syntax string

// The ways of writing one.
const (
	Ini    Syntax = "ini"    // [Section], Key=value: systemd
	Spaced Syntax = "spaced" // key value: Redis
	Equals Syntax = "equals" // key = value: PostgreSQL, gunicorn.conf.py
	Shell  Syntax = "shell"  // KEY=value: environment files
)

// Secret in a Body or a new line stands for one that is made when the step is
// carried out: 32 bytes of chance, in hex.
const Secret = "@assay-makes-a-secret@"

// In front of a masked secret that a line keeps: it is written in another way
// when the step is carried out.
const (
	Quoted  = "@assay-quotes-for-a-url@"
	Doubled = "@assay-doubles-percent-signs@"
)

// Act is one verb of systemctl on a unit.
type Act struct {
	Verb string `json:"verb"`
	Unit string `json:"unit,omitempty"`
}

// Test is a format's own validator: a row of the table of host.
type Test struct {
	Name string `json:"name"`
	Arg  string `json:"arg"`
}

// Command is what a test runs, as one would type it; "" where that is not one command.
func (t Test) Command() string {
	switch t.Name {
	case "nginx-test":
		return "nginx -t -c " + t.Arg
	case "unit-verify":
		return "systemd-analyze verify " + t.Arg
	case "visudo":
		return "visudo -cf " + t.Arg
	}
	return ""
}

// Words are its command, or what it does.
func (t Test) Words() string {
	unit, _, _ := strings.Cut(t.Arg, " ")
	return cmp.Or(t.Command(), "load gunicorn's settings of "+unit+" in the sandbox")
}

// Plan is what one run does, in its order: files, then deeds and units.
//
// One that stands on what it makes itself (an account, a package's folder) is
// made of parts: each is worked out when those before it are done. A plan of
// parts has no steps of its own.
type Plan struct {
	Say   string   `json:"say,omitempty"` // of a part: what it is about
	Parts []Plan   `json:"parts,omitempty"`
	Steps []Step   `json:"steps"`
	Tests []Test   `json:"tests"` // of the files as they will be, before they are
	Cures []string `json:"cures"` // keys of the findings that are gone after it
	// Bar is the severity from which a new finding is a harm; "": each is. One that
	// breaks requests always is.
	Bar string `json:"bar,omitempty"`
	// Expects are checks whose word against the host is known and said before.
	Expects []string `json:"expects,omitempty"`
	// Renames are names that stand for one thing, before and after: two releases.
	Renames map[string]string `json:"renames,omitempty"`
}

// ID names a plan by what it does: the same steps from the same state of the
// host have the same one.
func (p Plan) ID() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	sum := sha256.Sum256([]byte(tape.Unmasked(string(b))))
	return hex.EncodeToString(sum[:4])
}

// Empty says that there is nothing to do.
func (p Plan) Empty() bool { return len(p.All()) == 0 }

// Sections are the parts of a plan, or it itself.
func (p Plan) Sections() []Plan {
	if len(p.Parts) == 0 {
		return []Plan{p}
	}
	return p.Parts
}

// All are the steps of all its parts.
func (p Plan) All() []Step {
	var out []Step
	for _, s := range p.Sections() {
		out = append(out, s.Steps...)
	}
	return out
}

// All joins the parts of one remedy; where one part is not certain, nothing is.
func All(parts ...[]Step) []Step {
	if slices.ContainsFunc(parts, func(p []Step) bool { return len(p) == 0 }) {
		return nil
	}
	return slices.Concat(parts...)
}

// Systemctl is a step of systemctl alone.
func Systemctl(say, verb, unit string) []Step {
	return []Step{{Kind: Unit, Say: say, Verb: verb, Unit: unit}}
}

// DropIn sets a key of a unit in a drop-in of ours; values that begin with ""
// empty a list first. The unit is restarted, if it runs, or started.
func DropIn(say, unit, section, key string, values ...string) []Step {
	if unit == "" {
		return nil
	}
	return []Step{{Kind: Set, Say: say, Path: DropInPath(unit), Setting: &Setting{Syntax: Ini, Section: section, Key: key, Values: values},
		Then: []Act{{Verb: "restart", Unit: unit}}, Tests: []Test{{Name: "unit-verify", Arg: unit}}}}
}

// DropInRead is DropIn for what systemd itself goes by: the service runs on.
func DropInRead(say, unit, section, key string, values ...string) []Step {
	steps := DropIn(say, unit, section, key, values...)
	for i := range steps {
		steps[i].Then = nil
	}
	return steps
}

// DropInPath is the drop-in of a unit that is ours. It is read last but for names
// that begin with zz, so that an operator's override.conf does not take it back.
func DropInPath(unit string) string { return "/etc/systemd/system/" + unit + ".d/zz-assay.conf" }

// Key sets a key in a file of settings.
func Key(say, path string, syntax Syntax, key, value string, then ...Act) []Step {
	return []Step{{Kind: Set, Say: say, Path: path, Setting: &Setting{Syntax: syntax, Key: key, Values: []string{value}}, Then: then}}
}

// Change is a step that replaces lines of a file.
func Change(say, path string, c edit.Lines, then ...Act) []Step {
	return []Step{{Kind: Edit, Say: say, Path: path, Lines: []edit.Lines{c}, Then: then}}
}

// New is a file that is not there yet, root's own.
func New(say, path, mode, body string, then ...Act) []Step {
	return []Step{{Kind: Write, Say: say, Path: path, Mode: mode, Body: body, Then: then}}
}

// Owned gives a path another owner, group or mode; "" leaves it.
func Owned(say, path, owner, group, mode string) []Step {
	return []Step{{Kind: Own, Say: say, Path: path, Owner: owner, Group: group, Mode: mode}}
}

// Linked makes a link, in place of whatever link or nothing is there.
func Linked(say, path, to string, then ...Act) []Step {
	return []Step{{Kind: Link, Say: say, Path: path, Target: to, Then: then}}
}

// Gone takes a file or a link away.
func Gone(say, path string, then ...Act) []Step {
	return []Step{{Kind: Remove, Say: say, Path: path, Then: then}}
}

// order is in which the verbs of systemctl are carried out.
var order = []string{"daemon-reload", "reset-failed", "disable", "stop", "unmask", "enable", "reload-or-restart", "reload", "restart", "start"}

// Ordered sorts unit steps: what others stand on first, nginx last.
func Ordered(acts []Act) []Act {
	rank := func(a Act) int {
		switch {
		case a.Unit == "":
			return 0
		case a.Unit == "nginx.service" || a.Unit == "apache2.service":
			return 3
		case Stores(a.Unit):
			return 1
		}
		return 2
	}
	out := slices.Clone(acts)
	slices.SortStableFunc(out, func(a, b Act) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(a.Unit, b.Unit), slices.Index(order, a.Verb)-slices.Index(order, b.Verb))
	})
	return out
}

// Stores says that a unit keeps an app's data.
func Stores(unit string) bool {
	return strings.HasPrefix(unit, "postgresql") || slices.Contains([]string{"redis-server.service", "redis.service", "valkey-server.service", "mariadb.service", "mysql.service", "memcached.service"}, unit)
}
