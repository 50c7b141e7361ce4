package fix

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// setVariable gives a variable another value where its value is set.
func (m maker) setVariable(value string) (Plan, error) {
	p := Plan{ID: SetVariable, Title: fmt.Sprintf("Set %s to %s", m.variable, m.show(model.NewValue(value)))}
	if m.variable == "GOSUMDB" && strings.TrimSpace(value) == "off" {
		return p, errors.New("the checksum database is never switched off")
	}
	env, ok := m.environment()
	if !ok {
		return disabled(p, "No environment that is fully known has %s.", m.variable), nil
	}
	env, setting := m.source(env)
	if setting.Value.Reveal() == value {
		return disabled(p, "%s says so already.", m.variable), nil
	}
	p.WeakensSecurity = weakens(m.variable, setting.Value.Reveal(), value)
	return m.put(p, env.Name, setting, &value)
}

// unsetVariable removes the assignment that sets a variable.
func (m maker) unsetVariable() (Plan, error) {
	p := Plan{ID: UnsetVariable, Title: fmt.Sprintf("Remove %s", m.variable)}
	env, ok := m.environment()
	if !ok {
		return disabled(p, "No environment that is fully known has %s.", m.variable), nil
	}
	env, setting := m.source(env)
	if !setting.Set {
		return disabled(p, "%s is not set any more.", m.variable), nil
	}
	switch layer := setting.Origin.Layer; layer {
	case model.LayerToolsEnvVars, model.LayerGoplsSettings:
		p.Title += " from " + string(layer)
	case model.LayerGOENV:
		p.Title += " from the GOENV file"
	}
	after := env.With(m.variable, nil).Lookup(m.variable)
	if len(setting.Shadows) > 0 && setting.Origin.Layer != model.LayerProcess {
		after.Value = setting.Shadows[0].Value
	}
	p.WeakensSecurity = weakens(m.variable, setting.Value.Reveal(), after.Value.Reveal())
	return m.put(p, env.Name, setting, nil)
}

// addPattern puts the failing modules on a list of module path patterns, by
// the narrowest patterns that take in none of the other requirements.
func (m maker) addPattern(failing []string) (Plan, error) {
	p := Plan{ID: AddPattern}
	if !slices.Contains(patternVariables, m.variable) {
		return p, fmt.Errorf("%s holds no patterns", m.variable)
	}
	var others []string
	for _, mod := range m.s.Modules {
		for _, r := range mod.Requires {
			if !slices.Contains(failing, r.Path) {
				others = append(others, r.Path)
			}
		}
	}
	env, ok := m.environment()
	if !ok {
		return disabled(p, "No environment that is fully known has %s.", m.variable), nil
	}
	env, setting := m.source(env)
	if setting.Value.Empty() && (m.variable == "GONOPROXY" || m.variable == "GONOSUMDB") {
		// An empty list stands for GOPRIVATE, which a list of its own would replace.
		setting.Value = env.Lookup("GOPRIVATE").Value
	}
	list := setting.Value.Reveal()
	patterns := route.Narrowest(slices.DeleteFunc(slices.Clone(failing), func(path string) bool { _, ok := route.Match(list, path); return ok }), others)
	if len(patterns) == 0 {
		p.Title = fmt.Sprintf("Add the modules to %s", m.variable)
		return disabled(p, "%s has all of them already.", m.variable), nil
	}
	p.Title = fmt.Sprintf("Add %s to %s", strings.Join(patterns, ","), m.variable)
	value := strings.Join(patterns, ",")
	if kept := strings.Trim(list, ","); kept != "" {
		value = kept + "," + value
	}
	p.WeakensSecurity = true
	p, err := m.put(p, env.Name, env.Lookup(m.variable), &value)
	if cost := route.Cost(m.variable); cost != "" && p.Preview != "" {
		p.Preview = cost + "\n\n" + p.Preview
	}
	return p, err
}

