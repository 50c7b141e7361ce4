package fix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// cannot says why the editor cannot carry out an action; "" if it can.
func (m maker) cannot(actions ...string) string {
	switch ext := m.s.Extension; {
	case m.s.Editor == nil:
		return "This needs the editor that gopls runs in."
	case slices.ContainsFunc(actions, func(a string) bool { return !slices.Contains(m.s.Editor.Actions, a) }):
		return "This editor does not let Go Phantom do that."
	case !m.s.Trusted:
		return "The workspace is not trusted, so gopls does not run in it."
	case m.s.Editor.RunsGopls:
		return ""
	case ext == nil:
		return "The Go extension (golang.go) is not installed or is disabled."
	case !ext.UseLanguageServer:
		return "gopls is switched off by go.useLanguageServer."
	case !ext.Active:
		return "The Go extension has not started yet; open a Go file."
	}
	return ""
}

func (m maker) restartGopls() Plan {
	p := Plan{
		ID: RestartGopls, Title: "Restart gopls", Reversible: true,
		Preview: "Restarts gopls through the Go extension. No file and no setting is changed.",
		Steps:   []Step{{Kind: StepRestartGopls}},
	}
	if why := m.cannot(model.ActionRestartGopls); why != "" {
		return disabled(p, "%s", why)
	}
	if m.s.Editor.RunsGopls {
		p.Preview = "Restarts gopls. No file and no setting is changed."
	}
	return p
}

// end words when what was put into the editor's environment is gone.
func (m maker) end() string {
	if m.s.Editor.RunsGopls {
		return m.s.Editor.Called() + " is closed"
	}
	return "the editor restarts its extensions"
}

// unmask takes a variable out of the extension host's environment, so that
// what it hides counts for the tools started from then on.
func (m maker) unmask() Plan {
	p := Plan{ID: Unmask, Title: fmt.Sprintf("Unmask %s and restart gopls", m.variable), Reversible: true}
	if why := m.cannot(model.ActionUnsetEnv, model.ActionSetEnv, model.ActionRestartGopls); why != "" {
		return disabled(p, "%s", why)
	}
	editor, _ := m.s.Env(model.EnvEditor)
	old, isSet := editor.Layer(model.LayerProcess).Vars[m.variable]
	if !isSet {
		return disabled(p, "%s is not set in the editor's environment any more.", m.variable)
	}
	env, predicted := m.s.Env(model.EnvTools)
	if !predicted {
		env = editor
	}
	before := env.Lookup(m.variable)
	for _, l := range env.Layers {
		if l.Kind == model.LayerProcess {
			break
		}
		if a, over := l.Vars[m.variable]; over && !derived(a) {
			origin := model.Origin{Layer: l.Kind, File: a.File, Line: a.Line}
			return disabled(p, "%s is also set by %s (%s), which counts for the Go tools: change it there.", m.variable, l.Kind, place(origin))
		}
	}
	p.Steps = []Step{{Kind: StepUnsetEditorEnv, Names: []string{m.variable}}, {Kind: StepRestartGopls}}
	p.Undo = []Step{
		{Kind: StepSetEditorEnv, Values: map[string]string{m.variable: old.Value.Reveal()}},
		{Kind: StepRestartGopls},
	}
	after := env.With(m.variable, nil).Lookup(m.variable)
	p.WeakensSecurity = weakens(m.variable, before.Value.Reveal(), after.Value.Reveal())
	then := fmt.Sprintf("Go tools then use %s from %s.", m.show(after.Value), place(after.Origin))
	if !after.Set {
		then = "Go tools then run without it."
	}
	p.Preview = fmt.Sprintf("Takes %s=%s out of the editor's environment until %s, and restarts gopls. %s",
		m.variable, m.show(old.Value), m.end(), then)
	return p
}

// homes are where other programs than go find their files.
var homes = []string{"HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR"}

