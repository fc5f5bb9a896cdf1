//go:build race

package house

// stride: under the race detector, which makes this ten times slower and has
// nothing to find in single-threaded code, every 24th answer is hidden; the
// whole rule runs without it (.ci/test).
const stride = 24
