package observe

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
)

// editorKeys lists what the settings files have of the Go extension and of
// gopls, whether anybody knows the key or not. An editor tells only of the
// settings it was asked for, so the files are read for it; a file that cannot
// be read or parsed is told by readSettings.
func (o *observer) editorKeys(scopes []SettingsScope) (keys []model.EditorSetting) {
	sorted := slices.Clone(scopes)
	slices.SortStableFunc(sorted, func(a, b SettingsScope) int {
		return slices.Index(scopeOrder, b.Scope) - slices.Index(scopeOrder, a.Scope)
	})
	for _, scope := range sorted {
		if scope.File == "" {
			continue
		}
		data, err := o.w.Files.ReadFile(scope.File)
		if err != nil {
			continue
		}
		doc, err := jsonc.Parse(data)
		if err != nil {
			continue
		}
		var root []string
		if filepath.Ext(scope.File) == ".code-workspace" {
			root = []string{"settings"}
		}
		add := func(key string, node jsonc.Node) {
			r := &settingsReader{scope: scope, doc: doc}
			s := model.EditorSetting{Key: key, Scope: scope.Scope, File: scope.File, Line: doc.Position(node.KeyStart).Line + 1, Null: node.Kind == jsonc.Null}
			if key == "go.testTags" || key == "go.testFlags" {
				s.Texts = r.texts(node)
			}
			keys = append(keys, s)
		}
		members := doc.Members(root...)
		for _, key := range slices.Sorted(maps.Keys(members)) {
			switch {
			case key == "gopls":
				inner := doc.Members(append(slices.Clone(root), key)...)
				for _, name := range slices.Sorted(maps.Keys(inner)) {
					add("gopls."+name, inner[name])
				}
			case strings.HasPrefix(key, "go."):
				add(key, members[key])
			}
		}
	}
	return keys
}

// texts are a text, or a list of texts; nil if the setting is neither.
func (r *settingsReader) texts(node jsonc.Node) []model.Value {
	var value any
	if json.Unmarshal(node.Value, &value) != nil {
		return nil
	}
	v := r.value(value, nil, nil)
	if text, ok := v.Text(); ok {
		return []model.Value{text}
	}
	list, _ := v.List()
	return list
}

// rivals lists what the Go extension would lay over the environment of tools
// for another folder of the workspace otherwise than for this one.
func (o *observer) rivals(own effectiveSettings, now map[string]string) (out []model.Rival) {
	here := overlaid(toolsLayers(own, now, o.in.Dir))
	for _, folder := range o.s.Folders {
		if filepath.Clean(folder) == filepath.Clean(o.in.Dir) {
			continue
		}
		there := overlaid(toolsLayers(o.folderSettings(folder), now, folder))
		names := map[string]bool{}
		for name := range here {
			names[name] = true
		}
		for name := range there {
			names[name] = true
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if a, b := here[name], there[name]; a.Set != b.Set || a.Value != b.Value {
				a.Name, b.Name = name, name
				out = append(out, model.Rival{Folder: folder, Here: a, There: b})
			}
		}
	}
	return out
}

// folderSettings are the settings that count for a workspace folder.
func (o *observer) folderSettings(folder string) effectiveSettings {
	settings, _ := readSettings(o.w, slices.DeleteFunc(slices.Clone(o.in.Editor.Settings), func(s SettingsScope) bool { return !s.of(folder) }))
	return settings
}

// overlaid resolves layers of settings alone.
func overlaid(layers []model.Layer) map[string]model.Setting {
	env := model.Env{Layers: layers}
	out := map[string]model.Setting{}
	for _, l := range layers {
		for name := range l.Vars {
			out[name] = env.Lookup(name)
		}
	}
	return out
}
