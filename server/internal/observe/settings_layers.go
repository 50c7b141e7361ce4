package observe

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
)

// toolsLayers returns what the Go extension lays over the environment of the
// extension host when it starts a tool, the winning layer first: GOPATH, the
// proxy variables, go.toolsEnvVars. folder is the workspace folder whose
// settings s are; processEnv holds allow-listed names only.
//
// It follows the extension's toolExecutionEnvironment. What cannot be
// predicted is left as it is written and noted; Settings gives the fault.
func toolsLayers(s effectiveSettings, processEnv map[string]string, folder string) []model.Layer {
	sub := substitution{env: processEnv, folder: folder}

	tools := model.Layer{Kind: model.LayerToolsEnvVars, Vars: map[string]model.Assignment{}}
	vars, _ := s.Lookup("go.toolsEnvVars")
	for name, v := range vars.members {
		if !model.Kept(name) {
			continue
		}
		text, note := v.nodeText(sub) // the extension copies other kinds raw
		tools.Vars[name] = v.assignment(text, note)
	}
	flags, ok := tools.Vars["GOFLAGS"]
	if !ok {
		flags = model.Assignment{Value: model.NewValue(processEnv["GOFLAGS"])}
	}
	if without := jsonFlag.ReplaceAllString(flags.Value.Reveal(), ""); without != flags.Value.Reveal() {
		flags.Value, flags.Note = model.NewValue(without), "the Go extension takes -json out"
		tools.Vars["GOFLAGS"] = flags
	}

	proxy := model.Layer{Kind: model.LayerProxySetting, Vars: map[string]model.Assignment{}}
	if v, ok := s.Lookup("http.proxy"); ok {
		if text, _ := v.Text(); !text.Empty() {
			for _, name := range []string{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"} {
				proxy.Vars[name] = v.assignment(text.Reveal(), "")
			}
		}
	}

	gopath := model.Layer{Kind: model.LayerGopathSetting, Vars: map[string]model.Assignment{}}
	setting, _ := s.Lookup("go.gopath")
	_, inTools := tools.Vars["GOPATH"]
	text, _ := setting.Text()
	switch expanded, note := sub.expand(text.Reveal()); {
	case expanded != "":
		gopath.Vars["GOPATH"] = setting.assignment(expanded, note)
	case inTools && processEnv["GOPATH"] != "":
		gopath.Vars["GOPATH"] = model.Assignment{
			Value: model.NewValue(processEnv["GOPATH"]), Note: "the Go extension puts the editor's own GOPATH over go.toolsEnvVars",
		}
	}
	return []model.Layer{gopath, proxy, tools}
}

// jsonFlag is what the Go extension takes out of GOFLAGS.
var jsonFlag = regexp.MustCompile(`(^|\s+)-?-json\S*`)

// goplsLayer returns the variables that the gopls settings lay over the
// environment of the go commands gopls runs. gopls takes an option by the part
// of its name behind the last dot, so "build.env" and "env" both count. It
// takes texts only, as they are written.
func goplsLayer(s effectiveSettings) model.Layer {
	layer := model.Layer{Kind: model.LayerGoplsSettings, Vars: map[string]model.Assignment{}}
	gopls, _ := s.Lookup("gopls")
	for _, option := range slices.Sorted(maps.Keys(gopls.members)) {
		if option[strings.LastIndexByte(option, '.')+1:] != "env" {
			continue
		}
		for name, v := range gopls.members[option].members {
			text, ok := v.Text()
			if !ok || !model.Kept(name) {
				continue
			}
			note := ""
			if other, twice := layer.Vars[name]; twice && other.Value != text {
				note = "given twice; gopls takes either value at random"
			}
			layer.Vars[name] = v.assignment(text.Reveal(), note)
		}
	}
	return layer
}

// goplsFlags are the build flags that gopls puts on the command lines of go:
// its own option, else go.buildFlags and go.buildTags, which the Go extension
// hands on if there are any. from is the setting they come from, and key its
// name; "" if gopls is told of none.
func goplsFlags(s effectiveSettings) (flags []string, from settingValue, key string) {
	texts := func(v settingValue) {
		list, _ := v.List()
		for _, flag := range list {
			flags = append(flags, flag.Reveal())
		}
	}
	gopls, _ := s.Lookup("gopls")
	for _, option := range slices.Sorted(maps.Keys(gopls.members)) {
		if v := gopls.members[option]; option[strings.LastIndexByte(option, '.')+1:] == "buildFlags" && v.Kind != jsonc.Null {
			texts(*v)
			return flags, *v, "gopls." + option
		}
	}
	if v, ok := s.Lookup("go.buildFlags"); ok {
		if texts(v); len(flags) > 0 {
			from, key = v, "go.buildFlags"
		}
	}
	if v, ok := s.Lookup("go.buildTags"); ok && !slices.Contains(flags, "-tags") {
		if tags, _ := v.Text(); !tags.Empty() {
			flags, from, key = append(flags, "-tags", tags.Reveal()), v, "go.buildTags"
		}
	}
	return flags, from, key
}

