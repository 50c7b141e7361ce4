package observe

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
)

// Bounds for hostile files: how many debug configurations are read, and how
// many different environments of them are shown.
const (
	maxConfigurations = 500
	maxDebugEnvs      = 10
)

// debugEnvs adds what a debugger would be started with, for each configuration
// of the Go extension that builds a program: launch.json, the launch part of a
// workspace file and of the settings. Configurations with equal environments
// count once.
func (o *observer) debugEnvs(settings effectiveSettings, tools, terminal model.Env) {
	var seen []model.Env
	more := 0
	for _, c := range o.configurations() {
		env := o.debugEnv(c, settings, tools, terminal)
		if slices.ContainsFunc(seen, func(e model.Env) bool {
			return e.Complete == env.Complete && (e.Complete || e.Why == env.Why) && maps.Equal(e.Process(), env.Process())
		}) {
			continue
		}
		if len(seen) == maxDebugEnvs {
			more++
			continue
		}
		env.Name = model.EnvDebug
		if len(seen) > 0 {
			env.Name = model.EnvName("debug:" + c.name)
		}
		for n := 2; slices.ContainsFunc(seen, func(e model.Env) bool { return e.Name == env.Name }); n++ {
			env.Name = model.EnvName(fmt.Sprintf("debug:%s (%d)", c.name, n))
		}
		seen = append(seen, env)
		o.unlessCaptured(env)
	}
	if more > 0 {
		o.fault(model.Fault{Subject: "launch.json", Text: fmt.Sprintf("There are %d more debug configurations with other environments; only the first %d are compared.", more, maxDebugEnvs)})
	}
}

// configuration is one debug configuration.
type configuration struct {
	name   string
	folder string // that its variables speak of; "" if there is no one folder
	value  *settingValue
}

// text is a member that is a text; "" otherwise.
func (c configuration) text(name string) string {
	if v, ok := c.value.members[name]; ok {
		text, _ := v.Text()
		return text.Reveal()
	}
	return ""
}

// builds reports whether the Go extension would build a program for the
// configuration: only then does the debugger run go.
func (c configuration) builds() bool {
	if c.text("type") != "go" || c.text("request") != "launch" || c.value.members["port"] != nil || c.value.members["debugServer"] != nil {
		return false
	}
	mode := c.text("mode")
	return mode == "" || mode == "auto" || mode == "debug" || mode == "test"
}

