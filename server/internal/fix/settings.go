package fix

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/gophantom/gophantom/server/internal/model"
)

// useShellValue gives the Go tools what the shell has, through
// go.toolsEnvVars. The Go extension restarts gopls by itself on that change.
func (m maker) useShellValue() (Plan, error) {
	p := Plan{ID: UseShellValue, Title: fmt.Sprintf("Use the shell's %s for Go tools", m.variable)}
	shell, _ := m.s.Env(model.EnvShell)
	if !shell.Complete {
		return disabled(p, "What the shell has is not known: %s.", strings.TrimSuffix(shell.Why, ".")), nil
	}
	tools, ok := m.s.Env(model.EnvTools)
	if !ok || !tools.Complete {
		return disabled(p, "The Go extension (golang.go), which reads go.toolsEnvVars, is not installed or is disabled."), nil
	}

	// An empty text is how a variable can be taken away: the Go extension
	// cannot unset one, but go and net/http take empty for unset.
	value := shell.Layer(model.LayerProcess).Vars[m.variable].Value
	if value.Empty() {
		if !model.IsGoVariable(m.variable) && !isProxy(m.variable) {
			return disabled(p, "The shell does not set %s, and go.toolsEnvVars cannot take it away from the Go tools.", m.variable), nil
		}
		p.Title = fmt.Sprintf("Leave %s unset for Go tools, as in the shell", m.variable)
	} else {
		p.Title += ": " + m.show(value)
	}
	if why := m.unfit(value.Reveal()); why != "" {
		return disabled(p, "%s", why), nil
	}
	if tools.Process()[m.variable] == value.Reveal() {
		return disabled(p, "Go tools that are started now get the shell's %s already; restart gopls.", m.variable), nil
	}
	if over, ok := m.overToolsEnvVars(tools); ok {
		return disabled(p, "%s (%s) sets %s as well and wins over go.toolsEnvVars: change it there.", over.Layer, place(over), m.variable), nil
	}

	file := filepath.Join(m.s.Dir, ".vscode", "settings.json")
	if ed := m.s.Editor; len(m.s.Folders) > 1 && ed != nil && ed.WorkspaceFile != "" {
		// One gopls serves all folders, and whose settings it gets is chance.
		file = ed.WorkspaceFile
	}
	if a, set := tools.Layer(model.LayerToolsEnvVars).Vars[m.variable]; set {
		switch {
		case a.File != "":
			file = a.File
		case !derived(a):
			return disabled(p, "It is not known which settings file sets %s in go.toolsEnvVars; save your settings first.", m.variable), nil
		}
	}
	before := tools.Lookup(m.variable).Value.Reveal()
	p.WeakensSecurity = weakens(m.variable, before, shell.Lookup(m.variable).Value.Reveal())
	return m.settingsEdit(p, file, []string{toolsEnvVars, m.variable}, nil, value.Reveal())
}

// overToolsEnvVars finds what would hide the variable of go.toolsEnvVars.
func (m maker) overToolsEnvVars(tools model.Env) (model.Origin, bool) {
	gopls, _ := m.s.Env(model.EnvGopls)
	for _, l := range []model.Layer{
		gopls.Layer(model.LayerGoplsSettings), tools.Layer(model.LayerGopathSetting), tools.Layer(model.LayerProxySetting),
	} {
		if a, ok := l.Vars[m.variable]; ok {
			return model.Origin{Layer: l.Kind, File: a.File, Line: a.Line}, true
		}
	}
	// The Go extension puts its own GOPATH over the one of go.toolsEnvVars.
	if a, ok := tools.Layer(model.LayerProcess).Vars["GOPATH"]; ok && m.variable == "GOPATH" && !a.Value.Empty() {
		return model.Origin{Layer: model.LayerProcess}, true
	}
	return model.Origin{}, false
}

func isProxy(name string) bool { return strings.HasSuffix(strings.ToUpper(name), "_PROXY") }

// credential finds what may be a secret in a value: userinfo or a query in a
// URL, and variables that carry headers or commands.
var credential = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://([^/\s,|]*@|[^\s,|]*[?#])`)

// substituted is what the Go extension would not take literally.
var substituted = regexp.MustCompile(`^~|\$\{(env:|workspaceFolder|workspaceRoot)`)

// unfit says why a value must not be written into settings; "" if it may.
func (m maker) unfit(value string) string {
	carriesSecrets := strings.HasPrefix(m.variable, "GIT_CONFIG") ||
		m.variable == "GOAUTH" && value != "" && value != "off" && value != "netrc"
	switch {
	case credential.MatchString(value) || carriesSecrets:
		return fmt.Sprintf("The shell's %s may hold a credential, and settings files get committed and synchronised: keep it in netrc, or start the editor from the shell.", m.variable)
	case substituted.MatchString(value):
		return fmt.Sprintf("The Go extension would replace a part of the shell's %s when it reads it from go.toolsEnvVars.", m.variable)
	case !utf8.ValidString(value):
		return fmt.Sprintf("The shell's %s is not UTF-8 text, which a settings file cannot hold.", m.variable)
	case !model.Kept(m.variable):
		return fmt.Sprintf("%s is none of the variables that Go Phantom touches.", m.variable)
	}
	return ""
}