// unpredictable names what toolsLayers cannot know.
func (s effectiveSettings) unpredictable() (faults []model.Fault) {
	fault := func(subject string, v *settingValue, text string) {
		faults = append(faults, model.Fault{Subject: subject, Location: v.at, Text: text, Hides: []string{string(model.EnvTools)}})
	}
	unknown := func(subject string, v *settingValue) {
		text, _ := v.value.(string)
		if name, ok := unknownVariable(text); ok {
			fault(subject, v, fmt.Sprintf("%s is made from the variable %s, which Go Phantom does not read; its value for the Go tools is not known.", subject, name))
		}
	}
	if v, ok := s.values["go.gopath"]; ok {
		unknown("go.gopath", v)
	}
	if vars, ok := s.values["go.toolsEnvVars"]; ok {
		for _, name := range slices.Sorted(maps.Keys(vars.members)) {
			if model.Kept(name) {
				unknown("go.toolsEnvVars "+name, vars.members[name])
			}
		}
	}
	return faults
}

// substitution is how the Go extension fills in the texts of settings.
type substitution struct {
	env    map[string]string
	folder string
	noEnv  bool // leave ${env:NAME} as it is
}

var envReference = regexp.MustCompile(`\$\{env:([^}]+)\}`)

// unknownVariable returns the first variable in text that is not among those
// that are kept, and so cannot be filled in.
func unknownVariable(text string) (name string, ok bool) {
	for _, m := range envReference.FindAllStringSubmatch(text, -1) {
		if name := strings.TrimSpace(m[1]); !model.Kept(name) {
			return name, true
		}
	}
	return "", false
}

// expand fills in ${env:NAME} (nothing if unset), the workspace folder, and a
// "~" at the very start. A text that cannot be filled in comes back unchanged
// with a note.
func (s substitution) expand(text string) (expanded, note string) {
	expanded = text
	if !s.noEnv {
		if name, ok := unknownVariable(text); ok {
			return text, fmt.Sprintf("not filled in: %s is not read", name)
		}
		expanded = envReference.ReplaceAllStringFunc(text, func(ref string) string {
			return s.env[strings.TrimSpace(envReference.FindStringSubmatch(ref)[1])]
		})
	}
	if strings.TrimSpace(expanded) == "" {
		return expanded, ""
	}
	if s.folder != "" {
		base := s.folder[strings.LastIndexAny(s.folder, `/\`)+1:]
		expanded = strings.NewReplacer(
			"${workspaceFolder}", s.folder, "${workspaceRoot}", s.folder, "${workspaceFolderBasename}", base,
		).Replace(expanded)
	}
	rest, tilde := strings.CutPrefix(expanded, "~")
	if !tilde {
		return expanded, ""
	}
	home := s.env["HOME"]
	if home == "" {
		home = s.env["USERPROFILE"]
	}
	if home == "" {
		return text, "not filled in: the home directory is not known"
	}
	if strings.Contains(home, `\`) {
		return strings.TrimRight(home, `\`) + `\` + strings.TrimLeft(strings.ReplaceAll(rest, "/", `\`), `\`), ""
	}
	joined := path.Join(home, rest) // as Node joins, which keeps a slash at the end
	if strings.HasSuffix(rest, "/") && joined != "/" {
		joined += "/"
	}
	return joined, ""
}

// nodeText is what Node makes of a value that is not a text when it becomes
// part of an environment.
func nodeText(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	case float64:
		if size := max(v, -v); size != 0 && (size < 1e-6 || size >= 1e21) {
			digits, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
			return digits + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
		}
		if v == 0 {
			return "0" // also for -0
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, element := range v {
			if element != nil {
				parts[i] = nodeText(element)
			}
		}
		return strings.Join(parts, ",")
	}
	return "[object Object]"
}
