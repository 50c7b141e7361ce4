package observe

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
)

// VariableAt tells which variable of an environment a place in a settings file
// of the editor, or in launch.json, sets, and the range of that setting. ok is false where it sets
// none, or one that may not be kept.
func VariableAt(file string, data []byte, at model.Position) (name string, r model.Range, ok bool) {
	doc, err := jsonc.Parse(data)
	if err != nil {
		return "", r, false
	}
	path, node, ok := doc.At(jsonc.Position(at))
	switch {
	case !ok:
	case filepath.Base(file) == "launch.json":
		name = variableOfDebugger(path)
	case path[0] == "launch": // of settings or of a workspace file
		name = variableOfDebugger(path[1:])
	case filepath.Ext(file) != ".code-workspace":
		name = variableOf(path)
	case path[0] == "settings":
		name = variableOf(path[1:])
	}
	if !ok || !model.Kept(name) {
		return "", r, false
	}
	return name, model.Range{Start: model.Position(doc.Position(node.KeyStart)), End: model.Position(doc.Position(node.End))}, true
}

// variableOf names the variable that a setting becomes; "" if it becomes none.
func variableOf(path []string) string {
	switch len(path) {
	case 1:
		switch path[0] {
		case "go.gopath":
			return "GOPATH"
		case "go.goroot":
			return "GOROOT"
		case "http.proxy":
			return "HTTPS_PROXY"
		}
	case 2:
		if slices.Contains([]string{"go.toolsEnvVars", "go.testEnvVars"}, path[0]) || strings.HasPrefix(path[0], "terminal.integrated.env.") {
			return path[1]
		}
	case 3:
		if option := path[1][strings.LastIndexByte(path[1], '.')+1:]; path[0] == "gopls" && option == "env" {
			return path[2]
		}
	}
	return ""
}

// variableOfDebugger names the variable that a place of a launch configuration
// sets; "" if it sets none.
func variableOfDebugger(path []string) string {
	if len(path) == 4 && path[0] == "configurations" && path[2] == "env" {
		return path[3]
	}
	return ""
}

// EnvFileVariableAt is VariableAt for the file that "go env -w" writes.
func EnvFileVariableAt(data []byte, at model.Position) (name string, r model.Range, ok bool) {
	lines := strings.Split(string(data), "\n")
	if at.Line < 0 || at.Line >= len(lines) {
		return "", r, false
	}
	line := strings.TrimSuffix(lines[at.Line], "\r")
	name, _, ok = strings.Cut(line, "=")
	if !ok || !model.IsGoVariable(name) {
		return "", r, false
	}
	return name, model.Range{Start: model.Position{Line: at.Line}, End: model.Position{Line: at.Line, Character: utf16Len(line)}}, true
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
