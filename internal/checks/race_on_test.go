//go:build race

package checks_test

// racing: the race detector has nothing to find in judging recordings, and makes
// it ten times slower; .ci/test judges all of them without it.
const racing = true
