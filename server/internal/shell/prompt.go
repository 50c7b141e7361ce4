package shell

import (
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/gophantom/gophantom/server/internal/model"
)

// promptHooks are the functions that per-directory tools have a terminal run
// before its first prompt, by tool. A shell that is given a command does not
// run them by itself.
var promptHooks = []struct {
	tool        string
	posix, fish []string
}{
	{"direnv", []string{"_direnv_hook"}, []string{"__direnv_export_eval"}},
	{"mise", []string{"_mise_hook", "_mise_hook_precmd", "_mise_hook_prompt_command"}, []string{"__mise_env_eval"}},
}

// runHooks is a script that runs the hooks which the shell defines. after is
// put behind the hooks of each tool.
func runHooks(shell string, after func(tool string) string) string {
	var b strings.Builder
	for _, h := range promptHooks {
		if shell == "fish" {
			for _, f := range h.fish {
				b.WriteString("functions -q " + f + "; and " + f + " >/dev/null 2>/dev/null\n")
			}
		} else {
			for _, f := range h.posix {
				b.WriteString("typeset -f " + f + " >/dev/null 2>&1 && " + f + " >/dev/null 2>&1\n")
			}
		}
		b.WriteString(after(h.tool))
	}
	return b.String()
}

// traceHooks runs the hooks of bash or zsh in a trace, with a mark behind
// each tool's.
func traceHooks(mark string) string {
	return runHooks("", func(tool string) string { return ": " + mark + " " + tool + "\n" })
}

// directoryFile returns the file of a per-directory tool that is in force in
// the directory of the shell; "" if there is none.
func (t *tracer) directoryFile(tool string) string {
	for _, dir := range t.parents() {
		for _, name := range filesOf(tool) {
			file := filepath.Join(dir, name)
			if info, err := t.w.Files.Stat(file); err == nil && info.Mode().IsRegular() {
				return file
			}
		}
	}
	return ""
}

func filesOf(tool string) []string {
	if tool == "direnv" {
		return []string{".envrc"}
	}
	return []string{"mise.local.toml", "mise.toml", ".mise.local.toml", ".mise.toml", ".config/mise.toml", ".tool-versions"}
}

// parents lists the directory of the shell and those above it.
func (t *tracer) parents() (dirs []string) {
	dir := t.opt.Dir
	if dir == "" {
		dir = t.w.Dir
	}
	for dir != "" {
		dirs = append(dirs, dir)
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	return dirs
}

// directoryFiles lists the files that per-directory tools read, or would read
// in the shell's own directory.
func (t *tracer) directoryFiles() (files []string) {
	for i, dir := range t.parents() {
		for _, name := range []string{".envrc", "mise.toml", ".mise.toml", ".tool-versions"} {
			file := filepath.Join(dir, name)
			if info, err := t.w.Files.Stat(file); i == 0 || err == nil && info.Mode().IsRegular() {
				files = append(files, file)
			}
		}
	}
	return files
}

// directoryLines is the line of a per-directory tool's file that set a
// variable; the file without a line if it cannot be told which.
func (t *tracer) directoryLines(name, value, tool string) []Line {
	file := t.directoryFile(tool)
	if file == "" {
		return nil
	}
	line := Line{File: file, Value: model.NewValue(value), Note: "by " + tool}
	if tool == "direnv" {
		// direnv runs the file in bash, with the directory as its own.
		r := newReader(t.w, syntax.LangBash, t.base)
		r.state["PWD"] = []string{filepath.Dir(file)}
		if t.final != nil && name == "PATH" {
			r.state["PATH"] = nil // what it was before the hook
		}
		r.read(file)
		found := slices.DeleteFunc(slices.Clone(r.found), func(a assignment) bool { return a.name != name })
		switch last := len(found) - 1; {
		case last >= 0 && slices.Contains(found[last].values, value),
			len(found) == 1 && found[0].values == nil && !t.some(file, func(text string) bool { return direnvSets(text, name) }):
			line.File, line.Line = found[last].file, found[last].line
		case last >= 0 && name == "PATH":
		default:
			line.Line = t.only(file, func(text string) bool { return direnvSets(text, name) })
		}
	} else {
		line.Line = t.only(file, func(text string) bool {
			key, _, ok := strings.Cut(text, "=")
			key = strings.Trim(strings.TrimSpace(key), `"'`)
			goTool := name == "PATH" || name == "GOROOT" || name == "GOBIN" || name == "GOPATH"
			return ok && (key == name || goTool && (key == "go" || name == "PATH" && key == "_.path")) || goTool && strings.HasPrefix(text, "golang ") || goTool && strings.HasPrefix(text, "go ")
		})
	}
	if line.Line != 0 {
		line.Note = join(line.Note, "found by reading the file")
	}
	return []Line{line}
}

// direnvSets reports whether a line of .envrc calls a function of direnv's own
// that sets a variable.
func direnvSets(text, name string) bool {
	words := strings.Fields(text)
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "dotenv", "dotenv_if_exists", "source_up", "source_up_if_exists":
		return true
	}
	if len(words) < 2 {
		return false
	}
	switch words[0] {
	case "PATH_add", "path_add":
		return name == "PATH"
	case "layout":
		return words[1] == "go" && (name == "GOPATH" || name == "PATH")
	case "env_vars_required":
		return false
	case "source_env", "source_env_if_exists", "use":
		return true
	}
	return false
}

// some reports whether hit holds for a line of a file.
func (t *tracer) some(file string, hit func(text string) bool) (found bool) {
	t.only(file, func(text string) bool {
		found = found || hit(text)
		return false
	})
	return found
}

// only returns the one line of a file for which hit holds; 0 if there are
// none or several.
func (t *tracer) only(file string, hit func(text string) bool) (line int) {
	data, err := t.w.Files.ReadFile(file)
	if err != nil {
		return 0
	}
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "#") || !hit(text) {
			continue
		}
		if line != 0 {
			return 0
		}
		line = n
	}
	return line
}
