package fix_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
)

// with is an offer with more arguments.
func with(o model.FixOffer, pairs ...string) model.FixOffer {
	for i := 0; i < len(pairs); i += 2 {
		o.Args[pairs[i]] = model.NewValue(pairs[i+1])
	}
	return o
}

// bare is an environment that reads a GOENV file which has nothing.
func bare(name model.EnvName) model.Env {
	env := process(name)
	env.Layers = append(env.Layers, model.Layer{Kind: model.LayerGOENV, File: goenv}, model.Layer{Kind: model.LayerGoroot, Vars: map[string]model.Assignment{
		"GOPROXY": {Value: model.NewValue("https://proxy.example,direct")},
	}})
	return env
}

func TestSetVariable(t *testing.T) {
	for _, tt := range []struct {
		name    string
		env     model.Env
		offer   model.FixOffer
		content map[string]string
		want    string // the file afterwards
		steps   []fix.StepKind
		weakens bool
	}{
		{
			name:    "settings",
			env:     over(process(model.EnvTools), model.LayerToolsEnvVars, "GOPROXY", "direct+https://a.example", folder, 1),
			offer:   with(offer(fix.SetVariable, "GOPROXY"), "value", "https://a.example,direct"),
			content: map[string]string{folder: `{"go.toolsEnvVars": {"GOPROXY": "direct+https://a.example"}} // mine`},
			want:    `{"go.toolsEnvVars": {"GOPROXY": "https://a.example,direct"}} // mine`,
			steps:   []fix.StepKind{fix.StepEditFile},
		},
		{
			name:    "settings, removed",
			env:     over(process(model.EnvTools), model.LayerToolsEnvVars, "GOFLAGS", "-mod=mod", folder, 1),
			offer:   offer(fix.UnsetVariable, "GOFLAGS"),
			content: map[string]string{folder: `{"go.toolsEnvVars": {"GOFLAGS": "-mod=mod", "GOOS": "linux"}}`},
			want:    `{"go.toolsEnvVars": {"GOOS": "linux"}}`,
			steps:   []fix.StepKind{fix.StepEditFile},
		},
		{
			name:    "GOENV, the line that counts",
			env:     under(process(model.EnvShell), "GOPROXY", "", 3),
			offer:   with(offer(fix.SetVariable, "GOPROXY"), "value", "https://a.example", "environment", "shell"),
			content: map[string]string{goenv: "GOPROXY=x\nGOFLAGS=-v\nGOPROXY=\n"},
			want:    "GOPROXY=x\nGOFLAGS=-v\nGOPROXY=https://a.example\n",
			steps:   []fix.StepKind{fix.StepEditFile, fix.StepRestartGopls},
		},
		{
			name:    "GOENV, every line removed",
			env:     under(process(model.EnvShell), "GOPROXY", "", 3),
			offer:   offer(fix.UnsetVariable, "GOPROXY"),
			content: map[string]string{goenv: "GOPROXY=x\nGOFLAGS=-v\nGOPROXY="},
			want:    "GOFLAGS=-v\n",
			steps:   []fix.StepKind{fix.StepEditFile, fix.StepRestartGopls},
		},
		{
			name:    "nothing sets it yet",
			env:     bare(model.EnvShell),
			offer:   with(offer(fix.SetVariable, "GONOPROXY"), "value", "none"),
			content: map[string]string{goenv: "GOFLAGS=-v"},
			want:    "GOFLAGS=-v\nGONOPROXY=none\n",
			steps:   []fix.StepKind{fix.StepEditFile, fix.StepRestartGopls},
		},
		{
			name:  "no file yet",
			env:   bare(model.EnvShell),
			offer: with(offer(fix.SetVariable, "GOPROXY"), "value", "https://a.example"),
			want:  "GOPROXY=https://a.example\n",
			steps: []fix.StepKind{fix.StepEditFile, fix.StepRestartGopls},
		},
		{
			name:    "a private module",
			env:     under(process(model.EnvShell), "GOPRIVATE", "git.corp.example/old", 1),
			offer:   with(offer(fix.AddPattern, "GOPRIVATE"), "modules", "git.corp.example/team/a,git.corp.example/team/b"),
			content: map[string]string{goenv: "GOPRIVATE=git.corp.example/old\n"},
			want:    "GOPRIVATE=git.corp.example/old,git.corp.example/team\n",
			steps:   []fix.StepKind{fix.StepEditFile, fix.StepRestartGopls}, weakens: true,
		},
		{
			name: "a list that GOPRIVATE stood in for keeps what that says",
			env: func() model.Env {
				env := under(process(model.EnvShell), "GOPRIVATE", "corp.example", 1)
				return env
			}(),
			offer:   with(offer(fix.AddPattern, "GONOSUMDB"), "modules", "other.example/x"),
			content: map[string]string{goenv: "GOPRIVATE=corp.example\n"},
			want:    "GOPRIVATE=corp.example\nGONOSUMDB=corp.example,other.example/x\n",
			steps:   []fix.StepKind{fix.StepEditFile, fix.StepRestartGopls}, weakens: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(tt.content)
			s := snapshot(tt.env)
			s.Modules = []model.Module{{Requires: []model.Require{{Path: "git.corp.example/public"}}}}
			p := plan(t, w, s, tt.offer)
			if diff := cmp.Diff(tt.want, roundTrip(t, w, p, tt.content)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.steps, kinds(p.Steps)); diff != "" {
				t.Error(diff)
			}
			if p.WeakensSecurity != tt.weakens {
				t.Errorf("weakens security: %t", p.WeakensSecurity)
			}
			if says := strings.Contains(p.Preview, "What it costs"); says != tt.weakens {
				t.Errorf("the preview tells the cost: %t\n%s", says, p.Preview)
			}
		})
	}
}

