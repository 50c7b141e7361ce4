package observe

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// SettingsScope is one scope of the editor's settings.
type SettingsScope struct {
	Scope  string                     // "user", "workspace" or "folder"
	File   string                     // absolute path; "" if it cannot be known
	Folder string                     // the workspace folder that a folder scope is of; "": the one whose .vscode File is in
	Values map[string]json.RawMessage // full keys such as "go.toolsEnvVars", as the editor told; nil: read File
}

// of reports whether the scope counts for a workspace folder.
func (s SettingsScope) of(folder string) bool {
	if s.Scope != "folder" {
		return true
	}
	own := s.Folder
	if own == "" && filepath.Base(filepath.Dir(s.File)) == ".vscode" {
		own = filepath.Dir(filepath.Dir(s.File))
	}
	return own == "" || filepath.Clean(own) == filepath.Clean(folder)
}

// settingOrigin says which scope set a setting, and where. File and Line are
// known only where the file says what the editor says.
type settingOrigin struct {
	Scope string
	File  string
	Line  int // 1-based
}

// effectiveSettings are the settings that change what Go tools do, merged as
// VS Code merges scopes: objects key by key, everything else as a whole, the
// narrower scope over the wider.
type effectiveSettings struct {
	values map[string]*settingValue
}

// settingValue is one effective setting, or a member of one.
type settingValue struct {
	Kind   jsonc.Kind
	Origin settingOrigin // for an object: of the narrowest scope that has it

	value   any // decoded; nil for objects
	members map[string]*settingValue
	at      *model.Location
}

// Lookup returns a setting by its full key, or a member of it by the key and
// the members' names.
func (s effectiveSettings) Lookup(key string, members ...string) (settingValue, bool) {
	v, ok := s.values[key]
	for _, name := range members {
		if !ok {
			break
		}
		v, ok = v.members[name]
	}
	if !ok {
		return settingValue{}, false
	}
	return *v, true
}

// Text returns the value of a string.
func (v settingValue) Text() (text model.Value, ok bool) {
	s, ok := v.value.(string)
	return model.NewValue(s), ok
}

// Bool returns the value of a boolean.
func (v settingValue) Bool() (value, ok bool) {
	value, ok = v.value.(bool)
	return value, ok
}

// List returns the value of an array of strings.
func (v settingValue) List() (list []model.Value, ok bool) {
	array, ok := v.value.([]any)
	for _, element := range array {
		text, isText := element.(string)
		if !isText {
			return nil, false
		}
		list = append(list, model.NewValue(text))
	}
	return list, ok
}

// assignment is the origin of v around a value of an environment.
func (v settingValue) assignment(value, note string) model.Assignment {
	return model.Assignment{Value: model.NewValue(value), File: v.Origin.File, Line: v.Origin.Line, Note: note}
}

// The settings that matter, with what the Go extension and gopls expect.
var settingsOfInterest = []struct {
	key      string
	kind     jsonc.Kind
	elements jsonc.Kind // of arrays and objects; "" if anything goes
	userOnly bool       // VS Code ignores it in a workspace
}{
	{key: "go.toolsEnvVars", kind: jsonc.Object, elements: jsonc.String},
	{key: "go.gopath", kind: jsonc.String},
	{key: "go.inferGopath", kind: jsonc.Bool},
	{key: "go.goroot", kind: jsonc.String},
	{key: "go.alternateTools", kind: jsonc.Object, elements: jsonc.String},
	{key: "go.useLanguageServer", kind: jsonc.Bool},
	{key: "go.testEnvVars", kind: jsonc.Object},
	{key: "go.testEnvFile", kind: jsonc.String},
	{key: "go.terminal.activateEnvironment", kind: jsonc.Bool},
	{key: "terminal.integrated.env.linux", kind: jsonc.Object},
	{key: "terminal.integrated.env.osx", kind: jsonc.Object},
	{key: "terminal.integrated.env.windows", kind: jsonc.Object},
	{key: "terminal.integrated.inheritEnv", kind: jsonc.Bool, userOnly: true},
	{key: "go.buildFlags", kind: jsonc.Array, elements: jsonc.String},
	{key: "go.buildTags", kind: jsonc.String},
	{key: "gopls", kind: jsonc.Object},
	{key: "http.proxy", kind: jsonc.String, userOnly: true},
}

