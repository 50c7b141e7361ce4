package fix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// patternVariables are the variables that hold lists of module path patterns.
var patternVariables = []string{"GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"}

// fixPattern repairs the patterns of a list that can never match, where the
// list is written.
func (m maker) fixPattern() (Plan, error) {
	p := Plan{ID: FixPattern, Title: fmt.Sprintf("Fix the %s pattern", m.variable)}
	if !slices.Contains(patternVariables, m.variable) {
		return p, fmt.Errorf("%s holds no patterns", m.variable)
	}
	setting, env, ok := m.deadList()
	if !ok {
		return disabled(p, "No environment has a %s with a pattern that can never match any more.", m.variable), nil
	}
	value, ok := m.repair(setting.Value.Reveal())
	if !ok {
		return manual(p, "Correct %s at %s by hand: it is not certain what was meant.", m.variable, place(setting.Origin)), nil
	}
	// A pattern that comes alive switches certificate checks off for its host.
	p.WeakensSecurity = m.variable == "GOINSECURE"

	return m.put(p, env, setting, &value)
}

// deadList finds the first environment whose list has a dead pattern, the ones
// we can mend first.
func (m maker) deadList() (setting model.Setting, env model.EnvName, ok bool) {
	order := append([]model.EnvName{model.EnvTools, model.EnvGopls, model.EnvEditor, model.EnvShell}, model.EnvNames...)
	for _, byHand := range []bool{false, true} {
		for _, name := range order {
			e, _ := m.s.Env(name)
			setting := e.Lookup(m.variable)
			if !slices.ContainsFunc(route.Patterns(setting.Value.Reveal()), func(p route.Pattern) bool { return p.Fault != "" }) {
				continue
			}
			inFile := setting.Origin.File != "" && setting.Origin.Layer != model.LayerProcess && setting.Origin.Layer != model.LayerGoroot
			if inFile || byHand {
				return setting, name, true
			}
		}
	}
	return model.Setting{}, "", false
}

// repair gives the list with every dead pattern in its legal form. It fails if
// there is no certain form, and for GOINSECURE if that form would take in more
// than the host that is written.
func (m maker) repair(list string) (repaired string, ok bool) {
	var out []string
	for _, p := range route.Patterns(list) {
		text := p.Text
		if p.Fault != "" {
			text = p.Suggestion
			if text == "" || m.variable == "GOINSECURE" && strings.Count(text, "*") > strings.Count(p.Text, "*") {
				return "", false
			}
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, ","), true
}

// settingsPath finds where in a settings file a variable stands. literal is
// false if the file does not say the value itself but something that the Go
// extension makes it from.
func (m maker) settingsPath(origin model.Origin, value model.Value) (path []string, literal bool, err error) {
	if origin.File == "" {
		return nil, false, nil
	}
	data, err := m.read(origin.File)
	if err != nil {
		return nil, false, err
	}
	doc, err := jsonc.Parse(data)
	if err != nil {
		return nil, false, changed(origin.File)
	}
	root := settingsRoot(origin.File)
	paths := [][]string{{toolsEnvVars, m.variable}}
	if origin.Layer == model.LayerGoplsSettings {
		paths = nil
		for option := range doc.Members(append(slices.Clone(root), goplsKey)...) {
			if option[strings.LastIndexByte(option, '.')+1:] == "env" {
				paths = append(paths, []string{goplsKey, option, m.variable})
			}
		}
	}
	found := false
	for _, path := range paths {
		text, ok := textAt(doc, append(slices.Clone(root), path...))
		if ok && text == value {
			return path, true, nil
		}
		found = found || ok
	}
	if !found {
		return nil, false, changed(origin.File)
	}
	return nil, false, nil
}
