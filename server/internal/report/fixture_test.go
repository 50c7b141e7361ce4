package report

import (
	"path/filepath"
	"time"

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
	return &model.Snapshot{Number: 1, Reason: "asked", Dir: workspace, Envs: []model.Env{
		{Name: model.EnvGopls, Complete: true, Layers: []model.Layer{process(map[string]string{"GOPROXY": "off", "TMPDIR": "/a"}), goenv}},
		{Name: model.EnvShell, Complete: true, Layers: []model.Layer{process(map[string]string{"TMPDIR": "/b"}), goenv}},
		{Name: model.EnvTerminal, Why: "it did not answer", Layers: []model.Layer{process(map[string]string{"GOSUMDB": "other"})}},
	}}
}

// judgement says of the difference in divided that it matters, and of the
// other that it does not.
func judgement() []model.Drift {
	s := divided()
	pair := func(name string, matters bool, why string) model.Drift {
		gopls, _ := s.Env(model.EnvGopls)
		shell, _ := s.Env(model.EnvShell)
		return model.Drift{
			Variable: name, A: model.EnvShell, B: model.EnvGopls, InA: shell.Lookup(name), InB: gopls.Lookup(name), Matters: matters, Why: why,
		}
	}
	return []model.Drift{pair("TMPDIR", false, "Nothing of Go looks there."), pair("GOPROXY", true, "One of them downloads nothing.")}
}

