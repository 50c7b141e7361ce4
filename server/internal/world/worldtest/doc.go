// Package worldtest builds a world from a txtar scenario, so that a test can
// say what the machine looked like and replay it in milliseconds.
package worldtest
