// Package lsp serves the engine to an editor over the Language Server
// Protocol. It is the only package that knows LSP's JSON; it must not know how
// anything is found or cured.
//
// The connection is built so that one bad message costs that message only:
// notifications are handled in the order they arrive, requests run side by
// side, a panic or a malformed message is answered or logged and the server
// lives on. docs/protocol.md describes what goes over the wire.
package lsp

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Exit codes of Serve, as LSP wants them.
const (
	exitClean    = 0 // the client asked for shutdown before the end
	exitAbnormal = 1
)

// grace is how long running work may take to notice that the server ends.
const grace = 2 * time.Second

// loop is what the server needs of the engine; *engine.Loop is one.
type loop interface {
	Run(ctx context.Context)
	Facts(f engine.EditorFacts)
	Recheck(ctx context.Context) (engine.Update, error)
	Show(ctx context.Context, h engine.Host) (engine.Update, error)
	Cure(ctx context.Context, h engine.Host) engine.CureResult
	Fix(ctx context.Context, h engine.Host, r engine.FixRequest) engine.CureResult
	Undo(ctx context.Context, h engine.Host, id string) engine.CureResult
	Picture() engine.Picture
	ShowRoute(file, module string) (markdown string, err error)
	Lenses(file string) []engine.Lens
	Redacted() (markdown string, err error)
	Fleet() (string, error)
	Hover(file string, at model.Position) (h engine.Hover, ok bool)
	Probeable(file string, line int) (module string, ok bool)
	Probe(ctx context.Context, h engine.Host, r engine.ProbeRequest) (markdown string, err error)
	Bisect(ctx context.Context, h engine.Host, file string) (markdown string, err error)
	ExplainProblem(p engine.Place) (markdown string, err error)
	RecordProblem(ctx context.Context, p engine.Place) (markdown string, err error)
	EnvironmentReport(ctx context.Context, file string) (r report.EnvironmentReport, ok bool)
}

// Serve talks to one client over stdin and stdout until the client says exit,
// closes the connection or dies, or ctx is done. It returns the exit code of
// the process: 0 if the client had asked for shutdown, otherwise 1.
//
// stdout carries the protocol and nothing else; log gets the rest, and never a
// value. Serve does not close stdin: one goroutine may still be blocked
// reading it when Serve returns.
func Serve(ctx context.Context, w *world.World, stdin io.Reader, stdout io.Writer, log *slog.Logger) (exitCode int) {
	return serve(ctx, w, stdin, stdout, log, func(publish func(engine.Update)) loop {
		return engine.NewLoop(w, publish)
	})
}

func serve(ctx context.Context, w *world.World, stdin io.Reader, stdout io.Writer, log *slog.Logger, newLoop func(publish func(engine.Update)) loop) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	level := new(slog.LevelVar)
	s := &server{
		ctx: ctx, w: w, level: level, log: slog.New(leveled{log.Handler(), level}),
		over:  make(chan string, 1),
		board: newBoard(),
	}
	s.loop = newLoop(func(u engine.Update) { s.board.post(u.In(s.peer.language)) })
	s.conn = jsonrpc2.NewConn(s.stream(stdin, stdout), jsonrpc2.WithCodec(codec{}))
	s.client = protocol.ClientDispatcher(s.conn)
	s.conn.Go(ctx, s.handler())

	var why string
	select {
	case why = <-s.over:
	case <-ctx.Done():
		why = "interrupted"
	}
	cancel()
	select {
	case <-s.work.close():
	case <-w.Clock.After(grace):
		s.log.Warn("some work did not stop in time")
	}
	if s.shutdown.Load() {
		s.log.Info("ending", "why", why)
		return exitClean
	}
	s.log.Warn("ending without shutdown", "why", why)
	return exitAbnormal
}

// server is one connection. Fields without a lock are written by the
// goroutine that reads the connection before anyone else can see them.
type server struct {
	ctx    context.Context // done when the server ends; outlives every request
	w      *world.World
	log    *slog.Logger
	level  *slog.LevelVar
	conn   jsonrpc2.Conn
	client protocol.Client
	loop   loop

	over     chan string // receives why the server ends
	shutdown atomic.Bool // the client asked for shutdown
	phase    phase       // only the reader looks at it
	peer     peer        // what the client said on initialize
	docs     documents
	board    *board
	progress progresses
	work     work
}

// finish makes Serve return. The first reason counts.
func (s *server) finish(why string) {
	select {
	case s.over <- why:
	default:
	}
}

// work counts what runs, so that the end can wait for it.
type work struct {
	mu     sync.Mutex
	closed bool
	group  sync.WaitGroup
}

// enter registers one piece of work; it is false when the server is ending.
func (k *work) enter() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return false
	}
	k.group.Add(1)
	return true
}

func (k *work) leave() { k.group.Done() }

// start runs f in a goroutine unless the server is ending.
func (k *work) start(f func()) bool {
	if !k.enter() {
		return false
	}
	go func() {
		defer k.leave()
		f()
	}()
	return true
}

// close lets no more work in; the channel is closed when none is left.
func (k *work) close() <-chan struct{} {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	done := make(chan struct{})
	go func() {
		k.group.Wait()
		close(done)
	}()
	return done
}