// scopeOrder lists the scopes from the one that loses to the one that wins.
var scopeOrder = []string{"user", "workspace", "folder"}

// readSettings reads and merges the settings that change what Go tools do. A file
// that does not exist sets nothing. A file that cannot be read, broken JSONC
// and values of a wrong type give a fault each; what is of a wrong type keeps
// its place in the merge, as in VS Code.
func readSettings(w *world.World, scopes []SettingsScope) (effectiveSettings, []model.Fault) {
	s := effectiveSettings{values: map[string]*settingValue{}}
	var faults []model.Fault
	sorted := slices.Clone(scopes)
	slices.SortStableFunc(sorted, func(a, b SettingsScope) int {
		return slices.Index(scopeOrder, a.Scope) - slices.Index(scopeOrder, b.Scope)
	})
	for _, scope := range sorted {
		r := &settingsReader{scope: scope}
		r.open(w)
		for _, interest := range settingsOfInterest {
			if interest.userOnly && scope.Scope != "user" {
				continue
			}
			v, ok := r.read(interest.key)
			if !ok {
				continue
			}
			r.check(interest.key, v, interest.kind, interest.elements)
			if interest.key == "gopls" {
				r.checkGopls(v)
			}
			s.values[interest.key] = merge(s.values[interest.key], v)
		}
		faults = append(faults, r.faults...)
	}
	return s, append(faults, s.unpredictable()...)
}

// merge lays the narrower value over the wider one.
func merge(wide, narrow *settingValue) *settingValue {
	if wide == nil || wide.Kind != jsonc.Object || narrow.Kind != jsonc.Object {
		return narrow
	}
	merged := *narrow
	merged.members = maps.Clone(wide.members)
	for name, v := range narrow.members {
		merged.members[name] = merge(merged.members[name], v)
	}
	return &merged
}

// settingsReader reads one scope.
type settingsReader struct {
	scope  SettingsScope
	doc    *jsonc.Document // nil if there is no file that can be parsed
	root   []string        // where in the document the settings are
	faults []model.Fault
}

func (r *settingsReader) open(w *world.World) {
	if r.scope.File == "" {
		return
	}
	if filepath.Ext(r.scope.File) == ".code-workspace" {
		r.root = []string{"settings"}
	}
	var hides []string
	if r.scope.Values == nil {
		hides = []string{string(model.EnvTools), string(model.EnvGopls)}
	}
	data, err := w.Files.ReadFile(r.scope.File)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		r.faults = append(r.faults, model.Fault{
			Subject:  r.scope.Scope + " settings",
			Location: &model.Location{File: r.scope.File},
			Text:     fmt.Sprintf("The %s settings %s cannot be read (%s).", r.scope.Scope, r.scope.File, reason(err)),
			Hides:    hides,
		})
		return
	}
	doc, err := jsonc.Parse(data)
	if err == nil {
		r.doc = doc
		return
	}
	fault := model.Fault{
		Subject:  r.scope.Scope + " settings",
		Location: &model.Location{File: r.scope.File},
		Text:     fmt.Sprintf("The %s settings %s are not valid: %v; correct the file, for the editor may ignore parts of it.", r.scope.Scope, r.scope.File, err),
		Hides:    hides,
	}
	if syntax := (*jsonc.SyntaxError)(nil); errors.As(err, &syntax) {
		at := model.Position(syntax.Position)
		fault.Location.Range = model.Range{Start: at, End: at}
	}
	r.faults = append(r.faults, fault)
}

// read returns the value of a key in this scope.
func (r *settingsReader) read(key string) (*settingValue, bool) {
	path := append(slices.Clone(r.root), key)
	var node jsonc.Node
	inFile := false
	if r.doc != nil {
		node, inFile = r.doc.Lookup(path...)
	}
	raw, ok := r.scope.Values[key]
	if r.scope.Values == nil {
		raw, ok = node.Value, inFile
	}
	if !ok {
		return nil, false
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		r.fault(key, nil, "cannot be understood")
		return nil, false
	}
	if !inFile {
		return r.value(value, nil, path), true
	}
	return r.value(value, &node, path), true
}

