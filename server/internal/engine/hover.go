package engine

import (
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Hover is what there is to say about a place in a file.
type Hover struct {
	Markdown string // safe to show
	Range    model.Range
}

// Hover tells of a place in a file, as it is on disk: of a requirement or
// replacement in go.mod how go gets the module, and of a setting or a line of
// the GOENV file what the variable is in each environment. ok is false where
// there is nothing to say, or where nothing was looked at yet.
func (l *Loop) Hover(file string, at model.Position) (h Hover, ok bool) {
	s, ok := l.pictureOf(file)
	if !ok {
		return Hover{}, false
	}
	return hover(l.w, s, file, at)
}

func hover(w *world.World, s *model.Snapshot, file string, at model.Position) (h Hover, ok bool) {
	name := ""
	switch {
	case filepath.Base(file) == "go.mod":
		return hoverModule(w, s, file, at)
	case slices.Contains([]string{"settings.json", "launch.json"}, filepath.Base(file)) || filepath.Ext(file) == ".code-workspace":
		if data, err := w.Files.ReadFile(file); err == nil {
			name, h.Range, ok = observe.VariableAt(file, data, at)
		}
	case isGOENV(s, file):
		if data, err := w.Files.ReadFile(file); err == nil {
			name, h.Range, ok = observe.EnvFileVariableAt(data, at)
		}
	}
	if !ok {
		return Hover{}, false
	}
	h.Markdown = report.VariableMarkdown(s, name)
	return h, true
}

// isGOENV reports whether some environment has file for its GOENV file.
func isGOENV(s *model.Snapshot, file string) bool {
	for _, env := range s.Envs {
		if l := env.Layer(model.LayerGOENV); l.File != "" && filepath.Clean(l.File) == filepath.Clean(file) {
			return true
		}
	}
	return false
}

// hoverModule tells of a line of go.mod in the environment of gopls, which the
// editor shows, and in the shell, where the user builds.
func hoverModule(w *world.World, s *model.Snapshot, file string, at model.Position) (h Hover, ok bool) {
	data, err := w.Files.ReadFile(file)
	if err != nil {
		return Hover{}, false
	}
	mod, err := modfile.Parse(file, data, nil)
	if err != nil {
		return Hover{}, false
	}
	m, ok := moduleAt(mod, at.Line+1)
	if !ok {
		return Hover{}, false
	}
	var routes []report.Route
	for _, env := range shownEnvs(s) {
		routes = append(routes, Routes(s, env, file, m)[0])
	}
	if len(routes) == 0 {
		return Hover{}, false
	}
	h.Range = model.Range{Start: model.Position{Line: at.Line}, End: model.Position{Line: at.Line + 1}}
	h.Markdown = report.RoutesMarkdown(routes)
	return h, true
}

// shownEnvs are the environment of gopls, or what it would be started with,
// and that of the shell. One that is not complete is left out where
// there is another.
func shownEnvs(s *model.Snapshot) (envs []model.Env) {
	var incomplete []model.Env
	for _, names := range [][]model.EnvName{{model.EnvGopls, model.EnvTools, model.EnvEditor}, {model.EnvShell}} {
		for _, name := range names {
			env, there := s.Env(name)
			if there && env.Complete {
				envs = append(envs, env)
				break
			}
			if there {
				incomplete = append(incomplete, env)
			}
		}
	}
	if len(envs) == 0 && len(incomplete) > 0 {
		return incomplete[:1]
	}
	return envs
}

// moduleAt is the module that a line of go.mod, counted from 1, speaks of.
func moduleAt(mod *modfile.File, line int) (m route.Module, ok bool) {
	for _, r := range mod.Require {
		if r.Syntax.Start.Line == line {
			return route.Module{Path: r.Mod.Path, Version: r.Mod.Version}, true
		}
	}
	for _, r := range mod.Replace {
		if r.Syntax.Start.Line == line {
			return route.Module{Path: r.Old.Path, Version: r.Old.Version}, true
		}
	}
	return route.Module{}, false
}
