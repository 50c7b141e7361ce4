//go:build unix

package world

import "context"

// registered is of Windows only.
func registered(context.Context) ([]RegisteredVariable, error) { return nil, nil }
