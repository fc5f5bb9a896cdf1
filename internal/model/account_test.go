package model

import "testing"

func TestSudoRule(t *testing.T) {
	for line, all := range map[string]bool{
		"myapp ALL=(ALL:ALL) NOPASSWD: ALL":                          true,
		"myapp ALL=(ALL:ALL) NOPASSWD: [masked:3 9f2c]":              true,
		"myapp ALL = NOPASSWD:ALL":                                   true,
		"myapp ALL=(root) NOPASSWD: /usr/bin/systemctl reload nginx": false,
		"myapp ALL=(root) NOPASSWD: [masked:18 9f2c] reload nginx":   false,
		"myapp ALL=(ALL:ALL) ALL":                                    false,
	} {
		if allOfIt.MatchString(line) != all {
			t.Errorf("%s: %v", line, !all)
		}
	}
}