// value builds the value told by the editor with the places where the file
// says the same. node is what the file has at path, nil if it has nothing.
func (r *settingsReader) value(value any, node *jsonc.Node, path []string) *settingValue {
	v := &settingValue{Origin: settingOrigin{Scope: r.scope.Scope}, value: value}
	switch value.(type) {
	case nil:
		v.Kind = jsonc.Null
	case bool:
		v.Kind = jsonc.Bool
	case float64:
		v.Kind = jsonc.Number
	case string:
		v.Kind = jsonc.String
	case []any:
		v.Kind = jsonc.Array
	case map[string]any:
		v.Kind = jsonc.Object
	}
	object, isObject := value.(map[string]any)
	if node != nil && node.Kind == v.Kind && (isObject || sameJSON(node.Value, value)) {
		v.Origin.File = r.scope.File
		v.Origin.Line = r.doc.Position(node.KeyStart).Line + 1
		v.at = &model.Location{File: r.scope.File, Range: model.Range{
			Start: model.Position(r.doc.Position(node.Start)), End: model.Position(r.doc.Position(node.End)),
		}}
	}
	if !isObject {
		return v
	}
	v.value, v.members = nil, make(map[string]*settingValue, len(object))
	var inFile map[string]jsonc.Node
	if v.at != nil {
		inFile = r.doc.Members(path...)
	}
	for name, member := range object {
		var at *jsonc.Node
		if n, ok := inFile[name]; ok {
			at = &n
		}
		v.members[name] = r.value(member, at, append(slices.Clone(path), name))
	}
	return v
}

func sameJSON(raw json.RawMessage, value any) bool {
	var other any
	return json.Unmarshal(raw, &other) == nil && reflect.DeepEqual(other, value)
}

// check reports a value of a wrong type. null means "not set" everywhere, and
// one fault stands for all members of an object.
func (r *settingsReader) check(key string, v *settingValue, kind, elements jsonc.Kind) {
	if v.Kind != kind {
		if v.Kind != jsonc.Null {
			r.fault(key, v.at, fmt.Sprintf("must be %s, but is %s", article(kind, elements), article(v.Kind, "")))
		}
		return
	}
	if elements == "" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(v.members)) {
		if member := v.members[name]; member.Kind != elements {
			r.fault(key+" "+name, member.at, fmt.Sprintf("must be %s, but is %s", article(elements, ""), article(member.Kind, "")))
			return
		}
	}
	if kind == jsonc.Array {
		if _, ok := v.List(); !ok {
			r.fault(key, v.at, fmt.Sprintf("must be %s, but has elements of another kind", article(kind, elements)))
		}
	}
}

// checkGopls checks the options of gopls that we know. gopls looks at the part
// behind the last dot of an option's name only.
func (r *settingsReader) checkGopls(gopls *settingValue) {
	given := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(gopls.members)) {
		option := name[strings.LastIndexByte(name, '.')+1:]
		v := gopls.members[name]
		switch option {
		case "env":
			r.check("gopls "+name, v, jsonc.Object, jsonc.String)
		case "buildFlags":
			r.check("gopls "+name, v, jsonc.Array, jsonc.String)
		default:
			continue
		}
		if other, twice := given[option]; twice {
			r.fault("gopls "+name, v.at, fmt.Sprintf("is the same option as %s; gopls takes either at random, so keep one", other))
		}
		given[option] = name
	}
}

func (r *settingsReader) fault(subject string, at *model.Location, wrong string) {
	if at == nil && r.scope.File != "" {
		at = &model.Location{File: r.scope.File}
	}
	r.faults = append(r.faults, model.Fault{
		Subject:  subject,
		Location: at,
		Text:     fmt.Sprintf("The setting %s in the %s settings %s.", subject, r.scope.Scope, wrong),
	})
}

// article names a kind in a sentence.
func article(kind, elements jsonc.Kind) string {
	switch kind {
	case jsonc.Null:
		return "null"
	case jsonc.Array:
		if elements != "" {
			return "an array of strings"
		}
		return "an array"
	case jsonc.Object:
		if elements != "" {
			return "an object with string values"
		}
		return "an object"
	}
	return "a " + string(kind)
}
