//go:build race

package house

// stride: under the race detector, which makes this ten times slower and has
// nothing to find in single-threaded code, every 25th recording is looked at;
// the whole runs without it (.ci/test).
const stride = 25
