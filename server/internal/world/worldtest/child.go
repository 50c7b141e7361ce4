package worldtest

import (
	"context"
	"fmt"

	"github.com/gophantom/gophantom/server/internal/world"
)

// Start refuses: stories are about commands that end. A test that wants to
// talk to a program runs a real one.
func (e executor) Start(ctx context.Context, c world.Command) (world.Child, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e.s.mu.Lock()
	e.s.commands = append(e.s.commands, c)
	e.s.mu.Unlock()
	if e.s.strict {
		e.s.t.Errorf("%s: this command cannot be replayed: %s %q", e.s.file, c.Path, c.Args)
	}
	return nil, fmt.Errorf("%s: a scenario cannot replay a command that is talked to: %w", c.Path, world.ErrNotFound)
}
