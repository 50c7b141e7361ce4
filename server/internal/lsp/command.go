package lsp

import (
	"context"
	"errors"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/report"
)

// The commands of workspace/executeCommand.
const (
	commandCheck   = "gophantom.check"
	commandCure    = "gophantom.cure"
	commandFix     = "gophantom.fix"
	commandUndo    = "gophantom.undo"
	commandExplain = "gophantom.explain"
	commandProbe   = "gophantom.probe"
	commandBisect  = "gophantom.bisect"
	commandRecord  = "gophantom.record"
	commandRoute   = "gophantom.route"
	commandRedact  = "gophantom.redacted"
	commandFleet   = "gophantom.fleet"
)

func (s *server) executeCommand(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	switch p.Command {
	case commandCheck:
		return s.run(ctx, p, "Checking", func(ctx context.Context, h host) (any, error) { return s.check(ctx, h) })
	case commandCure:
		return s.cure(ctx, p, "Curing", s.loop.Cure)
	case commandUndo:
		arg := new(UndoCommand)
		if len(p.Arguments) > 0 {
			var err error
			if arg, err = argument[UndoCommand](p); err != nil {
				return nil, err
			}
		}
		return s.cure(ctx, p, "Undoing", func(ctx context.Context, h engine.Host) engine.CureResult { return s.loop.Undo(ctx, h, arg.Cure) })
	case commandFix:
		arg, err := argument[FixCommand](p)
		if err != nil {
			return nil, err
		}
		fix := engine.FixRequest{Fix: arg.Fix, Args: arg.Args, Snapshot: arg.Snapshot, ContextID: arg.ContextID}
		return s.cure(ctx, p, "Fixing", func(ctx context.Context, h engine.Host) engine.CureResult { return s.loop.Fix(ctx, h, fix) })
	case commandProbe:
		return s.probe(ctx, p)
	case commandBisect:
		return s.bisect(ctx, p)
	case commandRoute:
		return s.showRoute(p)
	case commandRedact, commandFleet:
		show := s.loop.Redacted
		if p.Command == commandFleet {
			show = s.loop.Fleet
		}
		page, err := show()
		if err != nil {
			return nil, err
		}
		page = s.peer.language.Markdown(page)
		s.tell(protocol.MessageTypeInfo, page)
		return page, nil
	case commandRecord:
		return s.record(ctx, p)
	case commandExplain:
		arg, err := argument[ExplainCommand](p)
		if err != nil {
			return nil, err
		}
		if arg.URI != "" {
			return s.page(s.loop.ExplainProblem, arg.URI, arg.Line, arg.Message)
		}
		page, ok := engine.Explain(s.peer.language, arg.Rule)
		if !ok {
			return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "there is no such rule")
		}
		s.tell(protocol.MessageTypeInfo, page)
		return page, nil
	}
	return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "unknown command %q", p.Command)
}

// probe asks servers and answers with what they said, as Markdown.
func (s *server) probe(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	arg, err := argument[ProbeCommand](p)
	if err != nil {
		return nil, err
	}
	file, ok := s.path(uri.URI(arg.URI))
	if !ok {
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "there is no such file")
	}
	return s.run(ctx, p, "Asking servers", func(ctx context.Context, h host) (any, error) {
		page, err := s.loop.Probe(ctx, h, engine.ProbeRequest{File: file, Module: arg.Module})
		if err != nil {
			return nil, err
		}
		page = s.peer.language.Markdown(page)
		s.tell(protocol.MessageTypeInfo, page)
		return page, nil
	})
}

// record answers with a Markdown document that holds what was seen of a problem.
func (s *server) record(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	arg, err := argument[RecordCommand](p)
	if err != nil {
		return nil, err
	}
	return s.run(ctx, p, "Recording", func(ctx context.Context, _ host) (any, error) {
		record := func(at engine.Place) (string, error) { return s.loop.RecordProblem(ctx, at) }
		return s.page(record, arg.URI, arg.Line, arg.Message)
	})
}

// bisect finds the variables that decide whether a package builds, and answers
// with a Markdown document.
func (s *server) bisect(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	arg, err := argument[BisectCommand](p)
	if err != nil {
		return nil, err
	}
	file, ok := s.path(uri.URI(arg.URI))
	if !ok {
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "there is no such file")
	}
	return s.run(ctx, p, "Finding the guilty variables", func(ctx context.Context, h host) (any, error) {
		page, err := s.loop.Bisect(ctx, h, file)
		if err != nil {
			return nil, err
		}
		page = s.peer.language.Markdown(page)
		s.tell(protocol.MessageTypeInfo, page)
		return page, nil
	})
}

// showRoute tells how go gets a module, as Markdown. It asks nobody.
func (s *server) showRoute(p *protocol.ExecuteCommandParams) (any, error) {
	arg, err := argument[RouteCommand](p)
	if err != nil {
		return nil, err
	}
	file := ""
	if arg.URI != "" {
		var ok bool
		if file, ok = s.path(uri.URI(arg.URI)); !ok {
			return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "there is no such file")
		}
	}
	page, err := s.loop.ShowRoute(file, arg.Module)
	if err != nil {
		return nil, err
	}
	page = s.peer.language.Markdown(page)
	s.tell(protocol.MessageTypeInfo, page)
	return page, nil
}