// environment is the one that the fix is for: the one it names, or the first
// that is fully known, those that gopls runs in before the others.
func (m maker) environment() (model.Env, bool) {
	order := []model.EnvName{model.EnvTools, model.EnvGopls, model.EnvEditor, model.EnvShell}
	if m.envName != "" {
		order = []model.EnvName{m.envName}
		if m.envName == model.EnvGopls {
			// What the Go extension would hand to a gopls started now is what can be
			// changed, where it has the same value from the same place.
			tools, _ := m.s.Env(model.EnvTools)
			gopls, _ := m.s.Env(model.EnvGopls)
			_, overlaid := gopls.Layer(model.LayerGoplsSettings).Vars[m.variable]
			if t, g := tools.Lookup(m.variable), gopls.Lookup(m.variable); tools.Complete && t.Value == g.Value && t.Set == g.Set && !overlaid {
				order = []model.EnvName{model.EnvTools}
			}
		}
	}
	for _, name := range order {
		if env, ok := m.s.Env(name); ok && env.Complete {
			return env, true
		}
	}
	return model.Env{}, false
}

// source is the environment that reads the value of the variable where it is
// written, with the value, if the given one only has a copy of it.
func (m maker) source(env model.Env) (model.Env, model.Setting) {
	setting := env.Lookup(m.variable)
	if o := setting.Origin; o.Layer == model.LayerProcess && o.File != "" {
		for _, other := range m.s.Envs {
			s := other.Lookup(m.variable)
			if other.Complete && s.Value == setting.Value && s.Origin.Layer != model.LayerProcess && s.Origin.File == o.File && s.Origin.Line == o.Line {
				return other, s
			}
		}
	}
	return env, setting
}

// put completes p with an edit of the layer that a setting comes from: its new
// value, or nil to remove it. A line of a start-up file is shown, not edited.
func (m maker) put(p Plan, env model.EnvName, setting model.Setting, value *string) (Plan, error) {
	if value != nil {
		if why := m.unfit(*value); why != "" {
			return disabled(p, "%s", why), nil
		}
		if strings.ContainsAny(*value, "\n\r\x00") {
			return disabled(p, "A value of more than one line cannot be written."), nil
		}
	}
	origin := setting.Origin
	switch origin.Layer {
	case model.LayerToolsEnvVars, model.LayerGoplsSettings:
		path, literal, err := m.settingsPath(origin, setting.Value)
		if err != nil {
			return p, err
		}
		if literal && value != nil {
			return m.settingsEdit(p, origin.File, path, &setting.Value, *value)
		}
		if literal {
			p, err := m.settingsRemove(p, origin.File, path, setting.Value)
			if without := m.withoutCopy(p, origin.File); len(without.Steps) > len(p.Steps) {
				p = m.thenRestart(without)
			}
			return p, err
		}
	case model.LayerGOENV:
		p, err := m.goenvEdit(p, origin.File, setting.Value, value)
		return m.thenRestart(m.withoutCopy(p, origin.File)), err
	case "", model.LayerGoroot, model.LayerDefault:
		if file := m.goenvFile(env); value != nil && file != "" && model.IsGoVariable(m.variable) {
			p, err := m.goenvAdd(p, file, *value)
			return m.thenRestart(p), err
		}
	}
	line := "so that it sets no " + m.variable
	if value != nil {
		line = "so that it says " + m.variable + "=" + m.show(model.NewValue(*value))
	}
	switch {
	case origin.File != "" && origin.Layer != model.LayerGoroot:
		return manual(p, "Change %s %s.", place(origin), line), nil
	case value == nil:
		return manual(p, "Remove %s from where the environment of %s comes from (%s).", m.variable, env, origin.Layer), nil
	}
	from := "the process environment"
	if origin.Layer != "" && origin.Layer != model.LayerGoroot && origin.Layer != model.LayerDefault {
		from = string(origin.Layer)
	}
	return manual(p, "Set %s=%s where the environment of %s comes from (%s).", m.variable, m.show(model.NewValue(*value)), env, from), nil
}

