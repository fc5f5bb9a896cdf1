// Package nearest finds the known word that was most likely meant.
package nearest

import "strings"

// Word is the known word that was most likely meant, "" when none is near.
func Word(got string, known []string) string {
	best, least := "", max(2, len(got)/3)+1
	for _, k := range known {
		d := distance(strings.ToLower(got), k)
		if len(got) > 2 && (strings.Contains(k, got) || strings.Contains(got, k) && len(k) > 3) {
			d = min(d, 2)
		}
		if d < least {
			best, least = k, d
		}
	}
	return best
}

// Slip is the known word that is at most two letters away, "" when none is: for
// what is taken for a slip of the pen without being asked.
func Slip(got string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(got, k); d > 0 && d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters must be put in, taken out, replaced or swapped
// with their neighbour to make a of b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
