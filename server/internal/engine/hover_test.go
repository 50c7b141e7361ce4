package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// hovered is a snapshot whose gopls and shell differ in GOPROXY.
func hovered(dir string) *model.Snapshot {
	layer := func(kind model.LayerKind, file string, vars map[string]string) model.Layer {
		out := model.Layer{Kind: kind, File: file, Vars: map[string]model.Assignment{}}
		for name, value := range vars {
			out.Vars[name] = model.Assignment{Value: model.NewValue(value), File: file, Line: 3}
		}
		return out
	}
	settings := filepath.Join(dir, ".vscode", "settings.json")
	goenv := filepath.Join(dir, "goenv")
	defaults := layer(model.LayerGoroot, "", map[string]string{"GOPROXY": "https://default.example,direct", "GOSUMDB": "sum.golang.org"})
	file := layer(model.LayerGOENV, goenv, map[string]string{"GOPROXY": "https://u:hunter2@proxy.example"})
	return &model.Snapshot{
		Dir: dir,
		Envs: []model.Env{
			{Name: model.EnvGopls, Complete: true, Layers: []model.Layer{layer(model.LayerToolsEnvVars, settings, map[string]string{"GOPROXY": "off"}), file, defaults}},
			{Name: model.EnvShell, Complete: true, Layers: []model.Layer{layer(model.LayerProcess, "", nil), file, defaults}},
		},
		Modules: []model.Module{{
			File: filepath.Join(dir, "go.mod"), Path: "corp.example/app", Go: "1.26",
			Requires: []model.Require{{Path: "dep.example/a", Version: "v1.2.0"}},
			Replaces: []model.Replace{{OldPath: "dep.example/b", NewPath: "../b"}},
		}},
	}
}

func TestHover(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	gomod := write("go.mod", "module corp.example/app\n\ngo 1.26\n\nrequire (\n\tdep.example/a v1.2.0\n)\n\nreplace dep.example/b => ../b\n")
	settings := write(".vscode/settings.json", "{\n  // tools\n  \"go.toolsEnvVars\": {\"GOPROXY\": \"off\", \"HUSH\": \"x\"},\n  \"editor.tabSize\": 4,\n  \"gopls\": {\"build.env\": {\"GOPROXY\": \"off\"}}\n}\n")
	workspace := write("a.code-workspace", "{\"folders\": [], \"settings\": {\"go.toolsEnvVars\": {\n\"GOPROXY\": \"off\"}},\n\"go.toolsEnvVars\": {\"GOPROXY\": \"x\"}}\n")
	launch := write(".vscode/launch.json", "{\"configurations\": [{\"type\": \"go\"}, {\n\"env\": {\"GOPROXY\": \"off\", \"HUSH\": \"x\"},\n\"args\": [\"GOPROXY\"]}]}\n")
	goenv := write("goenv", "# notes\nGOPROXY=https://u:hunter2@proxy.example\nEDITOR=vi\n")
	other := write("other", "GOPROXY=off\n")
	broken := write("broken/go.mod", "module\n<<<<<<< HEAD\n")
	s := hovered(dir)
	variable := []string{"**GOPROXY**", "**gopls**: `off`, from", "go.toolsEnvVars", "overrides `https://secret-", "**shell**: `https://secret-", "GOENV file"}
	for _, tc := range []struct {
		name  string
		file  string
		at    model.Position
		wants []string // nil: there is nothing to say
	}{
		{"a requirement", gomod, model.Position{Line: 5, Character: 3}, []string{
			"✗ fail", "`dep.example/a@v1.2.0` in gopls: go cannot fetch it", "module lookup disabled by GOPROXY=off", "in shell: go asks", "proxy.example",
		}},
		{"a replacement", gomod, model.Position{Line: 8}, []string{"`dep.example/b` in gopls and shell: a directory replaces it", "../b"}},
		{"the go line", gomod, model.Position{Line: 2}, nil},
		{"behind the end", gomod, model.Position{Line: 99}, nil},
		{"a broken go.mod", broken, model.Position{Line: 1}, nil},
		{"a member of go.toolsEnvVars", settings, model.Position{Line: 2, Character: 25}, variable},
		{"a member that may not be kept", settings, model.Position{Line: 2, Character: 42}, nil},
		{"go.toolsEnvVars itself", settings, model.Position{Line: 2, Character: 5}, nil},
		{"another setting", settings, model.Position{Line: 3, Character: 5}, nil},
		{"build.env", settings, model.Position{Line: 4, Character: 30}, variable},
		{"a comment", settings, model.Position{Line: 1, Character: 6}, nil},
		{"a workspace file", workspace, model.Position{Line: 1, Character: 3}, variable},
		{"beside the settings of a workspace file", workspace, model.Position{Line: 2, Character: 23}, nil},
		{"a variable of launch.json", launch, model.Position{Line: 1, Character: 12}, variable},
		{"a variable of launch.json that may not be kept", launch, model.Position{Line: 1, Character: 32}, nil},
		{"an argument in launch.json", launch, model.Position{Line: 2, Character: 12}, nil},
		{"the GOENV file", goenv, model.Position{Line: 1, Character: 2}, variable},
		{"a comment of the GOENV file", goenv, model.Position{}, nil},
		{"what is none of go's", goenv, model.Position{Line: 2}, nil},
		{"some other file", other, model.Position{}, nil},
		{"a file that is gone", filepath.Join(dir, "gone", "go.mod"), model.Position{}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, ok := hover(world.Real(), s, tc.file, tc.at)
			if ok != (tc.wants != nil) {
				t.Fatalf("ok is %v: %s", ok, h.Markdown)
			}
			rest := h.Markdown
			for _, want := range tc.wants {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("no %q where it should be in\n%s", want, h.Markdown)
				}
				rest = after
			}
			if strings.Contains(h.Markdown, "hunter2") {
				t.Errorf("a secret is shown:\n%s", h.Markdown)
			}
			if ok && (tc.at.Line < h.Range.Start.Line || tc.at.Line > h.Range.End.Line) {
				t.Errorf("the range %v is not at %v", h.Range, tc.at)
			}
		})
	}
	l := NewLoop(world.Real(), func(Update) {})
	if h, ok := l.Hover(gomod, model.Position{Line: 5}); ok {
		t.Errorf("before anything was looked at: %s", h.Markdown)
	}
}

func TestHoverTakesTheNearestFolder(t *testing.T) {
	outer := t.TempDir()
	inner := filepath.Join(outer, "sub")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	gomod := filepath.Join(inner, "go.mod")
	if err := os.WriteFile(gomod, []byte("module corp.example/app\n\nrequire dep.example/a v1.2.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	a, b := hovered(outer), hovered(inner)
	b.Envs = b.Envs[1:] // only the shell
	l := NewLoop(world.Real(), func(Update) {})
	l.found = survey{{Snapshot: a}, {Snapshot: b}}
	h, ok := l.Hover(gomod, model.Position{Line: 2})
	if !ok || strings.Contains(h.Markdown, "gopls") {
		t.Errorf("%v: %s", ok, h.Markdown)
	}
}
