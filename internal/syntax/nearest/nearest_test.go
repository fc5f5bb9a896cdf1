package nearest

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"check", "checks", "explain", "nginx", "nginx.service.running"}
	for in, want := range map[string]string{"chekc": "check", "cheks": "checks", "explian": "explain", "ngnix": "nginx",
		"nginx.service.runing": "nginx.service.running", "zzzzzz": "", "service.running": "nginx.service.running"} {
		if got := Word(in, known); got != want {
			t.Errorf("Word(%q) = %q, want %q", in, got, want)
		}
	}
}
