// Package model holds the nouns of Go Phantom: values with an origin, layers,
// environments, the snapshot of all facts, findings and verdicts.
//
// It knows how an environment resolves to effective values. It must not know
// where facts come from: no I/O, no clock, nothing here can fail, and nothing
// here imports another package of this project.
package model
