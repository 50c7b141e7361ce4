package observe

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/shell"
)

// setByLines gives the values of a shell the lines that set them. A line that
// left another value than the shell ended up with did not have the last word,
// so it says nothing.
func setByLines(layer model.Layer, answer shell.Answer) {
	for name, a := range layer.Vars {
		lines := answer.Lines[name]
		if len(lines) == 0 || lines[0].Value != a.Value {
			continue
		}
		layer.Vars[name] = fromLines(a.Value, lines)
	}
}

// fromLines is a value with the line that set it and those that ran before.
func fromLines(value model.Value, lines []shell.Line) model.Assignment {
	a := model.Assignment{Value: value, File: lines[0].File, Line: lines[0].Line, Note: lines[0].Note}
	for _, line := range lines[1:] {
		a.Earlier = append(a.Earlier, model.Shadow{
			Value: line.Value, Origin: model.Origin{Layer: model.LayerProcess, File: line.File, Line: line.Line, Note: line.Note},
		})
	}
	return a
}

// likeShell names the line by which a new shell gets the very value that a
// process has: the shell at home, which VS Code asks when it starts, or without an
// editor one like our own. The value may also have come another way.
func (o *observer) likeShell(layer model.Layer) {
	answer := o.in.StartUp
	if o.in.Editor != nil {
		answer = o.in.Editor.ShellHome
	}
	for name, a := range layer.Vars {
		lines := answer.Lines[name]
		if len(lines) == 0 || lines[0].Value != a.Value || a.File != "" || a.Note != "" || a.Value.Empty() {
			continue
		}
		if final, there := answer.Vars[name]; !there || final != a.Value.Reveal() {
			continue
		}
		a.File, a.Line, a.Note = lines[0].File, lines[0].Line, "in a new shell"
		layer.Vars[name] = a
	}
}

// startUpFiles are the start-up files of all answers, each once.
func startUpFiles(answers ...shell.Answer) []string {
	var files []string
	for _, answer := range answers {
		files = append(files, answer.Files...)
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// setByStartUp is what the start-up files of the shell set in a terminal that
// starts with base, as far as the shell's answer tells, which was started with
// asked. A terminal of Linux starts a shell that is no login shell, in which
// the files for logins do not run.
func (o *observer) setByStartUp(answer shell.Answer, asked, base map[string]string) model.Layer {
	layer := model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{}}
	for _, name := range slices.Sorted(maps.Keys(answer.Vars)) {
		value := model.NewValue(answer.Vars[name])
		lines := answer.Lines[name]
		if len(lines) > 0 && lines[0].Value != value {
			lines = nil
		}
		before, had := asked[name]
		if len(lines) == 0 {
			if !had || before != value.Reveal() {
				layer.Vars[name] = model.Assignment{Value: value, Note: "set by the shell when it starts"}
			}
			continue
		}
		if o.w.GOOS == "linux" {
			for len(lines) > 0 && forLogins(lines[0].File) {
				lines = lines[1:]
			}
			if len(lines) == 0 {
				continue // what the window has of it stays
			}
		}
		a := fromLines(lines[0].Value, lines)
		if name == "PATH" { // most lines add to what was there
			if list, ok := addedTo(before, a.Value.Reveal(), base[name]); ok {
				a.Value = model.NewValue(list)
			}
		}
		layer.Vars[name] = a
	}
	return layer
}

// addedTo does to base what made after of before; ok is false if after is not
// before with something in front and behind.
func addedTo(before, after, base string) (list string, ok bool) {
	if before == "" {
		return "", false
	}
	sep := string(filepath.ListSeparator)
	front, behind, ok := strings.Cut(sep+after+sep, sep+before+sep)
	return strings.Trim(front+sep+base+sep+behind, sep), ok
}

// forLogins reports whether only a login shell reads the start-up file.
func forLogins(file string) bool {
	file = filepath.ToSlash(file)
	switch path.Base(file) {
	case ".profile", ".bash_profile", ".bash_login", ".zprofile", ".zlogin", "zprofile", "zlogin":
		return true
	}
	return file == "/etc/profile" || strings.HasPrefix(file, "/etc/profile.d/")
}
