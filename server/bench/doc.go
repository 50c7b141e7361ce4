// Package bench measures what Go Phantom costs: its start, its check, the way
// from a problem to its verdict, its routes, and its memory. Every figure is a ratio to a
// baseline measured in turn with it, so that it means something on any
// machine; the absolute figures stand beside it.
//
// It drives the built program from outside, as an editor or a terminal does
// (only routes are measured inside, for a process would hide them), and holds benchmarks only: nothing is judged by time. "npm run bench" runs
// them and prints a table; docs/performance.md says what the figures mean.
package bench
