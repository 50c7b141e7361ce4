package fix_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
)

// everything is every action that an editor can do for a cure.
var everything = []string{
	model.ActionUnsetEnv, model.ActionSetEnv, model.ActionRestartGopls, model.ActionSave,
	model.ActionReloadGopls, model.ActionInstallGopls, model.ActionRestartExtensions, model.ActionAddFolder,
}

// running is an editor that can do everything, with a gopls.
func running(version string, envs ...model.Env) *model.Snapshot {
	s := snapshot(envs...)
	s.Editor.Actions = everything
	s.Gopls = []model.GoplsProcess{{PID: 7, Version: version, GoVersion: "go1.26.8"}}
	return s
}

func refused(t *testing.T, p fix.Plan, say string) {
	t.Helper()
	if len(p.Steps) > 0 || !strings.Contains(p.Disabled, say) {
		t.Errorf("%q is possible, or does not say %q: %+v", p.Title, say, p)
	}
}

func TestSessionEnv(t *testing.T) {
	const good = "https://u:hunter2@good.example"
	editor := process(model.EnvEditor, "GOPROXY", "off", "GOFLAGS", "-mod=vendor")
	shell := process(model.EnvShell, "GOPROXY", good, "GONOPROXY", "corp.example")
	p := plan(t, newWorld(nil), running("v0.23.0", editor, shell), offer(fix.SessionEnv, "GOPROXY,GONOPROXY,GOFLAGS"))
	want := []fix.Step{
		{Kind: fix.StepUnsetEditorEnv, Names: []string{"GOFLAGS"}},
		{Kind: fix.StepSetEditorEnv, Values: map[string]string{"GOPROXY": good, "GONOPROXY": "corp.example"}},
		{Kind: fix.StepRestartGopls},
	}
	if diff := cmp.Diff(want, p.Steps); diff != "" {
		t.Error(diff)
	}
	want = []fix.Step{
		{Kind: fix.StepUnsetEditorEnv, Names: []string{"GONOPROXY"}},
		{Kind: fix.StepSetEditorEnv, Values: map[string]string{"GOPROXY": "off", "GOFLAGS": "-mod=vendor"}},
		{Kind: fix.StepRestartGopls},
	}
	if diff := cmp.Diff(want, p.Undo); diff != "" {
		t.Error(diff)
	}
	if p.Title != "Use the shell's GOPROXY, GONOPROXY and GOFLAGS until the editor restarts" || !p.Reversible || p.WeakensSecurity || p.Kind() != "action" {
		t.Errorf("%+v", p)
	}
	for _, say := range []string{"GOPROXY=https://u:***@good.example", "Takes GOFLAGS out"} {
		if !strings.Contains(p.Preview, say) {
			t.Errorf("the preview does not say %q: %s", say, p.Preview)
		}
	}
	p = plan(t, newWorld(nil), running("v0.23.0", editor, process(model.EnvShell, "GOSUMDB", "off")), offer(fix.SessionEnv, "GOSUMDB"))
	if !p.WeakensSecurity {
		t.Errorf("GOSUMDB=off of the shell weakens nothing: %+v", p)
	}
	p = plan(t, newWorld(nil), running("v0.23.0", editor, process(model.EnvShell)), offer(fix.SessionEnv, "GOPROXY"))
	if p.Title != "Leave GOPROXY unset until the editor restarts, as in the shell" {
		t.Errorf("titled %q", p.Title)
	}
}

func TestSessionEnvWouldNotHelp(t *testing.T) {
	editor, shell := process(model.EnvEditor, "GOPROXY", "off"), process(model.EnvShell, "GOPROXY", "direct")
	tools := over(process(model.EnvTools, "GOPROXY", "off"), model.LayerToolsEnvVars, "GOPROXY", "off", userFile, 7)
	overlaid := over(process(model.EnvGopls, "GOPROXY", "off"), model.LayerGoplsSettings, "GOPROXY", "off", userFile, 9)
	unknown := model.Env{Name: model.EnvShell, Why: "it did not answer."}
	for name, tt := range map[string]struct {
		s             *model.Snapshot
		variable, say string
	}{
		"overridden by go.toolsEnvVars": {running("", editor, shell, tools), "GOPROXY", "go.toolsEnvVars (" + userFile + ":7) sets GOPROXY"},
		"overridden by build.env":       {running("", editor, shell, overlaid), "GOPROXY", "gopls.build.env"},
		"the same already":              {running("", editor, process(model.EnvShell, "GOPROXY", "off")), "GOPROXY", "already"},
		"an unknown shell":              {running("", editor, unknown), "GOPROXY", "did not answer"},
		"not about Go":                  {running("", editor, process(model.EnvShell, "AWS_SECRET", "x")), "AWS_SECRET", "none of the variables"},
		"the home":                      {running("", editor, process(model.EnvShell, "HOME", "/x")), "HOME", "start the editor from the shell"},
		"one of two cannot be done":     {running("", editor, shell, tools), "GOFLAGS,GOPROXY", "go.toolsEnvVars"},
		"an editor without the action":  {&model.Snapshot{Trusted: true, Editor: &model.Editor{}}, "GOPROXY", "does not let"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, plan(t, newWorld(nil), tt.s, offer(fix.SessionEnv, tt.variable)), tt.say)
		})
	}
}

