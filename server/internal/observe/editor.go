package observe

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/shell"
)

// editor adds every environment that there is with an editor.
func (o *observer) editor() {
	ed := o.in.Editor
	o.s.Editor, o.s.Extension, o.s.Views, o.s.Loads = &ed.Editor, ed.Extension, ed.Views, ed.Loads
	o.s.StartUp = startUpFiles(ed.Shell, ed.ShellHome)
	settings, faults := readSettings(o.w, slices.DeleteFunc(slices.Clone(ed.Settings), func(s SettingsScope) bool { return !s.of(o.in.Dir) }))
	for _, f := range faults {
		o.fault(f)
	}

	host := "the extension host"
	if ed.Editor.RunsGopls {
		host = ed.Editor.Called()
	}
	if o.captured(model.EnvEditorLaunch) {
	} else if launch, err := processEnviron(o.ctx, o.w, ed.ClientPID); err != nil {
		o.missing(model.EnvEditorLaunch, "the environment the editor was started with cannot be read")
	} else {
		o.processFrom(model.EnvEditorLaunch, launch, "the environment "+host+" was started with", settings)
	}
	now, why := ed.Env, "the environment of "+host+" now"
	if now == nil {
		now, why = keep(o.w.Environ), "the environment the editor started gophantom with"
	}
	if !o.captured(model.EnvEditor) {
		o.processFrom(model.EnvEditor, now, why, settings)
	}
	editor, _ := o.s.Env(model.EnvEditor)
	now = editor.Process()
	o.s.Settings = o.editorKeys(slices.DeleteFunc(slices.Clone(ed.Settings), func(s SettingsScope) bool { return !s.of(o.in.Dir) }))

	o.gopls(settings)
	o.shell(model.EnvShellHome, ed.ShellHome, "a login and interactive shell in the home directory")
	o.shell(model.EnvShell, ed.Shell, "a login and interactive shell")
	terminal := o.terminalEnv(settings, now)
	if !ed.Editor.RunsGopls { // what is said of it is how VS Code makes it
		o.unlessCaptured(terminal)
	}
	if ed.Extension != nil {
		o.s.Rivals = o.rivals(settings, now)
		tools := o.toolsEnv(settings, now)
		for _, f := range faults {
			if slices.Contains(f.Hides, string(model.EnvTools)) {
				tools.Complete, tools.Why = false, f.Text
			}
		}
		o.explain(tools.Layer(model.LayerProcess), settings)
		o.unlessCaptured(tools)
		if test, ok := o.testEnv(settings, tools); ok {
			o.unlessCaptured(test)
		}
		o.debugEnvs(settings, tools, terminal)
	}
	slices.SortStableFunc(o.s.Envs, func(a, b model.Env) int { return cmp.Compare(rank(a.Name), rank(b.Name)) })
}

// rank is the place of an environment among the others; the further ones of
// the debugger come last.
func rank(name model.EnvName) int {
	if i := slices.Index(model.EnvNames, name); i >= 0 {
		return i
	}
	return len(model.EnvNames)
}

// unlessCaptured adds an environment that was computed, unless there is a
// captured one of its name.
func (o *observer) unlessCaptured(env model.Env) {
	if _, there := o.in.Captured[env.Name]; there {
		return
	}
	if len(env.Layers) == 0 {
		o.missing(env.Name, env.Why)
		return
	}
	o.resolve(env)
}

// processFrom adds an environment of a process of the editor, with what is
// known of where its values come from.
func (o *observer) processFrom(name model.EnvName, vars map[string]string, why string, settings effectiveSettings) {
	layer := model.Layer{Kind: model.LayerProcess, Vars: assignments(vars)}
	o.explain(layer, settings)
	o.resolve(model.Env{Name: name, Complete: true, Why: why, Layers: []model.Layer{layer}})
}

// explain names where the values of a process of the editor may come from: a
// line of a start-up file, the Go extension.
func (o *observer) explain(layer model.Layer, settings effectiveSettings) {
	o.changedSinceLaunch(layer, settings)
	o.likeShell(layer)
}