// TestSetVariableByHand: what cannot be edited safely is shown.
func TestSetVariableByHand(t *testing.T) {
	rc := process(model.EnvShell)
	rc.Layers[0].Vars["GOFLAGS"] = model.Assignment{Value: model.NewValue("-mod mod"), File: "/home/gopher/.zshrc", Line: 18}
	for _, tt := range []struct {
		name  string
		env   model.Env
		offer model.FixOffer
		says  string // of the manual text or of why not
	}{
		{"a line of a start-up file", rc, with(offer(fix.SetVariable, "GOFLAGS"), "value", "-mod=mod"), "/home/gopher/.zshrc:18"},
		{"that line removed", rc, offer(fix.UnsetVariable, "GOFLAGS"), "/home/gopher/.zshrc:18"},
		{"the environment", process(model.EnvShell, "GOPROXY", "x"), with(offer(fix.SetVariable, "GOPROXY"), "value", "https://a.example"), "GOPROXY=https://a.example"},
		{"no variable of go's files", bare(model.EnvShell), with(offer(fix.SetVariable, "HTTPS_PROXY"), "value", "http://p.example"), "HTTPS_PROXY=http://p.example"},
		{"a secret", bare(model.EnvShell), with(offer(fix.SetVariable, "GOPROXY"), "value", "https://u:hunter2@a.example"), "credential"},
		{"two lines", bare(model.EnvShell), with(offer(fix.SetVariable, "GOFLAGS"), "value", "-v\nGOPROXY=x"), "more than one line"},
		{"already so", bare(model.EnvShell), with(offer(fix.SetVariable, "GOPROXY"), "value", "https://proxy.example,direct"), "already"},
		{"not set", bare(model.EnvShell), offer(fix.UnsetVariable, "GOFLAGS"), "not set any more"},
		{"listed already", process(model.EnvShell, "GOPRIVATE", "*.example"), with(offer(fix.AddPattern, "GOPRIVATE"), "modules", "a.example/x"), "already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := plan(t, newWorld(nil), snapshot(tt.env), tt.offer)
			if len(p.Steps) > 0 || !strings.Contains(p.Manual+p.Disabled, tt.says) {
				t.Errorf("%q, want something with %q", p.Manual+p.Disabled, tt.says)
			}
		})
	}
}

func TestChecksumDatabaseIsNeverSwitchedOff(t *testing.T) {
	for _, value := range []string{"off", " off"} {
		if p, err := fix.Make(newWorld(nil), snapshot(bare(model.EnvShell)), with(offer(fix.SetVariable, "GOSUMDB"), "value", value), show); err == nil {
			t.Errorf("%q gives %+v", value, p)
		}
	}
}

func TestCommandsAreForTheUser(t *testing.T) {
	p := plan(t, newWorld(nil), snapshot(), model.FixOffer{ID: fix.RunCommand, Args: map[string]model.Value{
		"command": model.NewValue("go mod vendor"), "dir": model.NewValue("/home/gopher/ws"), "why": model.NewValue("it writes vendor anew."),
	}})
	if want := "Run go mod vendor in /home/gopher/ws: it writes vendor anew."; p.Kind() != "manual" || p.Manual != want {
		t.Errorf("%s: %q, want %q", p.Kind(), p.Manual, want)
	}
}

// TestCopyInTheEditor: what the Go extension copied from a file is mended in the
// file, and the copy goes, or it would go on to count.
func TestCopyInTheEditor(t *testing.T) {
	content := map[string]string{goenv: "GOPROXY=off\n"}
	copied := func(name model.EnvName) model.Env {
		env := under(process(name), "GOPROXY", "off", 1)
		env.Layers[0].Vars["GOPROXY"] = model.Assignment{Value: model.NewValue("off"), File: goenv, Line: 1}
		return env
	}
	setting := map[string]string{folder: `{"go.toolsEnvVars": {"GOPROXY": "off"}}`}
	editor := process(model.EnvEditor)
	editor.Layers[0].Vars["GOPROXY"] = model.Assignment{Value: model.NewValue("off"), File: folder, Line: 1}
	tools := over(process(model.EnvTools), model.LayerToolsEnvVars, "GOPROXY", "off", folder, 1)
	ofSetting := plan(t, newWorld(setting), snapshot(editor, tools), offer(fix.UnsetVariable, "GOPROXY"))
	if diff := cmp.Diff([]fix.StepKind{fix.StepEditFile, fix.StepUnsetEditorEnv, fix.StepRestartGopls}, kinds(ofSetting.Steps)); diff != "" {
		t.Error(diff)
	}

	shell := under(process(model.EnvShell), "GOPROXY", "off", 1)
	w := newWorld(content)
	p := plan(t, w, snapshot(copied(model.EnvEditor), copied(model.EnvGopls), shell), with(offer(fix.UnsetVariable, "GOPROXY"), "environment", "editor"))
	if got := roundTrip(t, w, p, content); got != "" {
		t.Errorf("the file is %q", got)
	}
	if diff := cmp.Diff([]fix.StepKind{fix.StepEditFile, fix.StepUnsetEditorEnv, fix.StepRestartGopls}, kinds(p.Steps)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]fix.StepKind{fix.StepEditFile, fix.StepSetEditorEnv, fix.StepRestartGopls}, kinds(p.Undo)); diff != "" {
		t.Error(diff)
	}
	if p.Undo[1].Values["GOPROXY"] != "off" || !strings.Contains(p.Preview, "The copy of GOPROXY") || p.Title != "Remove GOPROXY from the GOENV file" {
		t.Errorf("%+v", p)
	}
}
