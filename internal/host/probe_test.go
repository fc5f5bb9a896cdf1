package host

import (
	"strings"
	"testing"

	"assay/internal/regex"
)

// The parts of the probe are one program: a name that two of them define would
// be the last one's.
func TestProbeNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range regex.New(`(?m)^(?:def|class) (\w+)|^(\w+)(?:, \w+)* = `).FindAllStringSubmatch(probe(), -1) {
		name := m[1] + m[2]
		if seen[name] {
			t.Errorf("%s is defined twice", name)
		}
		seen[name] = true
	}
	parts, _ := probeFiles.ReadDir("probe")
	for _, part := range parts {
		if text, err := probeFiles.ReadFile("probe/" + part.Name()); err != nil || !strings.Contains(probe(), string(text)) {
			t.Errorf("%s is no part of the probe: %v", part.Name(), err)
		}
	}
	if len(seen) < 50 {
		t.Errorf("only %d names found", len(seen))
	}
}