// shell adds what a shell answered.
func (o *observer) shell(name model.EnvName, answer shell.Answer, why string) {
	if o.captured(name) {
		return
	}
	switch {
	case !o.in.Trusted:
		o.missing(name, "the shell is not asked in a workspace that is not trusted")
	case !answer.Done:
		o.missing(name, "the shell has not answered yet")
	case answer.Vars == nil:
		o.missing(name, answer.Fault.Text)
		o.fault(*answer.Fault)
	default:
		if answer.Fault != nil {
			o.fault(*answer.Fault)
		}
		layer := model.Layer{Kind: model.LayerProcess, Vars: assignments(answer.Vars)}
		setByLines(layer, answer)
		o.resolve(model.Env{Name: name, Complete: true, Why: why, Layers: []model.Layer{layer}})
	}
}

// terminalEnv is what a new integrated terminal ends up with: the environment
// of the window, terminal.integrated.env over it, what the start-up files of
// the shell set over that, and the Go extension's Go in front of PATH.
func (o *observer) terminalEnv(settings effectiveSettings, now map[string]string) model.Env {
	env := model.Env{Name: model.EnvTerminal, Predicted: true}
	launch, _ := o.s.Env(model.EnvEditorLaunch)
	answer := o.in.Editor.Shell
	inherit, isSet := settings.Lookup("terminal.integrated.inheritEnv")
	switch {
	case !o.in.Trusted:
		env.Why = "the shell is not asked in a workspace that is not trusted"
		return env
	case answer.Vars == nil || !launch.Complete:
		env.Why = "what the start-up files of the shell set is not known"
		return env
	case isSet && inherit.value == false:
		env.Why = "terminal.integrated.inheritEnv is off, and what a terminal starts with then is not known"
		return env
	}
	env.Complete, env.Why = true, "what a new terminal of the editor would have (predicted)"
	window := model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{}}
	for name, a := range launch.Layer(model.LayerProcess).Vars {
		window.Vars[name] = a
	}
	base := launch.Process()
	setting := model.Layer{Kind: model.LayerTerminalEnv, Vars: map[string]model.Assignment{}}
	key := map[string]string{"windows": "windows", "darwin": "osx"}[o.w.GOOS]
	vars, _ := settings.Lookup("terminal.integrated.env." + cmp.Or(key, "linux"))
	fill := editorVariables{env: base, folder: o.in.Dir, folders: o.s.Folders, goos: o.w.GOOS}
	for name, v := range vars.members {
		if !model.Kept(name) {
			continue
		}
		text, isText := v.value.(string)
		if !isText { // null, and whatever is no text, takes the variable away
			delete(window.Vars, name)
			delete(base, name)
			continue
		}
		text, missing := fill.expand(text)
		if missing != "" {
			env.Complete, env.Why = false, fmt.Sprintf("%s in terminal.integrated.env is made from %s, which is not known", name, missing)
		}
		setting.Vars[name] = v.assignment(text, "")
		base[name] = text
	}
	asked := launch.Process()
	for name := range asked {
		if _, left := answer.Vars[name]; !left && name != "XDG_RUNTIME_DIR" && !strings.HasPrefix(name, "VSCODE_") {
			delete(window.Vars, name) // the start-up files take it away
			delete(setting.Vars, name)
			delete(base, name)
		}
	}
	startUp := o.setByStartUp(answer, asked, base)
	o.goInTerminal(startUp, base, settings, now)
	env.Layers = []model.Layer{startUp, setting, window}
	return env
}

// goInTerminal puts the directory in front of PATH that the Go extension puts
// there, in the extension host and in terminals alike.
func (o *observer) goInTerminal(startUp model.Layer, base map[string]string, settings effectiveSettings, now map[string]string) {
	launch, _ := o.s.Env(model.EnvEditorLaunch)
	activate, isSet := settings.Lookup("go.terminal.activateEnvironment")
	dir := o.prepended(launch.Process()["PATH"], now["PATH"])
	if o.in.Editor.Extension == nil || dir == "" || isSet && activate.value == false {
		return
	}
	a, ok := startUp.Vars["PATH"]
	if !ok {
		a.Value = model.NewValue(base["PATH"])
	}
	a.Earlier = append([]model.Shadow{{Value: a.Value, Origin: model.Origin{Layer: model.LayerProcess, File: a.File, Line: a.Line, Note: a.Note}}}, a.Earlier...)
	a.Value = model.NewValue(dir + string(filepath.ListSeparator) + a.Value.Reveal())
	a.File, a.Line, a.Note = "", 0, "the Go extension puts the directory of its Go in front (go.terminal.activateEnvironment)"
	startUp.Vars["PATH"] = a
}
