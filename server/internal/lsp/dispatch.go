package lsp

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/gophantom/gophantom/server/internal/l10n"
)

// phase is where the connection is in its life.
type phase int

const (
	phaseNew   phase = iota // waiting for initialize
	phaseReady              // initialize was answered
	phaseRuns               // initialized arrived: the engine runs
	phaseEnds               // shutdown arrived: waiting for exit
)

// Our own methods.
const (
	methodEditorFacts  = "gophantom/editorFacts"
	methodReport       = "gophantom/report"
	methodTree         = "gophantom/tree"
	methodWhole        = "gophantom/environmentReport"
	methodStatus       = "gophantom/status"
	methodEditorAction = "gophantom/editorAction"
)

type (
	request      func(s *server, ctx context.Context, params jsonrpc2.RawMessage) (any, error)
	notification func(s *server, ctx context.Context, params jsonrpc2.RawMessage) error
)

// inOrder are the requests handled like notifications, before the next message
// is read, because they change what the next message means. They must not ask
// the client anything.
var inOrder = map[string]request{
	protocol.MethodInitialize: takes((*server).initialize),
	protocol.MethodShutdown:   takes((*server).stop),
}

// concurrent are the requests that run side by side.
var concurrent = map[string]request{
	methodReport:                           takes((*server).report),
	methodTree:                             takes((*server).tree),
	methodWhole:                            takes((*server).environmentReport),
	protocol.MethodTextDocumentCodeAction:  takes((*server).codeAction),
	protocol.MethodTextDocumentCodeLens:    takes((*server).codeLens),
	protocol.MethodTextDocumentHover:       takes((*server).hover),
	protocol.MethodWorkspaceExecuteCommand: takes((*server).executeCommand),
}

// notifications are handled one after the other in the order they arrive.
// They must be quick and must not ask the client anything: nobody would read
// the answer.
var notifications = map[string]notification{
	methodEditorFacts:                                 hears((*server).editorFacts),
	protocol.MethodInitialized:                        hears((*server).initialized),
	protocol.MethodSetTrace:                           hears((*server).setTrace),
	protocol.MethodTextDocumentDidOpen:                hears((*server).didOpen),
	protocol.MethodTextDocumentDidChange:              hears((*server).didChange),
	protocol.MethodTextDocumentDidSave:                hears((*server).didSave),
	protocol.MethodTextDocumentDidClose:               hears((*server).didClose),
	protocol.MethodWorkspaceDidChangeWorkspaceFolders: hears((*server).didChangeWorkspaceFolders),
	protocol.MethodWindowWorkDoneProgressCancel:       hears((*server).cancelProgress),
	protocol.MethodExit: func(s *server, _ context.Context, _ jsonrpc2.RawMessage) error {
		s.finish("exit")
		return nil
	},
}

// takes decodes the params of a request; absent params are the zero value.
func takes[P any](f func(*server, context.Context, *P) (any, error)) request {
	return func(s *server, ctx context.Context, raw jsonrpc2.RawMessage) (any, error) {
		p, err := decode[P](raw)
		if err != nil {
			return nil, err
		}
		return f(s, ctx, p)
	}
}

// hears decodes the params of a notification.
func hears[P any](f func(*server, context.Context, *P) error) notification {
	return func(s *server, ctx context.Context, raw jsonrpc2.RawMessage) error {
		p, err := decode[P](raw)
		if err != nil {
			return err
		}
		return f(s, ctx, p)
	}
}

func decode[P any](raw []byte) (*P, error) {
	p := new(P)
	if len(raw) == 0 {
		return p, nil
	}
	if err := (codec{}).Unmarshal(raw, p); err != nil {
		// The decoder's text may quote what it could not decode.
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "malformed params")
	}
	return p, nil
}

