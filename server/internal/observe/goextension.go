package observe

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
)

// toolsEnv is what the Go extension would start a tool with now: its settings
// over the environment of the extension host, which it changes by itself when
// it starts.
func (o *observer) toolsEnv(settings effectiveSettings, now map[string]string) model.Env {
	env := model.Env{
		Name: model.EnvTools, Complete: true, Predicted: true, Why: "what the Go extension would start a tool with now (predicted)",
		Layers: toolsLayers(settings, now, o.in.Dir),
	}
	if len(o.s.Folders) > 1 {
		env.Why += "; for this folder: the Go extension goes by the folder of the file that is open"
	}
	for _, f := range settings.unpredictable() {
		env.Complete, env.Why = false, f.Text
	}
	if gopath, fault := o.inferGopath(settings, now); fault != nil {
		o.fault(*fault)
		env.Complete, env.Why = false, fault.Text
	} else if gopath != nil {
		env.Layers[0] = *gopath
	}
	env.Layers = append(env.Layers, o.activated(settings, now))
	return env
}

// inferGopath is GOPATH as go.inferGopath makes it; nil if it makes none. The
// Go extension takes the part of the folder before its last "src"; without one
// it goes by the file that is open, which nobody but the editor knows.
func (o *observer) inferGopath(settings effectiveSettings, now map[string]string) (*model.Layer, *model.Fault) {
	infer, ok := settings.Lookup("go.inferGopath")
	if on, _ := infer.Bool(); !ok || !on {
		return nil, nil
	}
	sep := string(filepath.Separator)
	dirs := strings.Split(strings.ToLower(o.in.Dir), sep)
	src := -1
	for i, dir := range dirs {
		if dir == "src" {
			src = i
		}
	}
	if src <= 0 {
		return nil, &model.Fault{
			Subject: "go.inferGopath", Location: infer.at, Hides: []string{string(model.EnvTools)},
			Text: "go.inferGopath is on, so the Go extension makes GOPATH from the file that is open; GOPATH of the Go tools is not known.",
		}
	}
	gopath := o.in.Dir[:len(strings.Join(dirs[:src], sep))]
	if _, err := o.w.Files.Stat(filepath.Join(gopath, "go.mod")); err == nil {
		return nil, nil // not in a module
	}
	if own := now["GOPATH"]; own != "" && own != gopath {
		gopath += string(filepath.ListSeparator) + own
	}
	return &model.Layer{Kind: model.LayerGopathSetting, Vars: map[string]model.Assignment{
		"GOPATH": infer.assignment(gopath, "the Go extension makes it from the place of the folder (go.inferGopath)"),
	}}, nil
}

// activated is the environment of the extension host with what the Go
// extension does to it when it starts, in case it has not started yet:
// GOROOT from go.goroot, and its Go in front of PATH.
func (o *observer) activated(settings effectiveSettings, now map[string]string) model.Layer {
	layer := model.Layer{Kind: model.LayerProcess, Vars: assignments(now)}
	sub := substitution{env: now, folder: o.in.Dir}
	goroot, _ := settings.Lookup("go.goroot")
	text, _ := goroot.Text()
	dir, note := sub.expand(text.Reveal())
	if dir != "" && note == "" {
		if info, err := o.w.Files.Stat(dir); err != nil || !info.IsDir() {
			o.fault(model.Fault{
				Subject: "go.goroot", Location: goroot.at,
				Text: "The setting go.goroot names no directory, so the Go extension ignores it; correct or remove it.",
			})
			dir = ""
		}
	}
	alternate, _ := settings.Lookup("go.alternateTools")
	for _, tool := range []string{"go", "gopls", "dlv"} {
		v, ok := alternate.members[tool]
		if !ok {
			continue
		}
		text, _ := v.Text()
		file, note := sub.expand(text.Reveal())
		if note == "" && filepath.IsAbs(file) && o.w.LookPath(filepath.Dir(file), filepath.Base(file)) == "" {
			o.fault(model.Fault{
				Subject: "go.alternateTools " + tool, Location: v.at,
				Text: fmt.Sprintf("The setting go.alternateTools names no executable for %s, so the Go extension looks for %s as if it was not set; correct or remove it.", tool, tool),
			})
		}
	}
	if dir == "" || note != "" || o.in.Editor.Extension.Active {
		return layer
	}
	if now["GOROOT"] != dir {
		layer.Vars["GOROOT"] = goroot.assignment(dir, "the Go extension sets it when it starts (go.goroot)")
	}
	if activate, ok := settings.Lookup("go.terminal.activateEnvironment"); ok && activate.value == false {
		return layer
	}
	if bin := filepath.Join(dir, "bin"); o.w.LookPath(bin, "go") != "" {
		list := slices.DeleteFunc(filepath.SplitList(now["PATH"]), func(d string) bool { return d == bin })
		path := strings.Join(append([]string{bin}, list...), string(filepath.ListSeparator))
		if path != now["PATH"] {
			layer.Vars["PATH"] = goroot.assignment(path, "the Go extension puts its Go in front when it starts (go.goroot)")
		}
	}
	return layer
}

