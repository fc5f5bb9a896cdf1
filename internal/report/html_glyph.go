package report

// track is the line to the next station, along the row and down the column: the
// style shows the one that is wanted.
func track(on bool) markup {
	state := phrase("line off")
	if on {
		state = "line on"
	}
	head := func(x, y, turn phrase) markup {
		return el("svg", is("x", x), is("y", y), is("overflow", "visible"), el("path", is("d", "M-6-3.5 0 0-6 3.5"), is("transform", turn)))
	}
	return el("g", class(state),
		el("g", class("across"), el("line", is("x1", "27"), is("y1", "11"), is("x2", "100%"), is("y2", "11")), head("100%", "11", "translate(0)")),
		el("g", class("down"), el("line", is("x1", "11"), is("y1", "26"), is("x2", "11"), is("y2", "100%")), head("11", "100%", "translate(0 -1)rotate(90)")))
}

// shapes of the states in a field of 22 by 22.
var shapes = map[string]markup{
	OK:      el("path", is("d", "M6.5 11.5l3 3 6-6.5")),
	Warning: el("path", is("d", "M11 5.5v7M11 15.2v1.3")),
	Broken:  el("path", is("d", "M7 7l8 8M15 7l-8 8")),
	Unseen:  el("path", is("d", "M8.3 8.8c0-3.6 5.4-3.5 5.4-.2 0 2-2.7 2.1-2.7 4.2M11 15.3v1.3")),
	None:    el("path", is("d", "M7 11h8")),
}

func glyphAt(state string) markup {
	ring := el("circle", is("cx", "11"), is("cy", "11"), is("r", "9.5"))
	if state == Warning {
		ring = el("path", class("ring"), is("d", "M11 1l10 18.5H1z"))
	}
	return el("g", class("glyph "+phrase(state)), ring, shapes[state])
}

// glyph is the sign of a state by itself.
func glyph(state string) markup {
	return el("svg", class("sign"), is("viewBox", "0 0 22 22"), is("aria-hidden", "true"), glyphAt(state))
}
