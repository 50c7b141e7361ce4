package lsp

import (
	"context"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/report"
)

// peer is what the client said about itself on initialize.
type peer struct {
	pid     int // 0 if it did not say
	name    string
	actions []string // editor actions it can carry out
	folders []string // absolute paths

	// language is the one of the client's locale or, if it does not tell one, of
	// the environment.
	language l10n.Language

	// feeds says that the client knows gophantom/editorFacts. Any other client
	// is a plain one: we build the facts from what LSP gives, and tell results
	// by messages.
	feeds bool
	// runsGopls says that the editor itself starts gopls: a plain one does.
	runsGopls bool

	codeLens bool // it wants code lenses

	applyEdit       bool
	documentChanges bool
	createFile      bool
	deleteFile      bool
	literalActions  bool // code actions, not only commands
	disabledActions bool
	createProgress  bool
}

func (s *server) initialize(_ context.Context, p *protocol.InitializeParams) (any, error) {
	s.setLevel(p.Trace)
	s.peer = s.meet(p)
	s.phase = phaseReady
	s.log.Info("initialize", "client", s.peer.name, "pid", s.peer.pid, "actions", s.peer.actions, "folders", len(s.peer.folders))
	s.watchParent(s.peer.pid)

	yes := true
	result := &protocol.InitializeResult{
		ServerInfo: protocol.ServerInfo{Name: "gophantom", Version: protocol.NewOptional(report.BuildVersion().Version)},
		Capabilities: protocol.ServerCapabilities{
			PositionEncoding:   protocol.PositionEncodingKindUTF16,
			TextDocumentSync:   protocol.TextDocumentSyncKindNone,
			CodeActionProvider: &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{protocol.CodeActionKindQuickFix}},
			HoverProvider:      protocol.Boolean(true),
			ExecuteCommandProvider: protocol.ExecuteCommandOptions{
				WorkDoneProgressOptions: protocol.WorkDoneProgressOptions{WorkDoneProgress: &yes},
				Commands:                []string{commandCheck, commandCure, commandFix, commandUndo, commandExplain, commandProbe, commandBisect, commandRecord, commandRoute, commandRedact, commandFleet},
			},
		},
	}
	if s.peer.codeLens {
		result.Capabilities.CodeLensProvider = &protocol.CodeLensOptions{}
	}
	if !s.peer.feeds {
		// A feeding client says itself which documents are dirty; from any other
		// we hear of it by its changes.
		change := protocol.TextDocumentSyncKindIncremental
		result.Capabilities.TextDocumentSync = &protocol.TextDocumentSyncOptions{OpenClose: &yes, Change: &change, Save: protocol.Boolean(true)}
		result.Capabilities.Workspace = &protocol.WorkspaceOptions{
			WorkspaceFolders: &protocol.WorkspaceFoldersServerCapabilities{Supported: &yes, ChangeNotifications: protocol.Boolean(true)},
		}
	}
	return result, nil
}

func (s *server) meet(p *protocol.InitializeParams) peer {
	c := peer{name: p.ClientInfo.Name, language: l10n.FromEnviron(s.w.Environ)}
	if p.Locale != nil && *p.Locale != "" {
		c.language = l10n.Of(*p.Locale)
	}
	if p.ProcessID != nil {
		c.pid = int(*p.ProcessID)
	}
	options, err := decode[InitOptions](p.InitializationOptions)
	if err != nil {
		s.log.Error("ignoring malformed initializationOptions")
		options = new(InitOptions)
	}
	c.actions, c.feeds, c.codeLens = options.EditorActions, options.EditorActions != nil, options.CodeLens
	c.runsGopls = options.RunsGopls || !c.feeds
	if options.EditorName != "" {
		c.name = options.EditorName
	}

	folders, _ := p.WorkspaceFolders.Get()
	for _, f := range folders {
		if path, ok := s.path(f.URI); ok {
			c.folders = append(c.folders, path)
		}
	}
	//lint:ignore SA1019 clients without workspace folders send only this
	if root := p.RootURI; len(c.folders) == 0 && root != nil {
		if path, ok := s.path(*root); ok {
			c.folders = []string{path}
		}
	}

	if ws := p.Capabilities.Workspace; ws != nil {
		c.applyEdit = is(ws.ApplyEdit)
		if edit := ws.WorkspaceEdit; edit != nil {
			c.documentChanges = is(edit.DocumentChanges)
			for _, op := range edit.ResourceOperations {
				c.createFile = c.createFile || op == protocol.ResourceOperationKindCreate
				c.deleteFile = c.deleteFile || op == protocol.ResourceOperationKindDelete
			}
		}
	}
	if doc := p.Capabilities.TextDocument; doc != nil && doc.CodeAction != nil {
		c.literalActions = len(doc.CodeAction.CodeActionLiteralSupport.CodeActionKind.ValueSet) > 0
		c.disabledActions = is(doc.CodeAction.DisabledSupport)
	}
	if window := p.Capabilities.Window; window != nil {
		c.createProgress = is(window.WorkDoneProgress)
	}
	return c
}

func is(b *bool) bool { return b != nil && *b }

func (s *server) initialized(context.Context, *protocol.InitializedParams) error {
	if s.phase != phaseReady {
		return nil
	}
	s.phase = phaseRuns
	s.work.start(func() { s.loop.Run(s.ctx) })
	s.work.start(s.publishUpdates)
	if !s.peer.feeds {
		s.feedPlain()
	}
	return nil
}

func (s *server) stop(context.Context, *struct{}) (any, error) {
	s.phase = phaseEnds
	s.shutdown.Store(true)
	return nil, nil
}

// watchParent ends the server when the client's process is gone. A process
// that cannot be seen from the start is in another namespace (a container):
// then only the end of stdin tells.
func (s *server) watchParent(pid int) {
	if pid == 0 {
		return
	}
	if !s.w.Processes.Alive(pid) {
		s.log.Info("the client's process cannot be seen from here", "pid", pid)
		return
	}
	s.work.start(func() {
		if s.w.Processes.Wait(s.ctx, pid) == nil {
			s.finish("the client's process is gone")
		}
	})
}

// path returns the absolute path that a file URI names.
func (s *server) path(u uri.URI) (path string, ok bool) {
	if len(u) < len("file:") || u[:len("file:")] != "file:" {
		return "", false
	}
	path = uri.FsPathFor(u, s.platform(), false)
	return path, path != ""
}

func (s *server) platform() uri.Platform {
	if s.w.GOOS == "windows" {
		return uri.PlatformWindows
	}
	return uri.PlatformPOSIX
}

// uri returns the URI of a path, spelled as the client spells it if the
// document is open there.
func (s *server) uri(path string) uri.URI {
	if d, ok := s.docs.get(path); ok {
		return d.uri
	}
	return uri.FileFor(s.platform(), path)
}
