package fix

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/gophantom/gophantom/server/internal/model"
)

// useShellValue gives the Go tools what the shell has, through
// go.toolsEnvVars. The Go extension restarts gopls by itself on that change.
func (m maker) useShellValue() (Plan, error) {
	names := strings.Split(m.variable, ",")
	p := Plan{ID: UseShellValue, Title: fmt.Sprintf("Use the shell's %s for Go tools", and(names))}
	shell, _ := m.s.Env(model.EnvShell)
	if !shell.Complete {
		return disabled(p, "What the shell has is not known: %s.", strings.TrimSuffix(shell.Why, ".")), nil
	}
	tools, ok := m.s.Env(model.EnvTools)
	if !ok || !tools.Complete {
		return disabled(p, "The Go extension (golang.go), which reads go.toolsEnvVars, is not installed or is disabled."), nil
	}
	var members []member
	var file string
	unset := 0
	for _, name := range names {
		one := m
		one.variable = name
		// An empty text is how a variable can be taken away: the Go extension
		// cannot unset one, but go and net/http take empty for unset.
		value := shell.Layer(model.LayerProcess).Vars[name].Value
		if value.Empty() {
			unset++
			if !model.IsGoVariable(name) && !isProxy(name) {
				return disabled(p, "The shell does not set %s, and go.toolsEnvVars cannot take it away from the Go tools.", name), nil
			}
			if len(names) == 1 {
				p.Title = fmt.Sprintf("Leave %s unset for Go tools, as in the shell", name)
			}
		} else if len(names) == 1 {
			p.Title += ": " + m.show(value)
		}
		if why := one.unfit(value.Reveal()); why != "" {
			return disabled(p, "%s", why), nil
		}
		if tools.Process()[name] == value.Reveal() {
			continue
		}
		if over, ok := one.overToolsEnvVars(tools); ok {
			return disabled(p, "%s (%s) sets %s as well and wins over go.toolsEnvVars: change it there.", over.Layer, place(over), name), nil
		}
		where := m.workspaceSettings()
		if a, set := tools.Layer(model.LayerToolsEnvVars).Vars[name]; set {
			switch {
			case a.File != "":
				where = a.File
			case !derived(a):
				return disabled(p, "It is not known which settings file sets %s in go.toolsEnvVars; save your settings first.", name), nil
			}
		}
		if file != "" && file != where {
			return disabled(p, "go.toolsEnvVars sets %s in two settings files (%s and %s): change them one by one.", and(names), file, where), nil
		}
		file = where
		members = append(members, member{[]string{toolsEnvVars, name}, value.Reveal()})
		p.WeakensSecurity = p.WeakensSecurity || weakens(name, tools.Lookup(name).Value.Reveal(), shell.Lookup(name).Value.Reveal())
	}
	if len(members) == 0 {
		return disabled(p, "Go tools that are started now get the shell's %s already; restart gopls.", and(names)), nil
	}
	if unset == len(names) && unset > 1 {
		p.Title = fmt.Sprintf("Leave %s unset for Go tools, as in the shell", and(names))
	}
	return m.settingsEdits(p, file, members, nil)
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
