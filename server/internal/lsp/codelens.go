package lsp

import (
	"context"

	"go.lsp.dev/protocol"
)

// codeLens puts the route of every module that a go.mod requires above its line;
// a click tells all of it. There is nothing to say of a file with unsaved
// changes, whose lines may be elsewhere.
func (s *server) codeLens(_ context.Context, p *protocol.CodeLensParams) (any, error) {
	out := []protocol.CodeLens{}
	file, ok := s.path(p.TextDocument.URI)
	if !ok || !s.peer.codeLens || s.docs.unsaved(file) {
		return out, nil
	}
	for _, lens := range s.loop.Lenses(file) {
		at := protocol.Position{Line: clamp(lens.Line)}
		out = append(out, protocol.CodeLens{Range: protocol.Range{Start: at, End: at}, Command: protocol.Command{
			Title: s.peer.language.Text(lens.Text), Command: commandRoute, Arguments: []protocol.LSPAny{encode(RouteCommand{URI: string(p.TextDocument.URI), Module: lens.Module})},
		}})
	}
	return out, nil
}