// page answers with what is to be said of the problem at a place.
func (s *server) page(of func(engine.Place) (string, error), document string, line int, message string) (any, error) {
	file, ok := s.path(uri.URI(document))
	if !ok {
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "there is no such file")
	}
	page, err := of(engine.Place{File: file, Line: line, Message: message})
	if err != nil {
		return nil, err
	}
	page = s.peer.language.Markdown(page)
	s.tell(protocol.MessageTypeInfo, page)
	return page, nil
}

// argument decodes the only argument of a command.
func argument[T any](p *protocol.ExecuteCommandParams) (*T, error) {
	if len(p.Arguments) != 1 {
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "%s takes one argument", p.Command)
	}
	return decode[T](p.Arguments[0])
}

// cure runs one change of the world.
func (s *server) cure(ctx context.Context, p *protocol.ExecuteCommandParams, title string, change func(context.Context, engine.Host) engine.CureResult) (any, error) {
	return s.run(ctx, p, title, func(ctx context.Context, h host) (any, error) {
		r := change(ctx, h)
		s.log.Info("changed the world", "command", p.Command, "outcome", r.Outcome, "contextId", r.ContextID, "ms", r.Millis)
		r = r.In(s.peer.language)
		kind := protocol.MessageTypeInfo
		if r.Outcome == "not-cured" || r.Outcome == "refused" {
			kind = protocol.MessageTypeWarning
		}
		s.tell(kind, r.Message)
		return CureResult{Outcome: r.Outcome, Message: r.Message, Millis: r.Millis, Next: r.Next, Undoable: r.Undoable}, nil
	})
}

// check looks again and answers the status. Where the editor does not tell what
// its gopls shows, a gopls of our own is run.
func (s *server) check(ctx context.Context, h host) (any, error) {
	look := s.loop.Recheck
	if !s.peer.feeds {
		look = func(ctx context.Context) (engine.Update, error) { return s.loop.Show(ctx, h) }
	}
	u, err := look(ctx)
	if err != nil {
		return nil, err
	}
	u = u.In(s.peer.language)
	s.tell(protocol.MessageTypeInfo, u.Headline)
	return statusOf(u), nil
}

// report answers gophantom/report with the newest report, or with the first
// one when none was finished yet.
func (s *server) report(ctx context.Context, _ *struct{}) (any, error) {
	return s.obey(ctx, methodReport, func() (any, error) {
		u, err := s.newest(ctx)
		if err != nil {
			return nil, err
		}
		r := u.Report
		if r.Schema == "" {
			r.Schema = report.Schema
		}
		return r, nil
	})
}

// newest is the newest judged look; where there is none yet, it looks.
func (s *server) newest(ctx context.Context) (engine.Update, error) {
	if u := s.board.read(); u.Ready {
		return u, nil
	}
	u, err := s.loop.Recheck(ctx)
	return u.In(s.peer.language), err
}

// environmentReport answers gophantom/environmentReport with a page.
func (s *server) environmentReport(ctx context.Context, p *EnvironmentReportParams) (any, error) {
	file := ""
	if p.URI != "" {
		var ok bool
		if file, ok = s.path(uri.URI(p.URI)); !ok {
			return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "there is no such file")
		}
	}
	return s.obey(ctx, methodWhole, func() (any, error) {
		if _, err := s.newest(ctx); err != nil {
			return nil, err
		}
		r, ok := s.loop.EnvironmentReport(ctx, file)
		if !ok {
			return nil, errors.New("no folder is open, so there is nothing to report of; open the folder of a Go module")
		}
		page, err := r.HTML(s.peer.language)
		if err != nil {
			return nil, err
		}
		return EnvironmentReportResult{Page: page, Markdown: r.Markdown(), Files: append([]string{}, r.Files()...)}, nil
	})
}

// run does one piece of long work with progress that the user can cancel.
func (s *server) run(ctx context.Context, p *protocol.ExecuteCommandParams, title string, do func(context.Context, host) (any, error)) (any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	shown := s.begin(ctx, p.WorkDoneToken, s.peer.language.Text("Go Phantom: "+title), cancel)
	return s.obey(ctx, p.Command, func() (any, error) {
		// The work may outlive a cancelled request by a moment; the progress
		// is over when the work is.
		defer shown.end()
		return do(ctx, host{s, shown})
	})
}

// obey runs do and answers it, or answers a cancellation at once, without
// waiting until do has noticed it too.
func (s *server) obey(ctx context.Context, where string, do func() (any, error)) (any, error) {
	if ctx.Err() != nil {
		return nil, protocol.ErrRequestCancelled
	}
	type answer struct {
		result any
		err    error
	}
	done := make(chan answer, 1)
	started := s.work.start(func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a = answer{nil, s.crashed(where, p)}
			}
			done <- a
		}()
		a.result, a.err = do()
	})
	if !started {
		return nil, jsonrpc2.ErrServerClosing
	}
	select {
	case a := <-done:
		if a.err != nil && ctx.Err() != nil {
			return nil, protocol.ErrRequestCancelled
		}
		return a.result, a.err
	case <-ctx.Done():
		return nil, protocol.ErrRequestCancelled
	}
}

// tell shows a message in a plain client; any other shows results itself.
func (s *server) tell(kind protocol.MessageType, message string) {
	if !s.peer.feeds && message != "" {
		s.notify(protocol.MethodWindowShowMessage, &protocol.ShowMessageParams{Type: kind, Message: message})
	}
}
