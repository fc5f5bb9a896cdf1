//go:build !race

package checks_test

const racing = false
