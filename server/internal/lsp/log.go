package lsp

import (
	"context"
	"log/slog"

	"go.lsp.dev/protocol"
)

// leveled puts a level that can change under way in front of a handler.
type leveled struct {
	slog.Handler
	level slog.Leveler
}

func (h leveled) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return leveled{h.Handler.WithAttrs(attrs), h.level}
}

func (h leveled) WithGroup(name string) slog.Handler {
	return leveled{h.Handler.WithGroup(name), h.level}
}

// setLevel follows the client's trace setting: off logs what went wrong and
// what changed state, anything else every message by name, never its content.
func (s *server) setLevel(trace protocol.TraceValue) {
	if trace == "" || trace == protocol.TraceValueOff {
		s.level.Set(slog.LevelInfo)
	} else {
		s.level.Set(slog.LevelDebug)
	}
}

func (s *server) setTrace(_ context.Context, p *protocol.SetTraceParams) error {
	s.setLevel(p.Value)
	return nil
}
