package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
)

// TestLongLists holds what is said of lists of many thousand entries to a page: each
// finding carries the repaired list.
func TestLongLists(t *testing.T) {
	for variable, entry := range map[string]string{
		"GOPRIVATE": "https://git.corp.example", "GONOPROXY": "*corp.example", "GOINSECURE": "*.com", "NO_PROXY": "https://git.corp.example", "GONOSUMDB": "*.corp.example",
	} {
		value := strings.Repeat(entry+",", 1<<18/len(entry))
		s := &model.Snapshot{
			Envs: []model.Env{{Name: model.EnvShell, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: map[string]model.Assignment{
				variable: {Value: model.NewValue(value)}, "GOPROXY": {Value: model.NewValue("https://proxy.example")}, "HTTPS_PROXY": {Value: model.NewValue("http://10.0.0.1:3128")},
			}}}}},
			Modules: []model.Module{{File: "/ws/go.mod", Path: "example.com/app", Go: "1.26", Requires: []model.Require{{Path: "corp.example/lib", Version: "v1.0.0", Line: 5}}}},
		}
		findings, crashes := rules.Run(s)
		if len(crashes) > 0 {
			t.Errorf("%s: %v", variable, crashes)
		}
		if len(findings) == 0 || len(findings) > 25 {
			t.Errorf("%s: %d findings", variable, len(findings))
		}
	}
}

// BenchmarkManyMissingModules has every requirement missing, against one of
// them: what is missing is looked up for each requirement, not searched for. It
// reports the ratio.
func BenchmarkManyMissingModules(b *testing.B) {
	const count = 10_000
	m := model.Module{File: "/ws/go.mod", Path: "example.com/app", Go: "1.26"}
	var all []string
	long := strings.Repeat("a", 2000)
	for i := range count {
		r := model.Require{Path: fmt.Sprintf("example.com/%s/lib%06d", long, i), Version: "v1.0.0", Line: i + 5}
		m.Requires = append(m.Requires, r)
		all = append(all, r.Path+"@"+r.Version)
	}
	cost := func(missing []string) time.Duration {
		const dir = "/home/gopher/go/pkg/mod"
		s := &model.Snapshot{
			Envs: []model.Env{{Name: model.EnvShell, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: map[string]model.Assignment{
				"GOPROXY": {Value: model.NewValue("https://proxy.example")}, "GOMODCACHE": {Value: model.NewValue(dir)},
			}}}}},
			Modules: []model.Module{m}, Caches: []model.ModuleCache{{Dir: dir, Missing: missing}},
		}
		start := time.Now()
		if _, crashes := rules.Run(s); len(crashes) > 0 {
			b.Fatal(crashes)
		}
		return time.Since(start)
	}
	var one, every time.Duration
	for b.Loop() {
		one += cost(all[:1])
		every += cost(all)
	}
	b.ReportMetric(float64(every)/float64(one), "×one")
}