// busy is a machine with every environment, where much differs: a remote
// editor, a version manager, several folders, and names that are attacks.
func busy() (*model.Snapshot, []model.Drift) {
	homeDir := "/home/gopher"
	zshrc, settings := homeDir+"/.zshrc", workspace+"/.vscode/settings.json"
	assign := func(value, file string, line int, earlier ...model.Shadow) model.Assignment {
		return model.Assignment{Value: model.NewValue(value), File: file, Line: line, Earlier: earlier}
	}
	goroot := model.Layer{Kind: model.LayerGoroot, File: "/usr/local/go/go.env", Vars: map[string]model.Assignment{
		"GOPROXY": assign("https://proxy.example,direct", "/usr/local/go/go.env", 3),
	}}
	path := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/games:/snap/bin"
	shell := model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{
		"GOPROXY": assign("https://goproxy.corp.example,https://proxy.example,direct", zshrc, 18,
			model.Shadow{Value: model.NewValue("https://old.corp.example"), Origin: model.Origin{Layer: model.LayerProcess, File: "/etc/profile.d/go.sh", Line: 2}}),
		"GOFLAGS": assign("-mod=mod -tags=a", zshrc, 19), "HOME": assign(homeDir, "", 0), "GOSUMDB": assign("sum.example", zshrc, 21),
		"PATH": assign(homeDir+"/.asdf/shims:"+path, zshrc, 3), "TMPDIR": assign("/tmp/b", "", 0), "GOPRIVATE": assign("git.corp.example/*", zshrc, 20),
	}}
	editor := model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{
		"GOFLAGS": assign("-tags=a -mod=mod", "", 0), "HOME": assign(homeDir, "", 0), "GOSUMDB": assign("sum.example", "", 0),
		"PATH": assign(path, "", 0), "TMPDIR": assign("/tmp/a", "", 0), "GOPROXY": assign("https://stale.example", "", 0),
		"GONOSUMDB": assign("a|b`c<script>alert(1)</script>\u202e\x1b[31m\n|@gopher https://u:hunter2@x.example", "", 0),
	}}
	overlay := model.Layer{Kind: model.LayerToolsEnvVars, File: settings, Vars: map[string]model.Assignment{"GOPROXY": assign("off", settings, 12)}}
	hostile := model.EnvName("debug:Launch |`<b>\x1b[31m\u202e\n#1")
	s := &model.Snapshot{
		Number: 4, Reason: "asked", Taken: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Dir: workspace, Trusted: true, Folders: []string{workspace, homeDir + "/lib", "/srv/other"},
		Envs: []model.Env{
			{Name: model.EnvEditorLaunch, Complete: true, Why: "the environment the extension host was started with", Layers: []model.Layer{editor, goroot}},
			{Name: model.EnvEditor, Complete: true, Why: "the environment of the extension host now", Layers: []model.Layer{editor, goroot}},
			{Name: model.EnvTools, Complete: true, Predicted: true, Why: "what the Go extension would start a tool with now", Layers: []model.Layer{overlay, editor, goroot}},
			{Name: model.EnvGopls, Complete: true, Why: "the environment gopls was started with (process 4711)", Layers: []model.Layer{overlay, editor, goroot}},
			{Name: model.EnvShell, Complete: true, Why: "a login and interactive zsh", Layers: []model.Layer{shell, goroot}},
			{Name: model.EnvTerminal, Why: "settings.json does not parse; mend line 7 of it"},
			{Name: hostile, Complete: true, Predicted: true, Why: "launch.json", Layers: []model.Layer{overlay, editor, goroot}},
		},
		Toolchain: []model.Toolchain{
			{Env: model.EnvGopls, Go: "/usr/local/go/bin/go", Version: "go1.25.1", Tools: []model.Tool{
				{Name: "go", Path: "/usr/local/go/bin/go", Version: "go1.25.1"}, {Name: "gopls", Path: homeDir + "/go/bin/gopls", Version: "v0.23.0", Go: "go1.26.8"},
			}},
			{Env: model.EnvShell, Go: homeDir + "/.asdf/shims/go", Version: "go1.26.8", Tools: []model.Tool{
				{Name: "go", Path: homeDir + "/.asdf/shims/go", Version: "go1.26.8", Manager: "asdf", Shim: true},
				{Name: "gopls", Path: homeDir + "/go/bin/gopls", Version: "v0.23.0", Go: "go1.26.8"},
				{Name: "git", Path: "/usr/bin/git", Version: "2.39.5"},
			}},
		},
		Gopls:  []model.GoplsProcess{{PID: 4711, Version: "v0.23.0", GoVersion: "go1.26.8", Dir: workspace, Editor: "Visual Studio Code"}},
		Views:  []model.GoplsView{{ID: "1", Type: "GoWork", Root: workspace, Folder: workspace}},
		Editor: &model.Editor{Name: "Visual Studio Code", Remote: "dev-container"},
		Faults: []model.Fault{{Subject: "gopls", Text: "The binary of gopls was replaced since it started (process 4711); restart it to run the new one."}},
	}
	pair := func(name string, other model.EnvName, matters, latent bool, why string) model.Drift {
		d := model.Drift{Variable: name, A: model.EnvShell, B: other, Matters: matters, Latent: latent, Why: why}
		shell, _ := s.Env(model.EnvShell)
		env, _ := s.Env(other)
		d.InA, d.InB = shell.Lookup(name), env.Lookup(name)
		return d
	}
	return s, []model.Drift{
		pair("GOPROXY", model.EnvEditor, true, true, "The modules come from another proxy."),
		pair("GOPROXY", model.EnvTools, true, false, "One side downloads nothing, and the module cache lacks what go.mod requires."),
		pair("GOPROXY", model.EnvGopls, true, false, "One side downloads nothing, and the module cache lacks what go.mod requires."),
		pair("GOFLAGS", model.EnvGopls, false, false, "The same flags in another order."),
		pair("TMPDIR", model.EnvGopls, false, false, "Only temporary files go there."),
		pair("PATH", model.EnvGopls, false, false, "The order differs, but go, git and cc are the same."),
		pair("GONOSUMDB", hostile, true, true, "The checksum database is asked on one side only."),
		pair("GOPRIVATE", model.EnvGopls, true, true, "Modules of git.corp.example are fetched from the origin on one side only."),
		{
			Variable: "go", A: model.EnvShell, B: model.EnvGopls, Matters: true, Why: "Another Go builds, with other language features.",
			InA: model.Setting{Name: "go", Set: true, Value: model.NewValue(homeDir + "/.asdf/shims/go")}, InB: model.Setting{Name: "go", Set: true, Value: model.NewValue("/usr/local/go/bin/go")},
		},
	}
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

// withAccepted is troubled, with a finding that the team lives with.
func withAccepted() Report {
	r := troubled()
	r.Accepted = []Accepted{{Finding: r.Findings[1], Owner: "ada", Reason: "until the move.", Expires: "2026-12-31"}}
	r.Findings = append(r.Findings[:1:1], r.Findings[2:]...)
	return r
}
