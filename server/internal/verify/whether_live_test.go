package verify_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// tagged makes a package that needs a build tag.
func (l lab) tagged() {
	l.files("main.go", "package main\n\nfunc main() { println(Impl()) }\n", "impl.go", "//go:build special\n\npackage main\n\nfunc Impl() int { return 1 }\n")
}

func (l lab) bisect(from, to map[string]string) (verify.Bisection, int) {
	l.t.Helper()
	w, c := countedWorld()
	s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvGopls: from, model.EnvShell: to})
	before := l.tree()
	b := verify.BisectPackage(l.t.Context(), w, s, nil, l.Dir, model.EnvGopls, model.EnvShell, nil)
	if after := l.tree(); before != after {
		l.t.Errorf("the bisect changed files:\n%s\nafter:\n%s", before, after)
	}
	return b, len(c.runs)
}

func variables(list []model.Guilty) (names []string) {
	for _, g := range list {
		names = append(names, g.Variable)
	}
	return names
}

// TestBisectOfTwelveVariables hides one culprit among twelve differing
// variables, at every place.
func TestBisectOfTwelveVariables(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.tagged()
	innocent := []string{
		"GOPRIVATE=x.example", "GOVCS=*:git", "CGO_CFLAGS=-O1", "GONOSUMDB=x.example", "GOINSECURE=x.example", "GOAUTH=off", "NETRC=/nowhere",
		"CGO_LDFLAGS=-O1", "PKG_CONFIG_LIBDIR=/nowhere", "GODEBUG=madvdontneed=1", "HTTPS_PROXY=http://proxy.example",
	}
	b, runs := l.bisect(l.With(innocent...), l.With("GOFLAGS=-tags=special"))
	if got := variables(b.Guilty); !slices.Equal(got, []string{"GOFLAGS"}) || b.Differing != 12 {
		t.Errorf("guilty %v of %d: %s", got, b.Differing, b.Why)
	}
	if runs > 12 {
		t.Errorf("%d runs of go to find one among 12", runs)
	}
	t.Logf("%d runs, %d of them to bisect", runs, b.Runs)
	// The other end of the list: the last of the suspects.
	more := slices.Concat(innocent[:10], []string{"GOFLAGS=-modcacherw", "GOFIPS140=nonsense"})
	b, runs = l.bisect(l.With(slices.Concat(more, []string{"GOFLAGS=-tags=special -modcacherw"})...), l.With("GOFLAGS=-tags=special"))
	if got := variables(b.Guilty); !slices.Equal(got, []string{"GOFIPS140"}) {
		t.Errorf("guilty %v of %d: %s (%s, %s)", got, b.Differing, b.Why, b.Before, b.After)
	}
	if runs > 14 {
		t.Errorf("%d runs of go", runs)
	}
}

// TestBisectOfInteractingVariables needs two variables at once, and has one
// that hides another.
func TestBisectOfInteractingVariables(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.download()
	b, _ := l.bisect(l.With("GOFLAGS=-mod=vendor", "GOMODCACHE="+filepath.Join(l.Home, "empty"), "GOPROXY=off"), l.With("GOPROXY=file://"+l.Proxy))
	if got := variables(b.Guilty); len(got) != 2 || got[0] != "GOFLAGS" || got[1] != "GOPROXY" && got[1] != "GOMODCACHE" {
		t.Errorf("guilty %v: %s", got, b.Why)
	}
}

// TestBisectThatFindsNothing says why.
func TestBisectThatFindsNothing(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.tagged()
	for _, c := range []struct{ from, to, says string }{
		{"GOFLAGS=-tags=special", "GOFLAGS=-tags=special", "builds in both"},
		{"GOFLAGS=", "GOPRIVATE=x.example", "fails in both"},
		{"GOFLAGS=-tags=special", "GOFLAGS=", "the other way round"},
	} {
		b, _ := l.bisect(l.With(c.from), l.With(c.to))
		if len(b.Guilty) != 0 || !strings.Contains(b.Why, c.says) {
			t.Errorf("%s against %s: guilty %v, %q", c.from, c.to, variables(b.Guilty), b.Why)
		}
	}
}

// TestStaleGreens has a package that gopls is silent about.
func TestStaleGreens(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.tagged()
	l.files("sub/sub.go", "package sub\n\nvar X int = \"no\"\n", "fine/fine.go", "package fine\n")
	gopls, shell := l.With("GOFLAGS=-tags=special"), l.With()
	greens := func(shell map[string]string, problems ...model.Problem) (out []string) {
		w, _ := countedWorld()
		s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvGopls: gopls, model.EnvShell: shell})
		s.Problems = problems
		for _, v := range verify.StaleGreens(t.Context(), w, s, nil, true) {
			if v.Kind != model.StaleGreen {
				t.Errorf("the verdict is %s", v.Kind)
			}
			rel, _ := filepath.Rel(l.Dir, v.Problem.File)
			out = append(out, fmt.Sprintf("%s:%d %s %v", rel, v.Problem.Range.Start.Line+1, v.Cause, variables(v.Guilty)))
		}
		return out
	}
	subs := model.Problem{Location: model.Location{File: filepath.Join(l.Dir, "sub", "sub.go")}, Severity: 1, Source: "compiler", Message: "cannot use \"no\""}
	if got := greens(shell, subs); !slices.Equal(got, []string{"main.go:3 env [GOFLAGS]"}) {
		t.Errorf("with a problem in sub: %q", got)
	}
	if got := greens(shell); !slices.Equal(got, []string{"main.go:3 env [GOFLAGS]", "sub/sub.go:3 stale []"}) {
		t.Errorf("without a problem: %q", got)
	}
	if got := greens(gopls, subs); len(got) != 0 {
		t.Errorf("where the build is green: %q", got)
	}
	opinion := subs
	opinion.Source = "unusedparams"
	if got := greens(gopls, opinion); !slices.Equal(got, []string{"sub/sub.go:3 stale []"}) {
		t.Errorf("with an opinion only: %q", got)
	}
}

// TestStaleGreensOfAWorkspace compiles its modules in one run.
func TestStaleGreensOfAWorkspace(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	l.files(
		"go.work", "go 1.24\n\nuse (\n\t.\n\t./a\n\t./b\n)\n",
		"a/go.mod", "module example.com/a\n\ngo 1.24\n", "a/a.go", "package a\n\nvar X int = \"no\"\n",
		"b/go.mod", "module example.com/b\n\ngo 1.24\n", "b/b.go", "package b\n\nvar Y = undefined\n",
	)
	w, c := countedWorld()
	s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvGopls: l.With(), model.EnvShell: l.With()})
	var got []string
	for _, v := range verify.StaleGreens(t.Context(), w, s, nil, true) {
		rel, _ := filepath.Rel(l.Dir, v.Problem.File)
		got = append(got, fmt.Sprintf("%s:%d", filepath.ToSlash(rel), v.Problem.Range.Start.Line+1))
	}
	if want := []string{"a/a.go:3", "b/b.go:3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if len(c.runs) != 3 {
		t.Errorf("go list ran in %v, want once for all modules, and once for each error with gopls' environment", c.runs)
	}
}
