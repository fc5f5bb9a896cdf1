package assaytoml

import (
	"fmt"
	"strconv"
	"strings"
)

// waive takes one key of a waiver: waive, its number, the key.
func (r *reader) waive(e entry, key []string) {
	if len(key) < 2 {
		if !e.table {
			r.trouble(e, "waive is "+e.what(), "each waiver is a table: [[waive]]")
		}
		return
	}
	n, err := strconv.Atoi(key[1])
	if err != nil {
		r.trouble(e, "waive is one table", "each waiver is a table of its own, with double brackets: [[waive]]")
		return
	}
	for len(r.begun) <= n {
		r.begun = append(r.begun, waiverAt{number: n, fields: map[string]bool{}})
		r.file.Waivers = append(r.file.Waivers, Waiver{Line: e.line})
	}
	at, w := &r.begun[n], &r.file.Waivers[n]
	if len(key) == 2 {
		return
	}
	k, ok := find(waiverKeys, key[2])
	if !ok {
		r.unknown(e, key[2], names(waiverKeys))
		at.bad = true
		return
	}
	v, ok := r.value(e, k)
	at.bad = at.bad || !ok
	at.fields[k.Name] = true
	switch k.Name {
	case "id":
		w.ID = v.Text
	case "scope":
		w.Scope = v.Text
	case "reason":
		w.Reason = v.Text
	case "until":
		w.Until = v.Day
	}
}

// whole drops the waivers that lack something, and says so.
func (r *reader) whole() {
	var kept []Waiver
	for i, w := range r.file.Waivers {
		at := r.begun[i]
		var missing []string
		for _, k := range waiverKeys {
			if !at.fields[k.Name] && (k.Name != "scope" || r.place == Operator) {
				missing = append(missing, k.Name)
			}
		}
		switch {
		case at.bad: // told already
		case len(missing) > 0:
			k, _ := find(waiverKeys, missing[0])
			r.file.Troubles = append(r.file.Troubles, Trouble{w.Line, 1, fmt.Sprintf("a waiver without %s counts for nothing", strings.Join(missing, ", ")),
				"add: " + k.Name + " = " + k.Example})
		default:
			kept = append(kept, w)
		}
	}
	r.file.Waivers = kept
}
