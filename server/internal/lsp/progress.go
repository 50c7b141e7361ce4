package lsp

import (
	"context"
	"fmt"
	"sync"

	"go.lsp.dev/protocol"
)

// progresses are the progress indicators that are shown now.
type progresses struct {
	mu     sync.Mutex
	last   int
	cancel map[protocol.ProgressToken]context.CancelFunc
}

// progress is one indicator. The one without a token shows nothing.
type progress struct {
	s     *server
	token protocol.ProgressToken

	mu   sync.Mutex
	over bool
}

// begin shows progress under the token that came with the request, or under
// one of ours if the client lets servers create them. cancel is called when
// the user cancels it.
func (s *server) begin(ctx context.Context, token protocol.ProgressToken, title string, cancel context.CancelFunc) *progress {
	if token == nil && s.peer.createProgress {
		s.progress.mu.Lock()
		s.progress.last++
		ours := protocol.String(fmt.Sprintf("gophantom-%d", s.progress.last))
		s.progress.mu.Unlock()
		params := &protocol.WorkDoneProgressCreateParams{Token: ours}
		if err := protocol.Call(ctx, s.conn, protocol.MethodWindowWorkDoneProgressCreate, params, nil); err == nil {
			token = ours
		}
	}
	p := &progress{s: s, token: token}
	if token == nil {
		return p
	}
	s.progress.mu.Lock()
	if s.progress.cancel == nil {
		s.progress.cancel = map[protocol.ProgressToken]context.CancelFunc{}
	}
	s.progress.cancel[token] = cancel
	s.progress.mu.Unlock()
	yes := true
	p.send(&protocol.WorkDoneProgressBegin{Kind: "begin", Title: title, Cancellable: &yes})
	return p
}

// report shows what is being done. After the end it shows nothing any more.
func (p *progress) report(message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token != nil && !p.over {
		p.send(&protocol.WorkDoneProgressReport{Kind: "report", Message: &message})
	}
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token == nil || p.over {
		return
	}
	p.over = true
	p.s.progress.mu.Lock()
	delete(p.s.progress.cancel, p.token)
	p.s.progress.mu.Unlock()
	p.send(&protocol.WorkDoneProgressEnd{Kind: "end"})
}

func (p *progress) send(value any) {
	p.s.notify(protocol.MethodProgress, &protocol.ProgressParams{Token: p.token, Value: encode(value)})
}

func (s *server) cancelProgress(_ context.Context, p *protocol.WorkDoneProgressCancelParams) error {
	s.progress.mu.Lock()
	defer s.progress.mu.Unlock()
	if cancel := s.progress.cancel[p.Token]; cancel != nil {
		cancel()
	}
	return nil
}