// copied are the variables that the Go extension copies from "go env" into the
// environment of the extension host, if they are not set there.
var copied = []string{"GOPATH", "GOPROXY", "GOBIN", "GOMODCACHE"}

// changedSinceLaunch says of the values that the extension host did not start
// with how they may have come there.
func (o *observer) changedSinceLaunch(layer model.Layer, settings effectiveSettings) {
	launch, ok := o.s.Env(model.EnvEditorLaunch)
	if !ok || !launch.Complete || o.in.Editor == nil || o.in.Editor.Extension == nil {
		return
	}
	before := launch.Process()
	inFile, _ := readGoEnv(o.w, goenvFile(o.w, before))
	sources := []map[string]model.Assignment{inFile} // what go env makes of it, the settings over the file
	for _, l := range toolsLayers(settings, before, o.in.Dir) {
		sources = slices.Insert(sources, len(sources)-1, l.Vars)
	}
	for _, name := range copied {
		if a, there := layer.Vars[name]; there && before[name] == "" && !a.Value.Empty() && a.Note == "" {
			a.Note = "not there when the editor started; the Go extension copies it from go env"
			i := slices.IndexFunc(sources, func(vars map[string]model.Assignment) bool {
				return vars[name].File != "" && vars[name].Value == a.Value
			})
			if i >= 0 {
				a.File, a.Line = sources[i][name].File, sources[i][name].Line
			}
			layer.Vars[name] = a
		}
	}
	goroot, _ := settings.Lookup("go.goroot")
	text, _ := goroot.Text()
	dir, note := substitution{env: before, folder: o.in.Dir}.expand(text.Reveal())
	if a, there := layer.Vars["GOROOT"]; there && note == "" && dir != "" && a.Value.Reveal() == dir && before["GOROOT"] != dir && a.Note == "" {
		layer.Vars["GOROOT"] = goroot.assignment(dir, "the Go extension sets it (go.goroot)")
	}
	if a, there := layer.Vars["PATH"]; there && a.Note == "" && o.prepended(before["PATH"], a.Value.Reveal()) != "" {
		a.Note = "the Go extension put the directory of its Go in front"
		layer.Vars["PATH"] = a
	}
}

// prepended is the directory of a Go that the Go extension put in front of
// PATH; "" if it did not.
func (o *observer) prepended(before, now string) string {
	dirs := filepath.SplitList(now)
	if before == now || len(dirs) == 0 || o.w.LookPath(dirs[0], "go") == "" {
		return ""
	}
	rest := slices.DeleteFunc(filepath.SplitList(before), func(dir string) bool { return dir == dirs[0] })
	if !slices.Equal(rest, dirs[1:]) {
		return ""
	}
	return dirs[0]
}

