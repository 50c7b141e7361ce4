package lsp

import (
	"context"
	"path/filepath"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
)

// editorFacts hands the engine what the editor told.
func (s *server) editorFacts(_ context.Context, p *EditorFacts) error {
	s.docs.feed(p.Dirty)
	s.loop.Facts(s.facts(p))
	return nil
}

// facts converts from the wire. A variable that may not be kept is dropped
// here, whatever the client sent.
func (s *server) facts(p *EditorFacts) engine.EditorFacts {
	f := engine.EditorFacts{
		Trusted:   p.Trusted,
		ClientPID: s.peer.pid,
		Folders:   p.Folders,
		Dirty:     p.Dirty,
		Focused:   p.Focused,

		FleetEndpoint: p.FleetEndpoint, LogFolder: p.LogFolder,
		Editor: model.Editor{Name: s.peer.name, Remote: p.Remote, Web: p.Web, Actions: s.peer.actions, RunsGopls: s.peer.runsGopls},
	}
	f.ViewsAsked = p.ViewsAsked
	for _, m := range p.Modules {
		f.Loads = append(f.Loads, model.GoplsModule{Path: m.Path, File: m.GoMod})
	}
	for _, v := range p.Views {
		f.Views = append(f.Views, model.GoplsView{ID: v.ID, Type: v.Type, Root: v.Root, Folder: v.Folder})
	}
	if p.Env != nil {
		f.Env = map[string]string{}
	}
	for name, value := range p.Env {
		if model.Kept(name) {
			f.Env[name] = value
		}
	}
	for _, scope := range p.Settings {
		if filepath.Ext(scope.File) == ".code-workspace" {
			f.Editor.WorkspaceFile = scope.File
		}
		f.Settings = append(f.Settings, engine.SettingsScope{Scope: scope.Scope, File: scope.File, Folder: scope.Folder, Values: scope.Values})
	}
	for _, file := range p.Problems {
		stale := file.Version != nil && file.Published != nil && *file.Version > *file.Published
		for _, it := range file.Items {
			f.Problems = append(f.Problems, model.Problem{
				Location: model.Location{File: file.File, Range: model.Range{
					Start: model.Position{Line: it.StartLine, Character: it.StartChar},
					End:   model.Position{Line: it.EndLine, Character: it.EndChar},
				}},
				Severity: it.Severity, Source: it.Source, Code: it.Code, Message: it.Message, Stale: stale,
			})
		}
	}
	if x := p.GoExtension; x != nil {
		f.Extension = &model.GoExtension{
			Version: x.Version, Active: x.Active, UseLanguageServer: x.UseLanguageServer,
			GoPath: x.Go, GoplsPath: x.Gopls,
		}
	}
	return f
}
