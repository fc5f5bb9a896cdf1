package fact

import "testing"

func TestZeroIsUnknown(t *testing.T) {
	var f Of[[]int]
	var n Notes
	if _, s := f.Look(&n); s != IsUnknown || !n.Blind() {
		t.Errorf("%v %v", s, n)
	}
}

func TestThenAndBindKeepTheState(t *testing.T) {
	src := Source{Where: "/etc/x", Line: 3, Text: "a"}
	for name, c := range map[string]struct {
		in   Of[int]
		want State
	}{
		"known":   {Known(2, src), IsKnown},
		"absent":  {Absent[int](src), IsAbsent},
		"unknown": {Unknown[int](Why{Text: "no"}), IsUnknown},
	} {
		var n Notes
		v, s := Then(c.in, func(i int) int { return i * 10 }).Look(&n)
		if s != c.want || (s == IsKnown) != (v == 20) {
			t.Errorf("Then %s: %v %v", name, v, s)
		}
		n = Notes{}
		v, s = Bind(c.in, func(i int) Of[int] { return Known(i+1, Source{Where: "y"}) }).Look(&n)
		if s != c.want || (s == IsKnown) != (v == 3) {
			t.Errorf("Bind %s: %v %v", name, v, s)
		}
		if s == IsKnown && (len(n.Sources) != 2 || n.Sources[0] != src) {
			t.Errorf("Bind lost a source: %v", n.Sources)
		}
	}
	var n Notes
	if _, s := Bind(Known(1), func(int) Of[int] { return Unknown[int](Why{Text: "later"}) }).Look(&n); s != IsUnknown || n.Why().Text != "later" {
		t.Errorf("Bind to unknown: %v %v", s, n)
	}
}

func TestOpenTellsTheWitness(t *testing.T) {
	var n Notes
	if v, ok := Known("x", Source{Where: "w"}).From(Source{Where: "z"}).Open(&n); !ok || v != "x" || len(n.Sources) != 2 {
		t.Errorf("%v %v %v", v, ok, n)
	}
	if _, ok := Absent[string]().Open(&n); ok {
		t.Error("absent opened")
	}
	if got := (Source{Where: "/f", Line: 2, Text: "t"}).String(); got != "/f:2: t" {
		t.Error(got)
	}
}
