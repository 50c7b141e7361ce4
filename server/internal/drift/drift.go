// Package drift compares two environments by what the go command would do in
// them, and says of every difference whether it matters and why. It is pure:
// it must not know who asks, or how a difference is mended.
package drift