// configurations reads the debug configurations for which the Go extension
// would build a program.
func (o *observer) configurations() []configuration {
	type source struct {
		file string
		root []string
		of   string
	}
	sources := []source{{filepath.Join(o.in.Dir, ".vscode", "launch.json"), nil, o.in.Dir}}
	shared := o.in.Dir
	if len(o.s.Folders) > 1 {
		shared = ""
	}
	for _, scope := range o.in.Editor.Settings {
		if scope.File != "" && (scope.Scope == "user" || filepath.Ext(scope.File) == ".code-workspace") {
			sources = append(sources, source{scope.File, []string{"launch"}, shared})
		}
	}
	var all []configuration
	for _, src := range sources {
		r := &settingsReader{scope: SettingsScope{Scope: "launch", File: src.file}}
		data, err := o.w.Files.ReadFile(src.file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		launchFile := src.root == nil // else the reader of settings has said what is wrong with the file
		if err != nil {
			if launchFile {
				o.fault(launchFault(src.file, fmt.Sprintf("launch.json cannot be read (%s), so the environments of the debugger are not known.", reason(err)), model.Position{}))
			}
			continue
		}
		if r.doc, err = jsonc.Parse(data); err != nil {
			var at model.Position
			if syntax := (*jsonc.SyntaxError)(nil); errors.As(err, &syntax) {
				at = model.Position(syntax.Position)
			}
			if launchFile {
				o.fault(launchFault(src.file, fmt.Sprintf("launch.json is not valid: %v; correct it, for the editor may ignore parts of it.", err), at))
			}
			continue
		}
		list := append(slices.Clone(src.root), "configurations")
		node, ok := r.doc.Lookup(list...)
		if !ok {
			continue
		}
		if node.Kind != jsonc.Array {
			o.fault(launchFault(src.file, fmt.Sprintf("configurations in %s must be an array, but is %s; there is nothing to debug with.", filepath.Base(src.file), article(node.Kind, "")), model.Position(r.doc.Position(node.Start))))
			continue
		}
		for i := range maxConfigurations {
			path := append(slices.Clone(list), strconv.Itoa(i))
			node, ok := r.doc.Lookup(path...)
			if !ok {
				break
			}
			var value any
			if node.Kind != jsonc.Object || json.Unmarshal(node.Value, &value) != nil {
				continue
			}
			c := configuration{folder: src.of, value: r.value(value, &node, path)}
			if own := c.value.members[map[string]string{"windows": "windows", "darwin": "osx", "linux": "linux"}[o.w.GOOS]]; own != nil && own.Kind == jsonc.Object {
				maps.Copy(c.value.members, own.members) // each member as a whole
			}
			if c.name = c.text("name"); c.builds() {
				all = append(all, c)
			}
		}
	}
	return all
}

func launchFault(file, text string, at model.Position) model.Fault {
	return model.Fault{
		Subject: "launch.json", Location: &model.Location{File: file, Range: model.Range{Start: at, End: at}}, Text: text,
		Hides: []string{string(model.EnvDebug)},
	}
}

// debugEnv is what the debugger of one configuration would be started with.
func (o *observer) debugEnv(c configuration, settings effectiveSettings, tools, terminal model.Env) model.Env {
	env := model.Env{Complete: true, Predicted: true, Why: fmt.Sprintf("what the debug configuration %q would start with (predicted)", c.name)}
	now, _ := o.s.Env(model.EnvEditor)
	below := processLayers(tools)
	unknown := func(why string) {
		if env.Complete {
			env.Complete, env.Why = false, why
		}
	}
	if !tools.Complete {
		unknown(tools.Why)
	}
	if console := c.text("console"); console == "integratedTerminal" || console == "externalTerminal" {
		// Only what the settings and the configuration set is handed over.
		below = slices.DeleteFunc(below, func(l model.Layer) bool { return l.Kind == model.LayerProcess })
		below = append(below, processLayers(terminal)...)
		if gopath := now.Process()["GOPATH"]; gopath != "" && below[0].Kind == model.LayerGopathSetting && len(below[0].Vars) == 0 {
			below[0].Vars = map[string]model.Assignment{"GOPATH": {Value: model.NewValue(gopath), Note: "the Go extension hands on the GOPATH of the editor"}}
		}
		if console == "externalTerminal" {
			unknown("an external terminal has an environment of its own, which is not known")
		} else if !terminal.Complete {
			unknown(terminal.Why)
		}
	}
	fill := editorVariables{env: now.Process(), folder: c.folder, folders: o.s.Folders, goos: o.w.GOOS}
	expand := func(subject, text string, at *model.Location) (string, bool) {
		expanded, missing := fill.expand(text)
		if missing != "" {
			why := fmt.Sprintf("%s of the debug configuration %q is made from %s, which is not known.", subject, c.name, missing)
			o.fault(model.Fault{Subject: "launch.json", Location: at, Text: why, Hides: []string{string(model.EnvDebug)}})
			unknown(why)
		}
		return expanded, missing == ""
	}

	overlay := model.Layer{Kind: model.LayerLaunchEnv, Vars: map[string]model.Assignment{}}
	if own := c.value.members["env"]; own != nil && own.Kind != jsonc.Object && own.Kind != jsonc.Null {
		o.fault(model.Fault{Subject: "launch.json", Location: own.at, Text: fmt.Sprintf("env of the debug configuration %q must be an object, but is %s.", c.name, article(own.Kind, ""))})
	} else if own != nil {
		for _, name := range slices.Sorted(maps.Keys(own.members)) {
			v := own.members[name]
			if !model.Kept(name) {
				continue
			}
			text, isText := v.value.(string)
			switch {
			case v.Kind == jsonc.Null:
				overlay.Vars[name] = v.assignment("", "null takes the variable away")
			case !isText:
				o.fault(model.Fault{Subject: "launch.json", Location: v.at, Text: fmt.Sprintf("%s in env of the debug configuration %q must be a text or null, but is %s; the debugger refuses it.", name, c.name, article(v.Kind, ""))})
				overlay.Vars[name] = v.assignment(v.rawText(), "")
			default:
				note := ""
				if name == "GOFLAGS" {
					if without := withoutGcflags(text); without != text {
						text, note = without, "the Go extension takes -gcflags out"
					}
				}
				expanded, _ := expand(name, text, v.at)
				overlay.Vars[name] = v.assignment(expanded, note)
			}
		}
	}
	env.Layers = []model.Layer{overlay}

	for _, f := range slices.Backward(o.envFilesOf(c)) { // the last file wins
		file, ok := expand("envFile", f.path, f.at)
		if !ok {
			continue
		}
		layer, gap := o.envFileLayer(model.LayerLaunchEnvFile, file, tools.Process(), f.at, func(text string) string { return text })
		if gap.file != "" {
			why := gap.file + fmt.Sprintf(" The debug configuration %q does not start without it.", c.name)
			o.fault(model.Fault{Subject: "launch.json", Location: f.at, Text: why, Hides: []string{string(model.EnvDebug)}})
			unknown(why)
		}
		if gap.unknown != "" {
			o.fault(model.Fault{Subject: "launch.json", Location: f.at, Text: gap.unknown, Hides: []string{string(model.EnvDebug)}})
			unknown(gap.unknown)
		}
		env.Layers = append(env.Layers, layer)
	}
	env.Layers = append(env.Layers, below...)
	return env
}

// envFileName is one env file as a configuration names it.
type envFileName struct {
	path string
	at   *model.Location
}

// envFilesOf lists the env files of a configuration.
func (o *observer) envFilesOf(c configuration) (files []envFileName) {
	v := c.value.members["envFile"]
	if v == nil {
		return nil
	}
	if text, ok := v.Text(); ok {
		if text.Empty() {
			return nil
		}
		return []envFileName{{text.Reveal(), v.at}}
	}
	list, ok := v.List()
	if !ok && v.Kind != jsonc.Null {
		o.fault(model.Fault{Subject: "launch.json", Location: v.at, Text: fmt.Sprintf("envFile of the debug configuration %q must be a text or an array of texts, but is %s.", c.name, article(v.Kind, ""))})
	}
	for _, text := range list {
		if !text.Empty() {
			files = append(files, envFileName{text.Reveal(), v.at})
		}
	}
	return files
}

// gcflags is what the Go extension takes out of GOFLAGS of a configuration.
var gcflags = regexp.MustCompile(`(^|\s)(-gcflags)(=| )('[^']*'|"[^"]*"|[^'"\s]+)+`)

func withoutGcflags(flags string) string {
	for gcflags.MatchString(flags) {
		at := gcflags.FindStringIndex(flags)
		flags = flags[:at[0]] + flags[at[1]:]
	}
	return flags
}
