package model

import "slices"

// LayerKind names one source of values. The kinds are listed from the one
// that wins to the one that loses.
type LayerKind string

const (
	LayerGoplsSettings LayerKind = "gopls.build.env"                 // settings overlay for the go commands that gopls runs
	LayerGopathSetting LayerKind = "go.gopath"                       // setting that the Go extension turns into GOPATH
	LayerProxySetting  LayerKind = "http.proxy"                      // setting that the Go extension turns into *_proxy
	LayerToolsEnvVars  LayerKind = "go.toolsEnvVars"                 // settings overlay for every tool the Go extension starts
	LayerTestEnvVars   LayerKind = "go.testEnvVars"                  // setting that the Go extension lays over the environment of tests
	LayerTestEnvFile   LayerKind = "go.testEnvFile"                  // the file that the setting names
	LayerLaunchEnv     LayerKind = "launch.json env"                 // "env" of a debug configuration
	LayerLaunchEnvFile LayerKind = "launch.json envFile"             // the files that "envFile" of a debug configuration names
	LayerTerminalEnv   LayerKind = "terminal.integrated.env"         // setting laid over the environment of new terminals
	LayerInjected      LayerKind = "injected by the gopls forwarder" // go env of the editor's side, which a -remote gopls hands to the daemon
	LayerProcess       LayerKind = "process environment"             // what the operating system handed to the process
	LayerLogged        LayerKind = "log of gopls"                    // effective values that gopls wrote down itself, where its process cannot be read
	LayerGOENV         LayerKind = "GOENV file"                      // the file that "go env -w" writes
	LayerGoroot        LayerKind = "GOROOT/go.env"                   // the defaults that ship with the toolchain
	LayerDefault       LayerKind = "built-in default"                // computed by the go command itself
	LayerGitConfig     LayerKind = "git configuration"               // what git reads itself; no layer of an environment
	LayerContract      LayerKind = "team contract"                   // what the team has agreed on; no layer of an environment
)

// fileLayer reports whether the layer is read by the go command from a file,
// where an empty value is a value and masks the layers below.
func (k LayerKind) fileLayer() bool { return k == LayerGOENV || k == LayerGoroot }

// Assignment is one variable set by one layer.
type Assignment struct {
	Value Value
	File  string // absolute path of the file that holds the assignment; "" if none
	Line  int    // 1-based line in File; 0 if unknown
	Note  string // how the value got there, when that needs saying ("copied by the Go extension")
	// Earlier are values that the same layer gave the variable before, the
	// latest first: lines of start-up files that ran before the one in File.
	Earlier []Shadow
}

// Layer is one source of values in an environment.
type Layer struct {
	Kind LayerKind
	File string // the file behind the layer, present or not; "" if the layer is not a file
	Vars map[string]Assignment
}

// Origin says which layer set a value and where.
type Origin struct {
	Layer LayerKind
	File  string
	Line  int
	Note  string
}

// EnvName names an environment (a vantage point).
type EnvName string

const (
	EnvEditor       EnvName = "editor"        // the extension host, as it is now
	EnvEditorLaunch EnvName = "editor-launch" // the extension host, as it was started
	EnvTools        EnvName = "tools"         // what the Go extension would hand to a tool started now (predicted)
	EnvGopls        EnvName = "gopls"         // the running gopls
	EnvShellHome    EnvName = "shell-home"    // the login and interactive shell in the home directory, as VS Code asks it at its start
	EnvShell        EnvName = "shell"         // where the user builds: the same shell in the workspace folder
	EnvTerminal     EnvName = "terminal"      // a new integrated terminal (predicted)
	EnvDebug        EnvName = "debug"         // a debug session of launch.json (predicted); further configurations are "debug:NAME"
	EnvTest         EnvName = "test"          // what the Go extension runs tests with (predicted)
	EnvCaptured     EnvName = "captured"      // the shell of another machine, of which there is a capture
)

// EnvNames lists every environment in the order reports show them.
var EnvNames = []EnvName{EnvEditorLaunch, EnvEditor, EnvTools, EnvGopls, EnvShellHome, EnvShell, EnvTerminal, EnvDebug, EnvTest}

