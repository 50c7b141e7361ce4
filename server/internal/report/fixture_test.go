package report

import (
	"path/filepath"

	"github.com/gophantom/gophantom/server/internal/model"
)

const workspace = "/home/gopher/app"

// troubled is a report with one of everything.
func troubled() Report {
	return Report{
		Schema: Schema, Health: "error",
		Snapshot: Snapshot{Number: 1, Reason: "asked", Taken: "2026-01-02T03:04:05Z", Dir: workspace, Trusted: true, Go: "go1.26.8"},
		Findings: []Finding{
			{
				Rule: "goproxy-invalid-entry", Ref: "PX-WORD", Severity: "error", Latent: true, Subject: "GOPROXY",
				Environments: []string{"gopls", "shell"}, Message: "GOPROXY has a bad entry.",
				Location: &Location{URI: "file:///home/gopher/.config/go/env", Range: Range{Position{2, 0}, Position{3, 0}}},
				Origin:   &Origin{Layer: "GOENV file", File: "/home/gopher/.config/go/env", Line: 3},
				Evidence: []string{"invalid proxy URL missing scheme: DIRECT"}, ContextID: "ctx-1",
			},
			{
				Rule: "env-drift", Severity: "warning", Subject: "GOFLAGS", Environments: []string{"shell"}, Message: "GOFLAGS differs.",
				Location: &Location{URI: "file:///home/gopher/app/.vscode/my%20settings.json", Range: Range{Position{4, 2}, Position{4, 9}}},
				Origin:   &Origin{Layer: "go.toolsEnvVars", File: workspace + "/.vscode/my settings.json", Line: 5},
				Fixes:    []Fix{{ID: "use-shell-value", Title: "Use the shell's GOFLAGS", Kind: "edit", Reversible: true, Preview: "-old\n+new\n"}},
			},
			{Rule: "nowhere", Severity: "info", Subject: "GOPATH", Message: "GOPATH is odd."},
		},
		Problems: []Problem{phantom(), {
			URI: "file:///home/gopher/app/b.go", Source: "compiler", Message: "undefined: x", Verdict: "real", Why: "red in both",
		}},
		Unknown: []Unknown{{Rule: "env-drift", Why: "the shell did not answer"}},
	}
}

func phantom() Problem {
	return Problem{
		URI: "file:///home/gopher/app/main.go", Range: Range{Position{2, 7}, Position{2, 20}}, Source: "compiler", Code: "BrokenImport",
		Message: "could not import example.com/dep", Verdict: "phantom", Cause: "env", Guilty: []string{"GOPROXY"},
		TrueReason: "module lookup disabled by GOPROXY=off", Why: "red for gopls, green for the shell",
		Evidence: []Evidence{{Environment: "gopls", Command: "go list", Outcome: "red", Millis: 210}, {Environment: "shell", Command: "go list", Outcome: "green", Millis: 300}},
	}
}

func healthy() Report {
	return Report{Schema: Schema, Health: "ok", Snapshot: Snapshot{Number: 1, Taken: "2026-01-02T03:04:05Z", Dir: workspace, Go: "go1.26.8", Gopls: "v0.23.0"}}
}

// divided is a snapshot in which gopls and the shell differ in GOPROXY, which
// the GOENV file sets too, and agree in GOSUMDB.
func divided() *model.Snapshot {
	file := filepath.Join("/home/gopher", ".config", "go", "env")
	goenv := model.Layer{Kind: model.LayerGOENV, File: file, Vars: map[string]model.Assignment{
		"GOPROXY": {Value: model.NewValue("https://user:hunter2@proxy.example"), File: file, Line: 1},
		"GOSUMDB": {Value: model.NewValue("off"), File: file, Line: 2},
	}}
	process := func(vars map[string]string) model.Layer {
		l := model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{}}
		for name, value := range vars {
			l.Vars[name] = model.Assignment{Value: model.NewValue(value)}
		}
		return l
	}
	return &model.Snapshot{Envs: []model.Env{
		{Name: model.EnvGopls, Complete: true, Layers: []model.Layer{process(map[string]string{"GOPROXY": "off", "TMPDIR": "/a"}), goenv}},
		{Name: model.EnvShell, Complete: true, Layers: []model.Layer{process(map[string]string{"TMPDIR": "/b"}), goenv}},
		{Name: model.EnvTerminal, Why: "it did not answer", Layers: []model.Layer{process(map[string]string{"GOSUMDB": "other"})}},
	}}
}

func routes() []Route {
	why := Why{Variable: "GOPROXY", Pattern: "https://proxy.example", Origin: &Origin{Layer: "process environment"}}
	return []Route{
		{
			Module: "example.com/dep", Version: "v1.0.0", Environment: "shell", Mode: "proxy",
			Steps: []RouteStep{
				{Kind: "noproxy", Fallback: "not-found", Why: Why{Variable: "GONOPROXY"}},
				{Kind: "proxy", URL: "https://proxy.example", Applies: true, Fallback: "any-error", Why: why},
				{Kind: "proxy", URL: "https://b.example", Applies: true, Fallback: "not-found", Why: why},
				{Kind: "direct", Applies: true, Fallback: "none", Why: why},
			},
			SumDB: SumDB{Consulted: true, Name: "sum.example", URL: "https://sum.example"},
			VCS:   VCS{Consulted: true, Root: "example.com/dep", Tool: "git", Allowed: true},
		},
		{Module: "example.com/local", Environment: "shell", Mode: "replace", Target: "../local"},
		{Module: "example.com/bad", Environment: "gopls", Mode: "proxy", Error: "module lookup disabled by GOPROXY=off"},
	}
}
