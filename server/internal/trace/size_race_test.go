//go:build race

package trace_test

// bigSize is less where every access to memory is watched.
const bigSize = 64 << 20
