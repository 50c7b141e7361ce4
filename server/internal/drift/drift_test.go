package drift_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/drift"
	"github.com/gophantom/gophantom/server/internal/model"
)

// env is an environment of process variables, written NAME=value.
func env(name model.EnvName, variables ...string) model.Env {
	vars := map[string]model.Assignment{}
	for _, v := range variables {
		key, value, _ := strings.Cut(v, "=")
		vars[key] = model.Assignment{Value: model.NewValue(value)}
	}
	return model.Env{Name: name, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: vars}}}
}

// TestLatent looks at what is to be fetched when proxies and patterns differ.
func TestLatent(t *testing.T) {
	const cache = "GOMODCACHE=/cache"
	for name, test := range map[string]struct {
		gopls, shell []string
		missing      []string
		vendored     bool
		variable     string
		latent       bool
	}{
		"nothing is missing":             {[]string{"GOPROXY=off"}, []string{"GOPROXY=direct"}, nil, false, "GOPROXY", true},
		"something is missing":           {[]string{"GOPROXY=off"}, []string{"GOPROXY=direct"}, []string{"corp.example/a@v1.0.0"}, false, "GOPROXY", false},
		"vendored":                       {[]string{"GOPROXY=off"}, []string{"GOPROXY=direct"}, []string{"corp.example/a@v1.0.0"}, true, "GOPROXY", true},
		"a private module is missing":    {[]string{"GOPROXY=direct", "GOPRIVATE=corp.example"}, []string{"GOPROXY=direct,"}, []string{"corp.example/a@v1.0.0"}, false, "GOPRIVATE", false},
		"another module is missing":      {[]string{"GOPROXY=https://proxy.example,direct", "GOPRIVATE=corp.example"}, []string{"GOPROXY=https://proxy.example,direct"}, []string{"example.org/a@v1.0.0"}, false, "GOPRIVATE", true},
		"another database, other module": {[]string{"GOPROXY=direct", "GONOSUMDB=corp.example"}, []string{"GOPROXY=direct"}, []string{"example.org/a@v1.0.0"}, false, "GONOSUMDB", true},
		"certificates":                   {[]string{"GOPROXY=direct", "SSL_CERT_FILE=/a"}, []string{"GOPROXY=direct"}, nil, false, "SSL_CERT_FILE", true},
		"keys, a public module":          {[]string{"GOPROXY=https://proxy.example,direct"}, []string{"GOPROXY=https://proxy.example,direct", "SSH_AUTH_SOCK=/x"}, []string{"example.org/a@v1.0.0"}, false, "SSH_AUTH_SOCK", true},
		"keys, a private module":         {[]string{"GOPROXY=off", "GOPRIVATE=example.org"}, []string{"GOPROXY=off", "GOPRIVATE=example.org", "SSH_AUTH_SOCK=/x"}, []string{"example.org/a@v1.0.0"}, false, "SSH_AUTH_SOCK", false},
		"not a matter of fetching":       {[]string{"GOFLAGS=-tags=a"}, nil, nil, false, "GOFLAGS", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &model.Snapshot{
				Envs:    []model.Env{env(model.EnvGopls, append(test.gopls, cache, "GOSUMDB=sum.golang.org")...), env(model.EnvShell, append(test.shell, cache, "GOSUMDB=sum.golang.org")...)},
				Caches:  []model.ModuleCache{{Dir: "/cache", Missing: test.missing}},
				Modules: []model.Module{{File: "/ws/go.mod", Path: "example.com/app", Go: "1.26", Vendored: test.vendored}},
			}
			drifts := drift.Between(s, model.EnvGopls, model.EnvShell)
			i := slices.IndexFunc(drifts, func(d model.Drift) bool { return d.Variable == test.variable })
			if i < 0 {
				t.Fatalf("no drift of %s in %+v", test.variable, drifts)
			}
			if d := drifts[i]; !d.Matters || d.Latent != test.latent {
				t.Errorf("matters %v, latent %v: %s", d.Matters, d.Latent, d.Why)
			}
		})
	}
}

