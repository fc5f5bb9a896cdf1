package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Word is what a reader should know of a migration before it runs.
type Word struct {
	Revision string
	Text     string
	Takes    bool // code of the release before may fail by it; else it only holds locks
}

func (w Word) String() string { return w.Revision + " " + w.Text }

var (
	operation = regexp.MustCompile(`\b(op|batch_op|batch)\.(\w+)\(`)
	takesSQL  = regexp.MustCompile(`(?i)\b(DROP\s+(TABLE|COLUMN|VIEW|SCHEMA|TYPE)|RENAME|TRUNCATE|DELETE\s+FROM|SET\s+NOT\s+NULL)\b`)
	locksSQL  = regexp.MustCompile(`(?i)\b(UPDATE\s|CREATE\s+(UNIQUE\s+)?INDEX\b(\s+CONCURRENTLY)?|ADD\s+CONSTRAINT|LOCK\s+TABLE|VACUUM\s+FULL|CLUSTER\s)`)
)

// Lint reads what migrations do. While they run, and after, the release before
// serves on: what it needs must stay (expand first, contract a release later).
func Lint(pending []Migration) (out []Word) {
	var made []string // tables that nobody uses yet
	for _, m := range pending {
		say := func(takes bool, format string, args ...any) {
			out = append(out, Word{m.Revision, fmt.Sprintf(format, args...), takes})
		}
		for _, at := range operation.FindAllStringSubmatchIndex(m.Body, -1) {
			name, args := m.Body[at[4]:at[5]], arguments(m.Body[at[1]:])
			var strs []string
			for _, s := range aString.FindAllStringSubmatch(args, -1) {
				strs = append(strs, s[1])
			}
			first := strings.Join(strs[:min(1, len(strs))], "")
			second := strings.Join(strs[min(1, len(strs)):min(2, len(strs))], "")
			batch := m.Body[at[2]:at[3]] != "op"
			column := first + "." + second
			if batch {
				column = first
			}
			fresh := slices.ContainsFunc(strs[:min(2, len(strs))], func(s string) bool { return slices.Contains(made, s) })
			switch {
			case name == "create_table":
				made = append(made, first)
			case fresh:
			case name == "drop_table":
				say(true, "drops the table %s", first)
			case name == "rename_table":
				say(true, "renames the table %s", first)
			case name == "drop_column":
				say(true, "drops the column %s", column)
			case name == "alter_column" && strings.Contains(args, "new_column_name"):
				say(true, "renames the column %s", column)
			case name == "alter_column" && strings.Contains(args, "type_"):
				say(true, "changes the type of %s, and may write the table anew", column)
			case name == "alter_column" && notNull.MatchString(args):
				say(true, "lets %s not be empty any more", column)
			case name == "add_column" && notNull.MatchString(args) && !strings.Contains(args, "server_default"):
				say(true, "adds the column %s, which may not be empty and has no server_default", column)
			case name == "create_index" && !strings.Contains(args, "postgresql_concurrently"):
				say(false, "makes the index %s: nobody writes to the table meanwhile (postgresql_concurrently=True)", first)
			case (name == "create_foreign_key" || name == "create_check_constraint") && !strings.Contains(args, "postgresql_not_valid"):
				say(false, "adds %s, and reads the whole table under a lock (postgresql_not_valid=True)", first)
			case name == "create_unique_constraint":
				say(false, "adds %s: nobody reads or writes the table meanwhile", first)
			case name == "execute" && takesSQL.MatchString(args):
				say(true, "executes %s", clipped(takesSQL.FindString(args)))
			case name == "execute" && locksSQL.MatchString(args) && locksSQL.FindStringSubmatch(args)[3] == "":
				say(false, "executes %s", clipped(locksSQL.FindString(args)))
			}
		}
	}
	return out
}

var notNull = regexp.MustCompile(`nullable\s*=\s*False`)

func clipped(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), " ")) }

// arguments are those of a call, from behind its bracket to the one that closes it.
func arguments(s string) string {
	depth, quote := 1, byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			if depth--; depth == 0 {
				return s[:i]
			}
		}
	}
	return s
}

// Taking is the word against migrations that take away what the release before may
// need: it serves on while they run, and again after a rollback.
func Taking(pending []Migration) error {
	var all []string
	for _, w := range Lint(pending) {
		if w.Takes {
			all = append(all, "migration "+w.String())
		}
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("%s: the release that serves may fail by that while the other one starts, and after a rollback\nhint: deploy code that does without it first; where none uses it any more: --contract", strings.Join(all, "; "))
}
