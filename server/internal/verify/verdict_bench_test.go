package verify_test

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// BenchmarkVerdict judges one problem with nothing remembered but go's own build
// cache, against one "go list -e -test -export" of the package by itself, in
// turn. It reports the ratio.
func BenchmarkVerdict(b *testing.B) {
	for name, c := range map[string]struct {
		gopls string
		main  string
		kind  model.VerdictKind
	}{
		"real":    {"GOPROXY=off", "package main\n\nfunc main() { nobody() }\n", model.Real},
		"stale":   {"GOPROXY=off", "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Hello()) }\n", model.Phantom},
		"GOFLAGS": {"GOFLAGS=-mod=vendor", "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Hello()) }\n", model.Phantom},
	} {
		b.Run(name, func(b *testing.B) {
			lab := worldtest.NewLab(b)
			lab.Go(lab.Dir, map[string]string{"GOPROXY": "file://" + lab.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
			lab.Write(lab.File, c.main)
			p := model.Problem{Location: model.Location{File: lab.File, Range: model.Range{Start: model.Position{Line: 2}}}, Severity: 1, Source: "compiler", Message: "undefined: nobody"}
			if c.kind == model.Phantom {
				p.Message = "could not import example.com/greet (no required module provides package \"example.com/greet\")"
			}
			w := world.Real()
			s := observe.Take(b.Context(), w, observe.Input{
				Number: 1, Dir: lab.Dir, Trusted: true, Problems: []model.Problem{p},
				Captured: map[model.EnvName]map[string]string{model.EnvGopls: lab.With(c.gopls), model.EnvShell: lab.With()},
			})
			list := func() {
				cmd := exec.Command("go", "list", "-e", "-test", "-export", "-json=ImportPath,Error,DepsErrors", ".")
				cmd.Dir = lab.Dir
				for name, value := range lab.With("GOPROXY=off") {
					cmd.Env = append(cmd.Env, name+"="+value)
				}
				if out, err := cmd.Output(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
			}
			list() // warm
			var ours, theirs time.Duration
			for b.Loop() {
				start := time.Now()
				v := verify.Judge(b.Context(), w, s, nil)[0]
				ours += time.Since(start)
				if v.Kind != c.kind {
					b.Fatalf("%s: %s (%s)", filepath.Base(lab.File), v.Kind, v.Why)
				}
				start = time.Now()
				list()
				theirs += time.Since(start)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "×list")
			b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms")
		})
	}
}
