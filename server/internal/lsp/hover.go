package lsp

import (
	"context"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/gophantom/gophantom/server/internal/model"
)

// hover tells how go gets the module of a line of go.mod, and what a variable
// that a settings file sets is in each environment. The engine speaks of the
// file on disk, so there is nothing to say of one with unsaved changes.
func (s *server) hover(_ context.Context, p *protocol.HoverParams) (any, error) {
	doc := p.TextDocument.URI
	if rest, ok := strings.CutPrefix(string(doc), "vscode-userdata:"); ok {
		doc = uri.URI("file://" + rest) // VS Code's name for the user's settings, which are a file all the same
	}
	path, ok := s.path(doc)
	if !ok || s.docs.unsaved(path) {
		return nil, nil
	}
	h, ok := s.loop.Hover(path, model.Position{Line: int(p.Position.Line), Character: int(p.Position.Character)})
	if !ok {
		return nil, nil
	}
	at := editRange(h.Range)
	return &protocol.Hover{
		Contents: &protocol.MarkupContent{Kind: protocol.MarkupKindMarkdown, Value: s.peer.language.Markdown(h.Markdown)},
		Range:    &at,
	}, nil
}
