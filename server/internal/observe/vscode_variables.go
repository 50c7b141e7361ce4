package observe

import (
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// editorVariables is how VS Code fills in the ${…} of a launch configuration or
// of terminal.integrated.env.
type editorVariables struct {
	env     map[string]string // allow-listed names only
	folder  string            // the workspace folder it is for; "" if there is no one folder
	folders []string          // all of them
	goos    string
}

// expand fills in a text. missing names the first variable that we cannot know,
// as it is written; the text then comes back unchanged.
func (v editorVariables) expand(text string) (expanded, missing string) {
	var out strings.Builder
	rest := text
	for {
		before, after, found := strings.Cut(rest, "${")
		out.WriteString(before)
		if !found {
			return out.String(), ""
		}
		end := closingBrace(after)
		if end < 0 {
			out.WriteString("${")
			rest = after
			continue
		}
		value, known := v.value(after[:end])
		if !known {
			return text, "${" + after[:end] + "}"
		}
		out.WriteString(value)
		rest = after[end+1:]
	}
}

// closingBrace is where the brace that is open before text closes; -1 if never.
func closingBrace(text string) int {
	depth := 1
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// value is what stands for ${inner}.
func (v editorVariables) value(inner string) (value string, known bool) {
	name, arg, _ := strings.Cut(inner, ":")
	if strings.Contains(inner, "${") {
		return "", false
	}
	switch name {
	case "env":
		if v.goos == "windows" {
			for have, value := range v.env {
				if strings.EqualFold(have, arg) {
					return value, true
				}
			}
		}
		return v.env[arg], model.Kept(arg)
	case "workspaceFolder", "workspaceRoot", "workspaceFolderBasename", "workspaceRootFolderName":
		folder := v.folder
		if arg != "" {
			folder = ""
			for _, f := range v.folders {
				if filepath.Base(f) == arg {
					folder = f
				}
			}
		}
		if strings.HasSuffix(name, "name") || strings.HasSuffix(name, "Name") {
			return filepath.Base(folder), folder != ""
		}
		return folder, folder != ""
	case "userHome":
		home := homeOf(v.env)
		return home, home != ""
	case "pathSeparator", "/":
		if v.goos == "windows" {
			return `\`, true
		}
		return "/", true
	case "config", "command", "input", "extensionInstallFolder", "cwd", "lineNumber", "columnNumber", "selectedText", "file",
		"fileWorkspaceFolder", "fileWorkspaceFolderBasename", "relativeFile", "relativeFileDirname", "fileDirname", "fileExtname",
		"fileBasename", "fileBasenameNoExtension", "fileDirnameBasename", "execPath", "execInstallFolder":
		return "", false
	}
	return "${" + inner + "}", true // VS Code leaves what it does not know
}

// homeOf is the home directory that an environment names; "" if it names none.
func homeOf(vars map[string]string) string {
	if home := vars["HOME"]; home != "" {
		return home
	}
	return vars["USERPROFILE"]
}