// testEnv is what the Go extension runs tests with: its tools' environment,
// go.testEnvFile and go.testEnvVars. ok is false where neither is set, for then
// it is that of the tools.
func (o *observer) testEnv(settings effectiveSettings, tools model.Env) (env model.Env, ok bool) {
	file, hasFile := settings.Lookup("go.testEnvFile")
	name, isText := file.Text()
	hasFile = hasFile && isText && !name.Empty()
	vars, _ := settings.Lookup("go.testEnvVars")
	if !hasFile && len(vars.members) == 0 {
		return model.Env{}, false
	}
	env = model.Env{
		Name: model.EnvTest, Complete: tools.Complete, Predicted: true, Why: "what the Go extension would run tests with (predicted)",
	}
	if !tools.Complete {
		env.Why = tools.Why
	}
	process := tools.Process()
	// No ${env:NAME} here: the extension takes what it does not know as it is.
	sub := substitution{env: process, folder: o.in.Dir, noEnv: true}
	overlay := model.Layer{Kind: model.LayerTestEnvVars, Vars: map[string]model.Assignment{}}
	for name, v := range vars.members {
		if model.Kept(name) {
			text, note := v.nodeText(sub)
			overlay.Vars[name] = v.assignment(text, note)
		}
	}
	env.Layers = []model.Layer{overlay}
	if hasFile {
		path, _ := sub.expand(name.Reveal())
		layer, missing := o.envFileLayer(model.LayerTestEnvFile, path, process, file.at, func(text string) string {
			text, _ = sub.expand(text)
			return text
		})
		switch {
		case missing.unknown != "":
			env.Complete, env.Why = false, missing.unknown
		case missing.file != "":
			o.fault(model.Fault{Subject: "go.testEnvFile", Location: file.at, Text: missing.file + " The Go extension runs tests without it and does not say so; correct the path in go.testEnvFile."})
		}
		env.Layers = append(env.Layers, layer)
	}
	env.Layers = append(env.Layers, processLayers(tools)...)
	return env, true
}

// nodeText is the text that Node makes of the value when it becomes part of an
// environment; texts are filled in first.
func (v settingValue) nodeText(sub substitution) (text, note string) {
	if text, isText := v.value.(string); isText {
		return sub.expand(text)
	}
	return v.rawText(), ""
}

// rawText is the same of a value that is not filled in.
func (v settingValue) rawText() string {
	if v.Kind == jsonc.Object {
		return "[object Object]"
	}
	return nodeText(v.value)
}

// envFileGap says why an env file cannot be known: it cannot be read, or it has
// something that cannot be filled in. Both are sentences.
type envFileGap struct{ file, unknown string }

// envFileLayer reads one env file. at is where it is named.
func (o *observer) envFileLayer(kind model.LayerKind, file string, global map[string]string, at *model.Location, finish func(string) string) (model.Layer, envFileGap) {
	if !filepath.IsAbs(file) {
		return model.Layer{Kind: kind}, envFileGap{unknown: "The path of an env file is not absolute, so it is looked for in the directory the editor happens to run in; begin it with ${workspaceFolder}."}
	}
	layer := model.Layer{Kind: kind, File: filepath.Clean(file), Vars: map[string]model.Assignment{}}
	data, err := o.w.Files.ReadFile(layer.File)
	if err != nil {
		return layer, envFileGap{file: fmt.Sprintf("The env file %s cannot be read (%s).", layer.File, reason(err))}
	}
	var gap envFileGap
	for name, v := range parseEnvFile(string(data), global) {
		a := model.Assignment{Value: model.NewValue(finish(v.value)), File: layer.File, Line: v.line}
		if v.unknown != "" {
			a.Note = fmt.Sprintf("not filled in: %s is not read", v.unknown)
			gap.unknown = fmt.Sprintf("%s in the env file %s is made from the variable %s, which Go Phantom does not read.", name, layer.File, v.unknown)
		}
		layer.Vars[name] = a
	}
	return layer, gap
}

// processLayers are the layers of an environment that make its process
// environment: those above go's own files.
func processLayers(env model.Env) []model.Layer {
	i := slices.IndexFunc(env.Layers, func(l model.Layer) bool {
		return l.Kind == model.LayerGOENV || l.Kind == model.LayerGoroot || l.Kind == model.LayerDefault
	})
	if i < 0 {
		return slices.Clone(env.Layers)
	}
	return slices.Clone(env.Layers[:i])
}
