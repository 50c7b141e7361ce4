package engine

import (
	"errors"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
)

// Picture is all that the last published look found, for a view of all of it.
type Picture struct {
	Update       Update
	Environments []report.Environments // of each workspace folder
	Routes       [][]report.Route      // of what is required: of one module the ways in the environments that are shown
	MoreRoutes   int                   // modules whose routes were left out
}

// mostRoutes is how many modules of a folder have their routes in a picture;
// further ones go the same way as a rule.
const mostRoutes = 200

// Picture is what there is to see now. Everything in it is safe to show.
func (l *Loop) Picture() Picture {
	l.mu.Lock()
	p, found := Picture{Update: l.update}, l.last
	l.mu.Unlock()
	for _, a := range found {
		s := a.Snapshot
		if len(s.Envs) == 0 {
			continue // no folder is open
		}
		p.Environments = append(p.Environments, report.EnvironmentsOf(s, Drift(s)))
		envs := shownEnvs(s)
		if len(envs) == 0 {
			continue
		}
		modules := Requirements(s, envs[len(envs)-1])
		if more := len(modules) - mostRoutes; more > 0 {
			modules = modules[:mostRoutes]
			p.MoreRoutes += more
		}
		p.Routes = append(p.Routes, routesBeside(s, envs, "", modules)...)
	}
	return p
}

// routesBeside are the routes of modules, of each in all the environments.
func routesBeside(s *model.Snapshot, envs []model.Env, file string, modules []route.Module) [][]report.Route {
	out := make([][]report.Route, len(modules))
	for _, env := range envs {
		for i, r := range Routes(s, env, file, modules...)[:len(modules)] {
			out[i] = append(out[i], r)
		}
	}
	return out
}

// ShowRoute tells how go gets a module, "path" or "path@version", in the
// environments of the folder that a file is in, as a Markdown document. file is
// "" for the first folder.
func (l *Loop) ShowRoute(file, module string) (markdown string, err error) {
	s, ok := l.pictureOf(file)
	if !ok {
		return "", errors.New("nothing was looked at yet; try again in a moment")
	}
	m := moduleOf(module)
	if m.Path == "" {
		return "", errors.New("a module has a path, such as example.com/team/lib")
	}
	if m.Version == "" { // as it is required, if it is
		envs := shownEnvs(s)
		for _, env := range envs {
			required := Requirements(s, env)
			if i := slices.IndexFunc(required, func(r route.Module) bool { return r.Path == m.Path }); i >= 0 {
				m = required[i]
				break
			}
		}
	}
	if filepath.Base(file) != "go.mod" {
		file = ""
	}
	envs := shownEnvs(s)
	if len(envs) == 0 {
		return "", errors.New("no environment is known yet; try again in a moment")
	}
	return report.RoutePage(routesBeside(s, envs, file, []route.Module{m})[0]), nil
}

// Lens is a line of go.mod with the route of the module that it requires.
type Lens struct {
	Line   int    // counted from 0
	Module string // "path@version"
	Text   string // safe to show
}

// Lenses are the routes of what a go.mod requires, as it is on disk, in one line
// each.
func (l *Loop) Lenses(file string) (lenses []Lens) {
	s, ok := l.pictureOf(file)
	if !ok || filepath.Base(file) != "go.mod" {
		return nil
	}
	data, err := l.w.Files.ReadFile(file)
	if err != nil {
		return nil
	}
	mod, err := modfile.ParseLax(file, data, nil)
	if err != nil {
		return nil
	}
	var modules []route.Module
	for _, r := range mod.Require {
		modules = append(modules, route.Module{Path: r.Mod.Path, Version: r.Mod.Version})
		lenses = append(lenses, Lens{Line: r.Syntax.Start.Line - 1, Module: show(r.Mod.Path + "@" + r.Mod.Version)})
	}
	envs := shownEnvs(s)
	if len(envs) == 0 {
		return nil
	}
	for i, routes := range routesBeside(s, envs, file, modules) {
		lenses[i].Text = report.RoutesLine(routes)
	}
	return lenses
}

// Redacted is everything that was found, as a Markdown document without
// secrets, to be pasted into a report.
func (l *Loop) Redacted() (markdown string, err error) {
	p := l.Picture()
	if !p.Update.Ready {
		return "", errors.New("nothing was looked at yet; try again in a moment")
	}
	return p.Update.Report.Markdown(p.Update.Headline, p.Environments), nil
}
