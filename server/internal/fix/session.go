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
	return p
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
	p.Preview = fmt.Sprintf("Takes %s=%s out of the editor's environment until the editor restarts its extensions, and restarts gopls. %s",
		m.variable, m.show(old.Value), then)
	return p
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
