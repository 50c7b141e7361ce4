package bench

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// BenchmarkRoute measures explaining the routes of 10,000 requirements in
// one environment, everything read anew. The baseline is what matching the same
// modules against the same four lists of patterns costs with the function that
// the go command itself uses; go does that much for every module, too.
func BenchmarkRoute(b *testing.B) {
	const modules = 10_000
	lists := map[string]string{
		"GOPRIVATE": "*.corp.example,github.com/acme,git.example/team/*", "GONOPROXY": "*.corp.example,github.com/acme/private-*", "GONOSUMDB": "*.corp.example,github.com/acme",
		"GOINSECURE": "old.corp.example",
	}
	vars := map[string]model.Assignment{
		"GOPROXY": {Value: model.NewValue("https://a.example|https://b.example/go,direct")}, "GOSUMDB": {Value: model.NewValue("sum.golang.org")},
		"GOVCS": {Value: model.NewValue("github.com:git,public:git|hg,private:all")}, "HTTPS_PROXY": {Value: model.NewValue("http://gate.example:3128")}, "NO_PROXY": {Value: model.NewValue(".corp.example,10.0.0.0/8")},
	}
	for name, list := range lists {
		vars[name] = model.Assignment{Value: model.NewValue(list)}
	}
	env := model.Env{Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: vars}, {Kind: model.LayerGOENV}, {Kind: model.LayerGoroot}}}
	main := model.Module{File: "/w/go.mod", Path: "corp.example/app", Go: "1.26", Sum: model.Sum{File: "/w/go.sum", Exists: true, Lines: map[string]bool{}}}
	cache := &model.ModuleCache{Dir: "/c"}
	for i := range modules {
		path := fmt.Sprintf([]string{"github.com/owner%d/lib", "git.corp.example/team%d/lib/v2", "vanity.example/m%d", "github.com/acme/private-%d"}[i%4], i)
		main.Requires = append(main.Requires, model.Require{Path: path, Version: "v1.2.3", Indirect: i%3 == 0})
		main.Sum.Lines[path+" v1.2.3"], main.Sum.Lines[path+" v1.2.3/go.mod"] = true, true
		if i%2 == 0 {
			cache.Missing = append(cache.Missing, path+"@v1.2.3")
		}
	}
	facts := route.Facts{Modules: []model.Module{main}, Cache: cache}
	f := figures{}
	for b.Loop() {
		began := time.Now()
		x := route.NewExplainer(env, facts)
		for _, m := range x.Requirements() {
			x.Explain(m)
		}
		ours := time.Since(began)
		began = time.Now()
		for _, q := range main.Requires {
			for _, list := range lists {
				module.MatchPrefixPatterns(list, q.Path)
			}
		}
		f.compare("", "ms", millis(ours), millis(time.Since(began)))
	}
	f.report(b)
	b.ReportMetric(modules, "modules")
}
