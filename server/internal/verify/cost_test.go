package verify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
)

// countedGo stands in for a go command: it builds packages of a.go and, where
// the environment is right, of impl.go, which has what a.go needs. It counts how
// often it runs.
type countedGo struct {
	world.Exec
	right func(vars map[string]string) bool

	mu       sync.Mutex
	runs     int
	packages int // that it was asked about
}

func (g *countedGo) Run(_ context.Context, c world.Command) (world.Result, error) {
	vars := map[string]string{}
	for _, pair := range c.Env {
		name, value, _ := strings.Cut(pair, "=")
		vars[name] = value
	}
	right, compile := g.right(vars), slices.Contains(c.Args, "-export")
	var out strings.Builder
	asked := 0
	for _, pattern := range c.Args {
		if pattern != "." && !strings.HasPrefix(pattern, "./") {
			continue
		}
		asked++
		path := filepath.ToSlash(filepath.Join("example.com/app", pattern))
		p := map[string]any{"ImportPath": path, "Dir": filepath.Join(c.Dir, pattern), "GoFiles": []string{"a.go", "impl.go"}}
		if !right {
			p["GoFiles"], p["IgnoredGoFiles"] = []string{"a.go"}, []string{"impl.go"}
			if compile {
				text := "# " + path + "\n"
				for line := 3; line < 13; line++ {
					text += fmt.Sprintf("%s/a.go:%d:9: undefined: Impl\n", pattern, line)
				}
				p["Error"] = map[string]any{"Err": text}
			}
		}
		data, err := json.Marshal(p)
		if err != nil {
			return world.Result{}, err
		}
		out.Write(data)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.runs++
	g.packages += asked
	return world.Result{Stdout: []byte(out.String())}, nil
}

// manyPackages is a workspace of so many packages of ten problems each, seen
// from two environments, and its go command.
func manyPackages(t *testing.T, packages int, editor, shell map[string]string, right func(map[string]string) bool) (*world.World, *model.Snapshot, *countedGo) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	w := *world.Real()
	g := &countedGo{Exec: w.Exec, right: right}
	w.Exec = g
	for _, name := range []string{"go", "go.exe"} {
		write("bin/"+name, "", 0o755)
	}
	write("ws/go.mod", "module example.com/app\n\ngo 1.24\n", 0o644)
	s := &model.Snapshot{Number: 1, Dir: filepath.Join(dir, "ws"), Trusted: true}
	for _, side := range []struct {
		name model.EnvName
		vars map[string]string
	}{{model.EnvGopls, editor}, {model.EnvShell, shell}} {
		layer := model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{"PATH": {Value: model.NewValue(filepath.Join(dir, "bin"))}}}
		for name, value := range side.vars {
			layer.Vars[name] = model.Assignment{Value: model.NewValue(value)}
		}
		s.Envs = append(s.Envs, model.Env{Name: side.name, Complete: true, Layers: []model.Layer{layer}})
	}
	for i := range packages {
		name := fmt.Sprintf("ws/p%d/a.go", i)
		write(name, "package p\n", 0o644)
		for line := range 10 {
			at := model.Position{Line: line + 2, Character: 8}
			s.Problems = append(s.Problems, model.Problem{
				Location: model.Location{File: filepath.Join(dir, filepath.FromSlash(name)), Range: model.Range{Start: at, End: at}},
				Severity: 1, Source: "compiler", Code: "UndeclaredName", Message: "undefined: Impl",
			})
		}
	}
	return &w, s, g
}