// TestOf compares everything with the shell, or with the first environment.
func TestOf(t *testing.T) {
	incomplete := env(model.EnvTools, "GOFLAGS=-v")
	incomplete.Complete = false
	editor, gopls, shell := env(model.EnvEditor, "GOFLAGS=-tags=a"), env(model.EnvGopls, "GOFLAGS=-tags=b", "SECRET=x"), env(model.EnvShell, "GOBIN=/x")
	for name, test := range map[string]struct {
		envs []model.Env
		want []string
	}{
		"the shell":            {[]model.Env{editor, incomplete, gopls, shell}, []string{"shell editor GOBIN", "shell editor GOFLAGS", "shell gopls GOBIN", "shell gopls GOFLAGS"}},
		"no shell":             {[]model.Env{incomplete, editor, gopls}, []string{"editor gopls GOFLAGS"}},
		"nothing to compare":   {[]model.Env{shell, incomplete}, nil},
		"nothing but unknowns": {[]model.Env{incomplete}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range drift.Of(&model.Snapshot{Envs: test.envs}) {
				got = append(got, string(d.A)+" "+string(d.B)+" "+d.Variable)
				if !strings.HasSuffix(d.Why, ".") || strings.Contains(d.Why, "-tags") {
					t.Errorf("why %s: %q, want a sentence without values", d.Variable, d.Why)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("drifts %q, want %q", got, test.want)
			}
		})
	}
}

// TestGoTool judges two go commands by what runs in the end.
func TestGoTool(t *testing.T) {
	tool := func(path, version, selected string, shim bool) model.Toolchain {
		return model.Toolchain{
			Go: path, Version: version, Selected: selected,
			Tools: []model.Tool{{Name: "go", Path: path, Target: path, Version: version, Shim: shim}},
		}
	}
	mixed := tool("/a/go", "go1.26.8", "go1.26.8", false)
	mixed.Version = "go1.25.0" // GOROOT is of another Go
	for name, test := range map[string]struct {
		gopls, shell model.Toolchain
		matters      bool
		why          string
	}{
		"other versions":            {tool("/a/go", "go1.25.0", "go1.25.0", false), tool("/b/go", "go1.26.8", "go1.26.8", false), true, "another Go"},
		"same version":              {tool("/a/go", "go1.26.8", "go1.26.8", false), tool("/b/go", "go1.26.8", "go1.26.8", false), false, "two installations"},
		"both hand over to one":     {tool("/a/go", "go1.25.0", "go1.27.1", false), tool("/b/go", "go1.26.8", "go1.27.1", false), false, "same Go"},
		"one shim, two answers":     {tool("/shims/go", "go1.25.0", "go1.25.0", true), tool("/shims/go", "go1.26.8", "go1.26.8", true), true, "shim decides"},
		"a shim that comes to less": {tool("/shims/go", "go1.25.0", "go1.25.0", true), tool("/b/go", "go1.26.8", "go1.26.8", false), true, "shim"},
		"a shim that comes to same": {tool("/shims/go", "go1.26.8", "go1.26.8", true), tool("/b/go", "go1.26.8", "go1.26.8", false), false, "shim"},
		"none on one side":          {tool("", "", "", false), tool("/b/go", "go1.26.8", "go1.26.8", false), true, "no go command"},
		"not known which":           {tool("/a/go", "", "", false), tool("/b/go", "go1.26.8", "go1.26.8", false), true, "could not be told"},
		"libraries of another":      {mixed, tool("/b/go", "go1.26.8", "go1.26.8", false), true, "Another Go"},
	} {
		t.Run(name, func(t *testing.T) {
			test.gopls.Env, test.shell.Env = model.EnvGopls, model.EnvShell
			s := &model.Snapshot{
				Envs:      []model.Env{env(model.EnvGopls, "PATH="+test.gopls.Go), env(model.EnvShell, "PATH="+test.shell.Go)},
				Toolchain: []model.Toolchain{test.gopls, test.shell},
			}
			drifts := drift.Between(s, model.EnvGopls, model.EnvShell)
			if len(drifts) == 0 {
				t.Error("no drift")
			}
			for _, d := range drifts {
				if d.Matters != test.matters {
					t.Errorf("%s: matters %v: %s", d.Variable, d.Matters, d.Why)
				}
				if d.Variable == "go" && !strings.Contains(strings.ToLower(d.Why), strings.ToLower(test.why)) {
					t.Errorf("why: %s, want something about %q", d.Why, test.why)
				}
			}
		})
	}
}
