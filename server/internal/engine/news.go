package engine

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// news says what is new in the facts of the editor, for people. focusOnly
// tells that nothing is but whether the window is focused.
func news(before, now *EditorFacts) (reasons []string, focusOnly bool) {
	if before == nil {
		return []string{"the editor connected"}, false
	}
	differ := func(a, b any) bool { return !reflect.DeepEqual(a, b) }
	add := func(changed bool, reason string) {
		if changed {
			reasons = append(reasons, reason)
		}
	}
	add(!before.Trusted && now.Trusted, "the workspace was trusted")
	add(differ(before.Folders, now.Folders), "the folders of the workspace changed")
	add(differ(before.Settings, now.Settings), "settings changed"+inFiles(before.Settings, now.Settings))
	add(differ(before.Env, now.Env), "the editor’s environment changed ("+strings.Join(changedNames(before.Env, now.Env), ", ")+")")
	add(differ(before.Extension, now.Extension), "the Go extension changed")
	add(differ(before.Views, now.Views), "gopls made other views")
	add(differ(before.Problems, now.Problems), "the problems changed")
	add(differ(before.Dirty, now.Dirty), "the unsaved documents changed")
	focusOnly = len(reasons) == 0 && before.Focused != now.Focused
	add(!before.Focused && now.Focused, "the window was focused")
	if len(reasons) == 0 {
		reasons = []string{"the editor told its state again"}
	}
	return reasons, focusOnly
}

// inFiles names the settings files that say something else, in parentheses.
func inFiles(before, now []SettingsScope) string {
	var files []string
	for _, scopes := range [][2][]SettingsScope{{before, now}, {now, before}} {
		for _, scope := range scopes[0] {
			same := slices.ContainsFunc(scopes[1], func(other SettingsScope) bool { return reflect.DeepEqual(scope, other) })
			if !same && scope.File != "" && !slices.Contains(files, scope.File) {
				files = append(files, scope.File)
			}
		}
	}
	if len(files) == 0 {
		return ""
	}
	return " (" + strings.Join(files, ", ") + ")"
}

// changedNames are the variables with another value, or none any more.
func changedNames(before, now map[string]string) []string {
	names := map[string]bool{}
	for _, pair := range [][2]map[string]string{{before, now}, {now, before}} {
		for name, value := range pair[0] {
			if other, set := pair[1][name]; !set || other != value {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
