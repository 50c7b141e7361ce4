package lsp

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"sync"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/report"
)

// board holds the newest update of the engine. Posting never blocks, however
// slowly the client reads.
type board struct {
	mu     sync.Mutex
	latest engine.Update
	posted chan struct{} // has one element when latest was not taken yet
}

func newBoard() *board { return &board{posted: make(chan struct{}, 1)} }

func (b *board) post(u engine.Update) {
	b.mu.Lock()
	b.latest = u
	b.mu.Unlock()
	select {
	case b.posted <- struct{}{}:
	default:
	}
}

func (b *board) read() engine.Update {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.latest
}

// published is what the client has been shown.
type published struct {
	etag        string
	diagnostics map[uri.URI]string // fingerprint by document
}

// publishUpdates shows the client every update, or the newest of several.
func (s *server) publishUpdates() {
	shown := published{diagnostics: map[uri.URI]string{}}
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.board.posted:
		}
		s.publish(s.board.read(), &shown)
	}
}

// publish sends what differs from what the client has been shown. The snapshot
// number inside a diagnostic's data is no difference: such a diagnostic keeps
// the number of the snapshot in which it began to look as it does.
func (s *server) publish(u engine.Update, shown *published) {
	next := s.diagnostics(u.Report)
	documents := slices.Sorted(maps.Keys(next))
	for _, doc := range documents {
		print := fingerprint(next[doc])
		if shown.diagnostics[doc] == print {
			continue
		}
		shown.diagnostics[doc] = print
		s.log.Debug("diagnostics", "count", len(next[doc]), "contextIds", s.contextsIn(u.Report, doc))
		s.notify(protocol.MethodTextDocumentPublishDiagnostics, &protocol.PublishDiagnosticsParams{URI: doc, Diagnostics: next[doc]})
	}
	for _, doc := range slices.Sorted(maps.Keys(shown.diagnostics)) {
		if _, still := next[doc]; !still {
			delete(shown.diagnostics, doc)
			s.notify(protocol.MethodTextDocumentPublishDiagnostics, &protocol.PublishDiagnosticsParams{URI: doc, Diagnostics: []protocol.Diagnostic{}})
		}
	}
	if status := statusOf(u); status.Etag != shown.etag {
		shown.etag = status.Etag
		s.notify(methodStatus, status)
	}
}

// contextsIn are the contexts of what a report has in a document, each once.
func (s *server) contextsIn(r report.Report, doc uri.URI) (out []string) {
	add := func(at, id string) {
		if s.canonical(at) == doc && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, f := range r.Findings {
		if f.Location != nil {
			add(f.Location.URI, f.ContextID)
		}
	}
	for _, p := range r.Problems {
		add(p.URI, p.ContextID)
	}
	return out
}

func fingerprint(diagnostics []protocol.Diagnostic) string {
	bare := slices.Clone(diagnostics)
	for i := range bare {
		bare[i].Data = nil
	}
	return hash(bare)
}

// hash is a content hash of something that goes over the wire.
func hash(v any) string {
	data, err := protocol.Marshal(v)
	if err != nil {
		panic(err) // our own types always encode
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// notify tells the client something. An error means that the client is gone,
// which ends the server by itself.
func (s *server) notify(method string, params any) {
	if err := s.conn.Notify(s.ctx, method, params); err != nil {
		s.log.Debug("not sent", "method", method)
	}
}

// statusOf is an update for status lines.
func statusOf(u engine.Update) Status {
	st := Status{
		Health:   u.Report.Health,
		Ready:    u.Ready && !u.Busy,
		Snapshot: u.Report.Snapshot.Number,
		Headline: u.Headline,
		Details:  u.Details,
		Cure:     u.Cure,
		Trusted:  u.Trusted,
		Undoable: u.Undoable,
		Gopls:    u.Gopls,
		Checked:  u.Report.Snapshot.Taken,
		Sync:     cmp.Or(string(u.Sync), string(engine.SyncUnknown)),
	}
	if n := len(u.Report.History); n > 0 {
		st.Events = u.Report.History[n-1].Time
	}
	if st.Health == "" {
		st.Health = "unknown" // nothing was judged yet
	}
	for _, p := range u.Report.Problems {
		switch p.Verdict {
		case "phantom":
			st.Counts.Phantom++
		case "real":
			st.Counts.Real++
		case "unknown":
			if p.Summary != "" { // a kind of problem that is judged at all
				st.Counts.Unknown++
			}
		}
	}
	for _, f := range u.Report.Findings {
		switch f.Severity {
		case "error":
			st.Counts.Errors++
		case "warning":
			st.Counts.Warnings++
		case "info":
			st.Counts.Infos++
		}
	}
	st.Etag = hash(st)
	return st
}
