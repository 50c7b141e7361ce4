package lsp

import (
	"context"
	"slices"
	"sync"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
)

// documents are the open and the dirty documents of the client.
type documents struct {
	mu    sync.Mutex
	open  map[string]document // by absolute path
	dirty map[string]bool     // as a feeding client said
	fed   bool                // a feeding client has spoken
}

type document struct {
	uri     uri.URI
	version int32
	dirty   bool
}

func (d *documents) get(path string) (document, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	doc, ok := d.open[path]
	return doc, ok
}

// put records a document and reports whether the set of dirty ones changed.
func (d *documents) put(path string, doc document) (changed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		d.open = map[string]document{}
	}
	changed = d.open[path].dirty != doc.dirty
	d.open[path] = doc
	return changed
}

// drop forgets a document and reports whether the set of dirty ones changed.
func (d *documents) drop(path string) (changed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	changed = d.open[path].dirty
	delete(d.open, path)
	return changed
}

// feed takes the dirty documents that a feeding client names.
func (d *documents) feed(dirty []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fed = true
	d.dirty = map[string]bool{}
	for _, path := range dirty {
		d.dirty[path] = true
	}
}

// unsaved reports whether a document has changes that are not on disk.
func (d *documents) unsaved(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dirty[path] || d.open[path].dirty
}

// dirtyPaths returns the dirty documents of a plain client; ok is false when a
// feeding client says so itself.
func (d *documents) dirtyPaths() (paths []string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, doc := range d.open {
		if doc.dirty {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths, !d.fed
}

// feedPlain hands the engine what LSP alone tells of a plain client. Such an
// editor has no notion of trust: opening a folder in it is trusting it.
func (s *server) feedPlain() {
	dirty, plain := s.docs.dirtyPaths()
	if !plain || s.peer.feeds || s.phase != phaseRuns {
		return
	}
	folders := s.peer.folders
	if len(folders) == 0 {
		folders = []string{s.w.Dir}
	}
	s.loop.Facts(engine.EditorFacts{
		Trusted:   true,
		ClientPID: s.peer.pid,
		Folders:   slices.Clone(folders),
		Dirty:     dirty,
		Editor:    model.Editor{Name: s.peer.name, RunsGopls: true},
		Untold:    true,
	})
}

func (s *server) didOpen(_ context.Context, p *protocol.DidOpenTextDocumentParams) error {
	path, ok := s.path(p.TextDocument.URI)
	if !ok {
		return nil
	}
	// Editors restore unsaved text, so an open document may be dirty at once.
	onDisk, err := s.w.Files.ReadFile(path)
	dirty := err != nil || string(onDisk) != p.TextDocument.Text
	if s.docs.put(path, document{p.TextDocument.URI, p.TextDocument.Version, dirty}) {
		s.feedPlain()
	}
	return nil
}

func (s *server) didChange(_ context.Context, p *protocol.DidChangeTextDocumentParams) error {
	if path, ok := s.path(p.TextDocument.URI); ok && s.docs.put(path, document{p.TextDocument.URI, p.TextDocument.Version, true}) {
		s.feedPlain()
	}
	return nil
}

func (s *server) didSave(_ context.Context, p *protocol.DidSaveTextDocumentParams) error {
	path, ok := s.path(p.TextDocument.URI)
	if !ok {
		return nil
	}
	doc, open := s.docs.get(path)
	if !open {
		return nil
	}
	doc.dirty = false
	s.docs.put(path, doc)
	s.feedPlain() // the file changed, so the engine should look in any case
	return nil
}

func (s *server) didClose(_ context.Context, p *protocol.DidCloseTextDocumentParams) error {
	if path, ok := s.path(p.TextDocument.URI); ok && s.docs.drop(path) {
		s.feedPlain()
	}
	return nil
}

func (s *server) didChangeWorkspaceFolders(_ context.Context, p *protocol.DidChangeWorkspaceFoldersParams) error {
	for _, f := range p.Event.Removed {
		if path, ok := s.path(f.URI); ok {
			s.peer.folders = slices.DeleteFunc(s.peer.folders, func(have string) bool { return have == path })
		}
	}
	for _, f := range p.Event.Added {
		if path, ok := s.path(f.URI); ok {
			s.peer.folders = append(s.peer.folders, path)
		}
	}
	s.feedPlain()
	return nil
}