// sessionEnv gives the extension host what the shell has, and gopls with it.
func (m maker) sessionEnv() Plan {
	names := strings.Split(m.variable, ",")
	p := Plan{ID: SessionEnv, Title: fmt.Sprintf("Use the shell's %s until the editor restarts", and(names)), Reversible: true}
	if why := m.cannot(model.ActionUnsetEnv, model.ActionSetEnv, model.ActionRestartGopls); why != "" {
		return disabled(p, "%s", why)
	}
	shell, _ := m.s.Env(model.EnvShell)
	if !shell.Complete {
		return disabled(p, "What the shell has is not known: %s.", strings.TrimSuffix(shell.Why, "."))
	}
	editor, known := m.s.Env(model.EnvEditor)
	if !known || !editor.Complete {
		return disabled(p, "What the editor's environment has is not known.")
	}
	var unset, bring []string // names
	set, old := map[string]string{}, map[string]string{}
	var say []string
	for _, name := range names {
		switch {
		case !model.Kept(name):
			return disabled(p, "%s is none of the variables that Go Phantom touches.", name)
		case slices.Contains(homes, strings.ToUpper(name)):
			return disabled(p, "Everything in the editor finds its files by %s: start the editor from the shell instead.", name)
		}
		if over, ok := m.overProcess(name); ok {
			where := ""
			if over.File != "" {
				where = " (" + place(over) + ")"
			}
			return disabled(p, "%s%s sets %s, which counts for the Go tools whatever the editor's environment has: change it there.", over.Layer, where, name)
		}
		want, wanted := shell.Layer(model.LayerProcess).Vars[name]
		have, there := editor.Layer(model.LayerProcess).Vars[name]
		if wanted == there && want.Value == have.Value {
			continue
		}
		if there {
			old[name] = have.Value.Reveal()
		} else {
			bring = append(bring, name)
		}
		if wanted {
			set[name] = want.Value.Reveal()
			say = append(say, fmt.Sprintf("Sets %s=%s in the editor's environment.", name, m.show(want.Value)))
		} else {
			unset = append(unset, name)
			say = append(say, fmt.Sprintf("Takes %s out of the editor's environment, as the shell does not set it.", name))
		}
		p.WeakensSecurity = p.WeakensSecurity || weakens(name, editor.Lookup(name).Value.Reveal(), shell.Lookup(name).Value.Reveal())
	}
	if len(say) == 0 {
		return disabled(p, "The editor's environment has the shell's %s already; restart gopls.", and(names))
	}
	if len(set) == 0 {
		p.Title = fmt.Sprintf("Leave %s unset until the editor restarts, as in the shell", and(names))
	}
	p.Steps, p.Undo = change(unset, set), change(bring, old)
	sees := "all of which see it"
	if m.s.Editor.RunsGopls {
		sees = "and whatever it starts sees it"
	}
	p.Preview = fmt.Sprintf("%s That lasts until %s, %s. Then gopls is restarted. No file and no setting is changed.", strings.Join(say, " "), m.end(), sees)
	return p
}

// change are the steps that change the environment of the extension host, and
// let gopls have it.
func change(unset []string, set map[string]string) (steps []Step) {
	if len(unset) > 0 {
		steps = append(steps, Step{Kind: StepUnsetEditorEnv, Names: unset})
	}
	if len(set) > 0 {
		steps = append(steps, Step{Kind: StepSetEditorEnv, Values: set})
	}
	return append(steps, Step{Kind: StepRestartGopls})
}

// overProcess finds what gives gopls another value of a variable than the one
// that the extension host has.
func (m maker) overProcess(name string) (model.Origin, bool) {
	gopls, _ := m.s.Env(model.EnvGopls)
	tools, _ := m.s.Env(model.EnvTools)
	for _, l := range []model.Layer{
		gopls.Layer(model.LayerGoplsSettings), tools.Layer(model.LayerGopathSetting), tools.Layer(model.LayerProxySetting), tools.Layer(model.LayerToolsEnvVars),
	} {
		if a, ok := l.Vars[name]; ok && !derived(a) {
			return model.Origin{Layer: l.Kind, File: a.File, Line: a.Line}, true
		}
	}
	return model.Origin{}, false
}

// and lists names for people.
func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// derived reports whether a settings layer only passes on what the Go extension
// found in the editor's environment: no file sets it, and a note says why.
func derived(a model.Assignment) bool { return a.File == "" && a.Note != "" }

// weakens reports whether a new value of a variable makes go, or git for it,
// check less than the old one.
func weakens(variable, before, after string) bool {
	if before == after {
		return false
	}
	switch variable {
	case "GOSUMDB":
		return after == "off"
	case "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GIT_SSL_NO_VERIFY":
		return after != ""
	case "GOVCS":
		return strings.Contains(after, "all")
	}
	return false
}