// Env is one environment: a stack of layers that resolves to effective values.
type Env struct {
	Name      EnvName
	Layers    []Layer // the winning layer first
	Complete  bool    // every layer that belongs to the environment was read
	Why       string  // how the environment is known, or why it is not complete
	Predicted bool    // computed from settings, not observed in a process
	// Partial says that the environment is not complete, and that the values it
	// has are its effective ones all the same; of all others nothing is known.
	Partial bool
}

// Knows reports whether the effective value of a variable is known: that it has
// one, or that it has none.
func (e Env) Knows(name string) bool {
	if !e.Partial {
		return e.Complete
	}
	return slices.ContainsFunc(e.Layers, func(l Layer) bool { _, there := l.Vars[name]; return there })
}

// Shadow is a value that a winning layer hides.
type Shadow struct {
	Value  Value
	Origin Origin
}

// Setting is the effective value of one variable in one environment.
type Setting struct {
	Name    string
	Value   Value
	Origin  Origin
	Set     bool     // some layer has the variable
	Shadows []Shadow // the hidden values, the strongest first
}

// Lookup resolves a variable as the go command does.
//
// Settings and process layers together make the process environment: there
// the highest layer that names the variable wins, even with an empty value.
// For a variable that go reads from its files too, an empty process value
// counts as unset, then the GOENV file decides (an empty value in that file
// is kept and hides GOROOT/go.env), then GOROOT/go.env. An empty value from a
// file yields only to a built-in default.
func (e Env) Lookup(name string) Setting {
	s := Setting{Name: name}
	isGo := IsGoVariable(name)
	decidedInProcess := false
	for _, l := range e.Layers {
		if l.Kind.fileLayer() && !isGo {
			continue
		}
		a, ok := l.Vars[name]
		if !ok {
			continue
		}
		origin := Origin{Layer: l.Kind, File: a.File, Line: a.Line, Note: a.Note}
		hide := func(hidden ...Shadow) { s.Shadows = append(append(s.Shadows, hidden...), a.Earlier...) }
		inProcess := !l.Kind.fileLayer() && l.Kind != LayerDefault
		empty := a.Value.Empty()
		switch {
		case s.Set && l.Kind == LayerDefault && isGo && s.Value.Empty():
			s.Shadows = slices.Insert(s.Shadows, 0, Shadow{s.Value, s.Origin})
			s.Value, s.Origin = a.Value, origin
		case s.Set:
			hide(Shadow{a.Value, origin})
		case inProcess && decidedInProcess:
			hide(Shadow{a.Value, origin})
		case inProcess && empty && isGo:
			decidedInProcess = true // an empty variable counts as unset, and hides the process layers below
		default:
			s.Value, s.Origin, s.Set = a.Value, origin, true
			hide()
		}
	}
	return s
}

// Process returns the variables of the process environment alone: the merged
// settings and process layers, empty values included. It is what a child
// process of this environment would be started with.
func (e Env) Process() map[string]string {
	out := map[string]string{}
	for _, l := range slices.Backward(e.Layers) {
		if l.Kind.fileLayer() || l.Kind == LayerDefault {
			continue
		}
		for k, a := range l.Vars {
			out[k] = a.Value.Reveal()
		}
	}
	return out
}

// Layer returns the layer of the given kind, or an empty one.
func (e Env) Layer(kind LayerKind) Layer {
	for _, l := range e.Layers {
		if l.Kind == kind {
			return l
		}
	}
	return Layer{Kind: kind}
}

// With returns a copy of e in which the process environment has name=value,
// or lacks name if value is nil. Settings layers lose the name as well, so
// that the given value is the one a child process sees.
func (e Env) With(name string, value *Assignment) Env {
	layers := make([]Layer, len(e.Layers))
	for i, l := range e.Layers {
		layers[i] = l
		if l.Kind.fileLayer() || l.Kind == LayerDefault {
			continue
		}
		vars := make(map[string]Assignment, len(l.Vars)+1)
		for k, a := range l.Vars {
			if k != name {
				vars[k] = a
			}
		}
		if l.Kind == LayerProcess && value != nil {
			vars[name] = *value
		}
		layers[i].Vars = vars
	}
	e.Layers = layers
	return e
}