// TestBisectIsCheap lets each of twelve differing variables be the culprit.
func TestBisectIsCheap(t *testing.T) {
	names := strings.Fields("GOFLAGS GOWORK GOPROXY GOPRIVATE CGO_ENABLED GO111MODULE GOTOOLCHAIN GOEXPERIMENT CC GOINSECURE GODEBUG GOAMD64")
	editor, shell := map[string]string{}, map[string]string{}
	for _, name := range names {
		editor[name], shell[name] = "off", "auto"
	}
	most := 0
	for _, culprit := range names {
		if culprit == "GOPROXY" {
			continue // go never gets to see it from us
		}
		w, s, g := manyPackages(t, 1, editor, shell, func(vars map[string]string) bool { return vars[culprit] == "auto" })
		s.Problems = s.Problems[:1]
		v := verify.Judge(t.Context(), w, s, nil)[0]
		expect(t, v, model.Phantom, model.CauseEnv, culprit)
		if v.Bisect.Differing != len(names) {
			t.Errorf("%d variables differ, want %d", v.Bisect.Differing, len(names))
		}
		if most = max(most, g.runs); g.runs > 12 {
			t.Errorf("%s: %d runs of go in all, of which %d to bisect; want at most 12", culprit, g.runs, v.Bisect.Runs)
		}
	}
	t.Logf("at most %d runs of go", most)
}

// TestManyProblemsDoNotPileUp judges ten thousand problems in a thousand
// packages, which are phantoms, real, or stale.
func TestManyProblemsDoNotPileUp(t *testing.T) {
	tags := map[string]string{"GOFLAGS": "-tags=foo"}
	hasTag := func(vars map[string]string) bool { return vars["GOFLAGS"] == "-tags=foo" }
	for _, c := range []struct {
		name          string
		editor, shell map[string]string
		right         func(map[string]string) bool
		kind          model.VerdictKind
		cause         model.Cause
	}{
		{"phantom", nil, tags, hasTag, model.Phantom, model.CauseEnv},
		{"real", nil, nil, hasTag, model.Real, ""},
		{"stale", tags, tags, hasTag, model.Phantom, model.CauseStale},
	} {
		t.Run(c.name, func(t *testing.T) {
			const packages = 1000
			w, s, g := manyPackages(t, packages, c.editor, c.shell, c.right)
			start := time.Now()
			verdicts := verify.Judge(t.Context(), w, s, &verify.Memory{})
			took := time.Since(start)
			kinds := map[string]int{}
			for _, v := range verdicts {
				kinds[string(v.Kind)+" "+string(v.Cause)]++
			}
			if want := map[string]int{string(c.kind) + " " + string(c.cause): 10 * packages}; !maps.Equal(kinds, want) {
				t.Errorf("verdicts %v, want %v", kinds, want)
			}
			t.Logf("%d runs of go for %d packages in %v", g.runs, g.packages, took.Round(time.Millisecond))
			// Ten batches, both sides, once to load and once to compile, and a bisect.
			if g.runs > 60 || g.packages > 6*packages {
				t.Errorf("%d runs of go, for %d packages: too many for %d packages", g.runs, g.packages, packages)
			}
		})
	}
}

// TestOneRunAnswersForBoth has environments that differ in what no run of go
// gets to see, and one where it does.
func TestOneRunAnswersForBoth(t *testing.T) {
	for name, c := range map[string]struct {
		editor map[string]string
		runs   int
	}{
		"proxy":   {map[string]string{"GOPROXY": "off", "GOSUMDB": "off"}, 1},
		"private": {map[string]string{"GOPROXY": "off", "GOPRIVATE": "corp.example"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			shell := map[string]string{"GOPROXY": "https://proxy.example", "GOSUMDB": "sum.example"}
			w, s, g := manyPackages(t, 1, c.editor, shell, func(map[string]string) bool { return true })
			for _, v := range verify.Judge(t.Context(), w, s, nil) {
				if v.Kind != model.Phantom || v.Cause != model.CauseStale || len(v.Evidence) != 2 || v.Evidence[1].Env != model.EnvGopls || v.Evidence[1].Outcome != "green" {
					t.Fatalf("%s %s: %+v", v.Kind, v.Cause, v.Evidence)
				}
			}
			if g.runs != c.runs {
				t.Errorf("%d runs of go, want %d", g.runs, c.runs)
			}
		})
	}
}
