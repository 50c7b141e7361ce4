package report

import (
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
)

func TestRoutesMarkdown(t *testing.T) {
	private := Route{
		Module: "git.corp.example/lib", Version: "v1.2.0", Environment: "gopls", Mode: "proxy",
		Steps: []RouteStep{
			{Kind: "noproxy", Applies: true, Fallback: "not-found", Why: Why{Variable: "GOPRIVATE", Pattern: "*.corp.example", Origin: &Origin{Layer: "GOENV file", File: "/h/goenv", Line: 3}}},
			{Kind: "proxy", URL: "https://proxy.example/*x*", Fallback: "none", Why: Why{Variable: "GOPRIVATE", Pattern: "*.corp.example"}},
		},
		VCS: VCS{Consulted: true, Allowed: true, Page: "https://git.corp.example/lib?go-get=1", Tools: []string{"git"}},
		Sum: RouteSum{File: "/w/go.sum", Error: "missing go.sum entry\nfor it"},
	}
	shell := private
	shell.Environment = "shell"
	s := RoutesMarkdown([]Route{private, shell})
	inOrder(t, s, "**! warn** `git.corp.example/lib@v1.2.0` in gopls and shell: go asks the origin",
		"1. **the origin, as a private module** \\[GOPRIVATE=\\*.corp.example, /h/goenv:3 (GOENV file)\\]; `https://git.corp.example/lib?go-get=1` says",
		"2. *`https://proxy.example/*x*`:* skipped", "- go.sum: ✗ missing go.sum entry for it")
	if strings.Count(s, "---") != 0 || strings.Count(s, "git.corp.example/lib@v1.2.0") != 1 {
		t.Errorf("the same way is told twice:\n%s", s)
	}
	shell.Steps = shell.Steps[:1]
	if s := RoutesMarkdown([]Route{private, shell}); strings.Count(s, "\n---\n") != 1 {
		t.Errorf("two ways are told as one:\n%s", s)
	}
}

func TestVariableMarkdownIsShort(t *testing.T) {
	long := strings.Repeat("x", 10*hoverLimit)
	set := func(name model.EnvName, value string) model.Env {
		return model.Env{Name: name, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: map[string]model.Assignment{"GOFLAGS": {Value: model.NewValue(value)}}}}}
	}
	s := &model.Snapshot{Envs: []model.Env{set("gopls", long), set("shell", long), set("terminal", "`-x`\n# heading"), {Name: "test", Complete: true}, {Name: "debug"}}}
	got := VariableMarkdown(s, "GOFLAGS")
	inOrder(t, got, "- **gopls, shell**: `x", "…`, from process environment\n", "- **terminal**: `` `-x`\\n# heading ``", "- **test**: not set\n", "- **debug**: not known")
	if len(got) > 2*hoverLimit {
		t.Errorf("%d bytes are too many for a hover", len(got))
	}
}

// TestVariableMarkdownBeginsWithGopls: where gopls runs and where the user
// builds come first, without the start of the editor and the defaults of Go.
func TestVariableMarkdownBeginsWithGopls(t *testing.T) {
	env := func(name model.EnvName, value string) model.Env {
		layer := func(kind model.LayerKind, file, value string) model.Layer {
			return model.Layer{Kind: kind, Vars: map[string]model.Assignment{"GOPROXY": {Value: model.NewValue(value), File: file, Line: 3}}}
		}
		return model.Env{Name: name, Complete: true, Layers: []model.Layer{
			layer(model.LayerProcess, "/w/.vscode/settings.json", value), layer(model.LayerGOENV, "/h/goenv", "direct"), layer(model.LayerGoroot, "/go/go.env", "https://default.example"),
		}}
	}
	got := VariableMarkdown(&model.Snapshot{Dir: "/w", Envs: []model.Env{
		env(model.EnvEditorLaunch, "history"), env(model.EnvTools, "a"), env(model.EnvGopls, "b"), env(model.EnvShell, "c"),
	}}, "GOPROXY")
	inOrder(t, got, "**gopls**: `b`, from .vscode/settings.json:3", "overrides `direct`", "**shell**: `c`", "**tools**: `a`")
	if strings.Contains(got, "history") || strings.Contains(got, "default.example") {
		t.Errorf("what does not count is told:\n%s", got)
	}
}