// withoutCopy lets the editor lose the copy that the Go extension has made of
// the variable as a file has it: it would go on to count.
func (m maker) withoutCopy(p Plan, file string) Plan {
	editor, _ := m.s.Env(model.EnvEditor)
	a, ok := editor.Layer(model.LayerProcess).Vars[m.variable]
	if !ok || a.File != file || len(p.Steps) == 0 || m.cannot(model.ActionUnsetEnv, model.ActionSetEnv) != "" {
		return p
	}
	p.Steps = append(p.Steps, Step{Kind: StepUnsetEditorEnv, Names: []string{m.variable}})
	p.Undo = append(p.Undo, Step{Kind: StepSetEditorEnv, Values: map[string]string{m.variable: a.Value.Reveal()}})
	p.Preview = fmt.Sprintf("The copy of %s that the Go extension has put into the editor's environment goes, too.\n\n", m.variable) + p.Preview
	return p
}

// thenRestart lets gopls start again after an edit of the GOENV file, which it
// reads only then.
func (m maker) thenRestart(p Plan) Plan {
	if len(p.Steps) > 0 && m.cannot(model.ActionRestartGopls) == "" {
		p.Steps = append(p.Steps, Step{Kind: StepRestartGopls})
		p.Undo = append(p.Undo, Step{Kind: StepRestartGopls})
	}
	return p
}

// goenvFile is the GOENV file of an environment; "" if it reads none.
func (m maker) goenvFile(name model.EnvName) string {
	env, _ := m.s.Env(name)
	file := env.Layer(model.LayerGOENV).File
	if file == "off" || !filepath.IsAbs(file) {
		return ""
	}
	return file
}

// goenvAdd completes p with a line more in a GOENV file, as "go env -w" would
// write it.
func (m maker) goenvAdd(p Plan, file, value string) (Plan, error) {
	if m.unsaved(file) {
		return disabled(p, "%s has changes that are not saved; save it first.", file), nil
	}
	data, err := m.read(file)
	if err != nil {
		return p, err
	}
	if !utf8.Valid(data) {
		return disabled(p, "%s is not UTF-8 text, so it cannot be edited safely.", file), nil
	}
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte(m.variable+"=")) {
			return p, changed(file)
		}
	}
	text := m.variable + "=" + value + "\n"
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		text = "\n" + text
	}
	return m.addEdit(p, file, data, []jsonc.Edit{{Start: len(data), End: len(data), NewText: text}}, true)
}

// settingsRemove completes p with an edit that takes a member out of a
// settings file, which must have the given text there.
func (m maker) settingsRemove(p Plan, file string, path []string, want model.Value) (Plan, error) {
	if m.unsaved(file) {
		return disabled(p, "%s has changes that are not saved; save it first.", file), nil
	}
	data, err := m.read(file)
	if err != nil {
		return p, err
	}
	doc, err := jsonc.Parse(data)
	if err != nil {
		return p, changed(file)
	}
	path = append(settingsRoot(file), path...)
	if have, ok := textAt(doc, path); !ok || have != want {
		return p, changed(file)
	}
	edits, err := doc.Remove(path...)
	if err != nil {
		return p, err
	}
	return m.addEdit(p, file, data, edits, false)
}

// byHand is a plan that only shows what the user has to run or do.
func (m maker) byHand(id string, args map[string]model.Value) (Plan, error) {
	p := Plan{ID: id}
	if id == RunCommand {
		command := args["command"].Reveal()
		if command == "" {
			return p, errors.New("the command is missing")
		}
		p.Title = "Run " + m.show(args["command"])
		text := fmt.Sprintf("Run %s", m.show(args["command"]))
		if dir := args["dir"]; !dir.Empty() {
			text += " in " + m.show(dir)
		}
		if why := args["why"]; !why.Empty() {
			text += ": " + strings.TrimSuffix(m.show(why), ".")
		}
		return manual(p, "%s.", text), nil
	}
	p.Title = m.show(args["title"])
	if p.Title == "" || args["text"].Empty() {
		return p, errors.New("the advice is missing")
	}
	return manual(p, "%s", m.show(args["text"])), nil
}
