package engine

import (
	"fmt"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
)

// BenchmarkRoutes explains the ways of everything that a go.mod of 10,000
// requirements asks for, in public form.
func BenchmarkRoutes(b *testing.B) {
	const n = 10_000
	app := model.Module{File: "/w/go.mod", Path: "corp.example/app", Go: "1.26", Sum: model.Sum{File: "/w/go.sum", Exists: true, Lines: map[string]bool{}}}
	cache := model.ModuleCache{Dir: "/c"}
	for i := range n {
		path := fmt.Sprintf("dep%d.example/Team-%d/m", i%500, i)
		if i%10 == 0 {
			path = fmt.Sprintf("git.corp.example/team%d/m.git", i)
		}
		app.Requires = append(app.Requires, model.Require{Path: path, Version: "v1.2.3"})
		app.Sum.Lines[path+" v1.2.3"], app.Sum.Lines[path+" v1.2.3/go.mod"] = true, true
		cache.Missing = append(cache.Missing, path+"@v1.2.3")
	}
	set := func(values ...string) map[string]model.Assignment {
		vars := map[string]model.Assignment{}
		for i := 0; i < len(values); i += 2 {
			vars[values[i]] = model.Assignment{Value: model.NewValue(values[i+1])}
		}
		return vars
	}
	env := model.Env{Name: model.EnvShell, Complete: true, Layers: []model.Layer{
		{Kind: model.LayerProcess, Vars: set("GOPROXY", "https://a.example|https://b.example,direct", "GOPRIVATE", "*.corp.example,github.com/acme", "HTTPS_PROXY", "http://gate.example:3128", "NO_PROXY", ".corp.example,10.0.0.0/8", "GOMODCACHE", "/c")},
		{Kind: model.LayerGoroot, Vars: set("GOSUMDB", "sum.golang.org")},
	}}
	s := &model.Snapshot{Dir: "/w", Modules: []model.Module{app}, Caches: []model.ModuleCache{cache}, Envs: []model.Env{env}}
	for b.Loop() {
		if routes := Routes(s, env, "", Requirements(s, env)...); len(routes) != n || len(routes[0].Steps) != 4 {
			b.Fatalf("%d routes, the first of %d steps", len(routes), len(routes[0].Steps))
		}
	}
}
