package engine

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
)

// Routes explains how go gets modules in one environment of a picture, in
// public form: one route for each module and, where go has to download another
// toolchain before it can do anything, the route of that as the last. file is
// the go.mod whose directory go works in; "" for the folder of the picture.
func Routes(s *model.Snapshot, env model.Env, file string, modules ...route.Module) []report.Route {
	x := route.NewExplainer(env, route.FactsOf(s, env).Near(file))
	toolchain, fetch := x.Toolchain()
	if fetch != (route.Module{}) {
		modules = append(modules[:len(modules):len(modules)], fetch)
	}
	p := routePress{environment: string(env.Name), shown: map[named]string{}}
	p.toolchain = report.RouteToolchain{Selected: toolchain.Selected, Why: toolchain.SelectedWhy, Fetch: p.module(fetch)}
	out := make([]report.Route, len(modules))
	for i, m := range modules {
		out[i] = p.route(x.Explain(m))
	}
	return out
}

// Requirements lists what the main modules of a picture require, each once.
func Requirements(s *model.Snapshot, env model.Env) []route.Module {
	return route.NewExplainer(env, route.FactsOf(s, env)).Requirements()
}

// routePress makes routes public. It shows each value once, since many routes
// have most of them in common.
type routePress struct {
	environment string
	toolchain   report.RouteToolchain
	shown       map[named]string
}

// named is a value with the variable it belongs to; "" for none.
type named struct {
	variable string
	value    model.Value
}

func (p routePress) show(v model.Value) string { return p.showNamed("", v) }

func (p routePress) showNamed(variable string, v model.Value) string {
	if v.Empty() {
		return ""
	}
	s, ok := p.shown[named{variable, v}]
	if !ok {
		if s = report.Show(v); variable != "" {
			s = report.ShowVariable(variable, v)
		}
		p.shown[named{variable, v}] = s
	}
	return s
}

func (p routePress) text(s string) string { return p.show(model.NewValue(s)) }

// module is path@version.
func (p routePress) module(m route.Module) string {
	if m.Version == "" {
		return p.text(m.Path)
	}
	return p.text(m.Path) + "@" + p.text(m.Version)
}

func (p routePress) route(r route.Route) report.Route {
	out := report.Route{
		Module: p.text(r.Module.Path), Version: p.text(r.Module.Version), Environment: p.environment, Mode: string(r.Mode), Query: r.Query,
		Error: p.show(r.Error), Why: p.why(r.Why), Unknown: r.Unknown, Steps: make([]report.RouteStep, len(r.Steps)),
		Insecure: report.Insecure{Allowed: r.Insecure.Allowed, Pattern: p.show(r.Insecure.Pattern), Why: p.why(r.Insecure.Why)},
		SumDB: report.SumDB{
			Consulted: r.SumDB.Consulted, Name: p.text(r.SumDB.Name), URL: p.show(r.SumDB.URL), Proxied: r.SumDB.Proxied,
			Why: p.why(r.SumDB.Why), Error: p.show(r.SumDB.Error), Recorded: r.SumDB.Recorded, Access: p.access(r.SumDB.Access),
		},
		VCS: report.VCS{
			Consulted: r.VCS.Consulted, Root: p.text(r.VCS.Root), Tool: r.VCS.Tool, Allowed: r.VCS.Allowed, Tools: append([]string{}, r.VCS.Tools...),
			Why: p.why(r.VCS.Why), Error: p.show(r.VCS.Error), Access: p.access(r.VCS.Access),
		},
		Cache: report.RouteCache{Dir: p.text(r.Cache.Dir), State: string(r.Cache.State), Fetches: append([]string{}, r.Cache.Fetches...)},
		Sum: report.RouteSum{
			File: p.text(r.Sum.File), Known: r.Sum.Known, Zip: r.Sum.Zip, GoMod: r.Sum.GoMod, ReadOnly: r.Sum.ReadOnly, Error: p.show(r.Sum.Error),
		},
		Toolchain: p.toolchain,
	}
	if r.VCS.Page != "" {
		out.VCS.Page = strings.ReplaceAll(r.VCS.Page, r.Target.Path, p.text(r.Target.Path))
	}
	switch {
	case r.Dir != "":
		out.Target = p.text(r.Dir)
	case r.Target != r.Module:
		out.Target = p.module(r.Target)
	}
	for i, s := range r.Steps {
		out.Steps[i] = report.RouteStep{
			Kind: string(s.Kind), URL: p.show(s.URL), Applies: s.Applies, Fallback: string(s.Fallback), Why: p.why(s.Why), Access: p.access(s.Access),
		}
	}
	return out
}

func (p routePress) why(w route.Why) report.Why {
	return report.Why{Variable: w.Variable, Pattern: p.showNamed(w.Variable, w.Pattern), Origin: origin(w.Origin)}
}

func (p routePress) access(a route.Access) report.Access {
	return report.Access{
		Auth: report.Auth{
			Source: string(a.Auth.Source), Machine: p.text(a.Auth.Machine), Origin: origin(a.Auth.Origin), Why: a.Auth.Why, Error: p.show(a.Auth.Error),
		},
		Via: report.Via{URL: p.showNamed(a.Via.Why.Variable, a.Via.URL), Why: p.why(a.Via.Why), Loopback: a.Via.Loopback, Unknown: a.Via.Unknown, Error: p.show(a.Via.Error)},
	}
}

func origin(o model.Origin) *report.Origin {
	if o == (model.Origin{}) {
		return nil
	}
	out := report.FromOrigin(o)
	return &out
}
