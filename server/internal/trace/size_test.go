//go:build !race

package trace_test

// bigSize is the size of a big log.
const bigSize = 1 << 30