// TestEditorThatRunsGopls has cures without the Go extension, in words that fit.
func TestEditorThatRunsGopls(t *testing.T) {
	s := running("v0.20.0", process(model.EnvEditor, "GOPROXY", "off"), process(model.EnvShell, "GOPROXY", "direct"))
	s.Extension = nil
	s.Editor.Name, s.Editor.RunsGopls = "Neovim", true
	w := newWorld(nil)
	for id, want := range map[string]string{
		fix.Unmask:       "until Neovim is closed",
		fix.SessionEnv:   "until Neovim is closed, and whatever it starts sees it",
		fix.RestartGopls: "Restarts gopls. No file",
		fix.Relaunch:     "Neovim keeps the environment it was started with",
	} {
		p := plan(t, w, s, offer(id, "GOPROXY"))
		if p.Disabled != "" || !strings.Contains(p.Preview, want) || strings.Contains(p.Preview, "xtension") || strings.Contains(p.Preview, "indow") {
			t.Errorf("%s: %q, disabled %q", id, p.Preview, p.Disabled)
		}
	}
	refused(t, plan(t, w, s, offer(fix.ReloadBySetting, "")), "not known where Neovim has the settings")
	overlaid := over(process(model.EnvGopls, "GOPROXY", "off"), model.LayerGoplsSettings, "GOPROXY", "off", "", 0)
	s.Envs = append(s.Envs, overlaid)
	refused(t, plan(t, w, s, offer(fix.SessionEnv, "GOPROXY")), "gopls.build.env sets GOPROXY, which counts")
}

func TestUseShellValuesOfASet(t *testing.T) {
	tools := process(model.EnvTools, "GOPROXY", "off", "GOFLAGS", "-mod=vendor")
	shell := process(model.EnvShell, "GOPROXY", "https://good.example")
	for name, content := range map[string]map[string]string{
		"in a new file":   nil,
		"in an empty one": {folder: ""},
		"beside others":   {folder: "{\r\n\t// é😀\r\n\t\"a\": 1,\r\n\t\"go.toolsEnvVars\": {\r\n\t\t\"X\": \"1\",\r\n\t}\r\n}\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(content)
			p := plan(t, w, running("v0.23.0", tools, shell), offer(fix.UseShellValue, "GOPROXY,GOFLAGS"))
			if p.Title != "Use the shell's GOPROXY and GOFLAGS for Go tools" {
				t.Errorf("titled %q", p.Title)
			}
			text := roundTrip(t, w, p, content)
			if got := setting(t, text, "go.toolsEnvVars", "GOPROXY"); got != "https://good.example" {
				t.Errorf("GOPROXY is %q", got)
			}
			if got := setting(t, text, "go.toolsEnvVars", "GOFLAGS"); got != "" {
				t.Errorf("GOFLAGS is %q", got)
			}
			if strings.Contains(content[folder], "\r\n") && strings.Count(text, "\n") != strings.Count(text, "\r\n") {
				t.Errorf("the line endings are mixed: %q", text)
			}
		})
	}
	apart := over(over(tools, model.LayerToolsEnvVars, "GOPROXY", "off", userFile, 1), model.LayerToolsEnvVars, "GOFLAGS", "-mod=vendor", folder, 1)
	apart.Layers[1].Vars["GOFLAGS"] = apart.Layers[0].Vars["GOFLAGS"] // one layer, as observed
	apart.Layers = apart.Layers[1:]
	refused(t, plan(t, newWorld(nil), running("", apart, shell), offer(fix.UseShellValue, "GOPROXY,GOFLAGS")), "two settings files")
}

func TestUndoRemovesTheFolderThatTheCureMade(t *testing.T) {
	tools, shell := process(model.EnvTools, "GOPROXY", "off"), process(model.EnvShell, "GOPROXY", "direct")
	p := plan(t, newWorld(nil), running("", tools, shell), offer(fix.UseShellValue, "GOPROXY"))
	if e := p.Undo[0].Edit; !e.Delete || e.Dir != dir+"/.vscode" {
		t.Errorf("the undo leaves .vscode behind: %+v", e)
	}
	w := newWorld(map[string]string{dir + "/.vscode/launch.json": "{}"})
	if p := plan(t, w, running("", tools, shell), offer(fix.UseShellValue, "GOPROXY")); p.Undo[0].Edit.Dir != "" {
		t.Errorf("the undo removes a folder that was there: %+v", p.Undo[0].Edit)
	}
}