// handler is the whole chain for one incoming message. Its outermost part
// keeps two promises that jsonrpc2 does not make: a panic is answered, and an
// error in a notification is only logged; either would end the connection.
func (s *server) handler() jsonrpc2.Handler {
	// The context of a message that is handled before the next one is read must
	// not be derived from: jsonrpc2 uses it again for another message while the
	// derived one still watches it. So only requests that are released from the
	// reader go through the cancelling handler, and the others get s.ctx.
	cancellable := protocol.CancelHandler(s.release)
	return func(ctx context.Context, r *jsonrpc2.Request) (result any, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = s.crashed(r.Method(), p)
			}
			if !r.IsCall() && err != nil {
				s.log.Error("notification failed", "method", r.Method(), "error", err)
				result, err = nil, nil
			}
		}()
		if r.Method() == protocol.MethodCancelRequest {
			return cancellable(ctx, r)
		}
		if !r.IsCall() {
			return nil, s.notified(r)
		}
		if err := s.admit(r.Method()); err != nil {
			return nil, err
		}
		if handle, ok := inOrder[r.Method()]; ok {
			return s.answer(s.ctx, r, handle)
		}
		if _, ok := concurrent[r.Method()]; !ok {
			return nil, jsonrpc2.Errorf(jsonrpc2.MethodNotFound, "unknown method %q", r.Method())
		}
		if !s.work.enter() {
			return nil, jsonrpc2.ErrServerClosing
		}
		defer s.work.leave()
		return cancellable(ctx, r)
	}
}

// crashed logs a panic and returns what the client is told. The panic's value
// may quote anything, so only its type is logged; the stack tells the rest.
func (s *server) crashed(where string, p any) error {
	s.log.Error("crash", "in", where, "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	return jsonrpc2.Errorf(jsonrpc2.InternalError, "internal error in %s; the log of the server tells more", where)
}

// admit checks that a request comes at its time in the life of the connection.
func (s *server) admit(method string) error {
	switch {
	case s.phase == phaseEnds:
		return jsonrpc2.Errorf(jsonrpc2.InvalidRequest, "the server is shutting down")
	case s.phase == phaseNew && method != protocol.MethodInitialize:
		return jsonrpc2.Errorf(jsonrpc2.ServerNotInitialized, "the server is not initialized")
	case s.phase != phaseNew && method == protocol.MethodInitialize:
		return jsonrpc2.Errorf(jsonrpc2.InvalidRequest, "the server is already initialized")
	}
	return nil
}

// release lets the next message be read, and handles a concurrent request.
func (s *server) release(ctx context.Context, r *jsonrpc2.Request) (any, error) {
	jsonrpc2.Async(ctx)
	return s.answer(ctx, r, concurrent[r.Method()])
}

func (s *server) answer(ctx context.Context, r *jsonrpc2.Request, handle request) (any, error) {
	began := s.w.Clock.Now()
	result, err := handle(s, ctx, r.Params())
	err = s.inLanguage(err)
	s.log.Debug("answered", "method", r.Method(), "took", s.w.Clock.Now().Sub(began), "ok", err == nil)
	return result, err
}

func (s *server) notified(r *jsonrpc2.Request) error {
	method := r.Method()
	if method != protocol.MethodExit && (s.phase == phaseNew || s.phase == phaseEnds) {
		s.log.Debug("dropped out of turn", "method", method)
		return nil
	}
	handle, ok := notifications[method]
	if !ok {
		// Names that begin with $/ may be ignored by anybody.
		if !strings.HasPrefix(method, "$/") {
			s.log.Warn("unknown notification", "method", method)
		}
		return nil
	}
	s.log.Debug("got", "method", method)
	return handle(s, s.ctx, r.Params())
}

// inLanguage is an error as the user may be shown it.
func (s *server) inLanguage(err error) error {
	if err == nil || s.peer.language == l10n.English || errors.Is(err, protocol.ErrRequestCancelled) {
		return err
	}
	var wire *jsonrpc2.Error
	if errors.As(err, &wire) {
		translated := *wire
		translated.Message = s.peer.language.Text(wire.Message)
		return &translated
	}
	return errors.New(s.peer.language.Text(err.Error()))
}
