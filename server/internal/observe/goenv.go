package observe

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// goFiles returns the layers below a process environment: the GOENV file, the
// go.env of its GOROOT, and the defaults that the go command computes.
func goFiles(w *world.World, vars map[string]string, tool model.Toolchain) (layers []model.Layer, faults []model.Fault) {
	goenv := model.Layer{Kind: model.LayerGOENV, File: goenvFile(w, vars)}
	if goenv.File != "" {
		var fault *model.Fault
		goenv.Vars, fault = readGoEnv(w, goenv.File)
		if fault != nil {
			faults = append(faults, *fault)
		}
	}
	layers = []model.Layer{goenv}
	if tool.Version != "" { // else there is no Go whose defaults could be known
		goroot := model.Layer{Kind: model.LayerGoroot, File: filepath.Join(tool.GOROOT, "go.env")}
		goroot.Vars, _ = readGoEnv(w, goroot.File)
		layers = append(layers, goroot)
	}
	return append(layers, defaults(w, vars, layers, tool)), faults
}

// goenvFile is the path of the GOENV file that a go command started with vars
// would read; "" if it would read none.
func goenvFile(w *world.World, vars map[string]string) string {
	switch file := vars["GOENV"]; {
	case file == "off":
		return ""
	case file != "" && filepath.IsAbs(file):
		return file
	case file != "":
		return filepath.Join(w.Dir, file)
	}
	if dir := userConfigDir(w.GOOS, vars); dir != "" {
		return filepath.Join(dir, "go", "env")
	}
	return ""
}

// userConfigDir is os.UserConfigDir for the given variables; "" where that
// function fails.
func userConfigDir(goos string, vars map[string]string) string {
	switch goos {
	case "windows":
		return vars["APPDATA"]
	case "darwin", "ios":
		if home := vars["HOME"]; home != "" {
			return filepath.Join(home, "Library", "Application Support")
		}
		return ""
	}
	if dir := vars["XDG_CONFIG_HOME"]; dir != "" {
		if !filepath.IsAbs(dir) {
			return ""
		}
		return dir
	}
	if home := vars["HOME"]; home != "" {
		return filepath.Join(home, ".config")
	}
	return ""
}

// readGoEnv reads a file in the format of "go env -w" as the go command does:
// only lines that begin with an upper-case letter and have a "=" count,
// nothing is trimmed or unquoted, and the last line of a name wins. A missing
// file is no fault; go ignores an unreadable one, which is worth a word.
func readGoEnv(w *world.World, file string) (map[string]model.Assignment, *model.Fault) {
	data, err := w.Files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		text := fmt.Sprintf("The GOENV file %s cannot be read (%s), so go ignores it; make it a readable file.", file, reason(err))
		if info, statErr := w.Files.Stat(file); statErr == nil && !info.IsDir() && !errors.Is(err, fs.ErrPermission) {
			text = fmt.Sprintf("The GOENV file %s is not read here (%s), so what go takes from it is not known; make it an ordinary, small file.", file, reason(err))
		}
		return nil, &model.Fault{
			Subject:  "GOENV file",
			Location: &model.Location{File: file},
			Text:     text,
		}
	}
	vars := map[string]model.Assignment{}
	for i, line := range bytes.Split(data, []byte("\n")) {
		name, value, ok := strings.Cut(string(line), "=")
		if !ok || line[0] < 'A' || 'Z' < line[0] || name == "GOENV" {
			continue // go looks for GOENV in the process environment only
		}
		vars[name] = model.Assignment{Value: model.NewValue(value), File: file, Line: i + 1}
	}
	return vars, oddLine(file, data)
}

// oddLine finds the first line that looks like an assignment to a Go variable
// and that go ignores or reads differently from what it looks like.
func oddLine(file string, data []byte) *model.Fault {
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")), "export "), "=")
		if name = strings.TrimSpace(name); !ok || !model.IsGoVariable(strings.ToUpper(name)) {
			continue
		}
		proper := strings.HasPrefix(line, name+"=") && name == strings.ToUpper(name)
		var what string
		switch {
		case !proper:
			what = fmt.Sprintf("go ignores it, because a line must read %s=value, with nothing before the name and no space around it", strings.ToUpper(name))
		case strings.HasSuffix(line, "\r"):
			what = "it ends with a carriage return, which go takes as part of the value; save the file with LF line ends"
		case quoted(value) && !splitsQuotes[name]:
			what = fmt.Sprintf("go takes the quotes as part of the value of %s; remove them", name)
		default:
			continue
		}
		return &model.Fault{
			Subject:  "GOENV file",
			Location: &model.Location{File: file, Range: model.Range{Start: model.Position{Line: i}, End: model.Position{Line: i + 1}}},
			Text:     fmt.Sprintf("Line %d of the GOENV file %s does not say what it seems to: %s.", i+1, file, what),
		}
	}
	return nil
}

// splitsQuotes are the variables in which go understands quotes.
var splitsQuotes = map[string]bool{
	"GOFLAGS": true, "CC": true, "CXX": true, "FC": true, "AR": true, "GCCGO": true, "GOGCCFLAGS": true, "PKG_CONFIG": true, "GOCACHEPROG": true, "GOAUTH": true,
	"CGO_CFLAGS": true, "CGO_CPPFLAGS": true, "CGO_CXXFLAGS": true, "CGO_FFLAGS": true, "CGO_LDFLAGS": true,
}

func quoted(value string) bool {
	return len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0]
}

// defaults computes what the go command uses where nothing is set.
func defaults(w *world.World, vars map[string]string, files []model.Layer, tool model.Toolchain) model.Layer {
	layer := model.Layer{Kind: model.LayerDefault, Vars: map[string]model.Assignment{}}
	set := func(name, value string) {
		if value != "" {
			layer.Vars[name] = model.Assignment{Value: model.NewValue(value)}
		}
	}
	set("GOROOT", tool.GOROOT)
	home := vars["HOME"]
	if w.GOOS == "windows" {
		home = vars["USERPROFILE"]
	}
	if home != "" && filepath.Join(home, "go") != filepath.Clean(tool.GOROOT) {
		set("GOPATH", filepath.Join(home, "go"))
	}
	process := model.Layer{Kind: model.LayerProcess, Vars: assignments(vars)}
	upper := model.Env{Layers: append([]model.Layer{process}, append(files[:len(files):len(files)], layer)...)}
	if first, _, _ := strings.Cut(upper.Lookup("GOPATH").Value.Reveal(), string(filepath.ListSeparator)); first != "" {
		set("GOMODCACHE", filepath.Join(first, "pkg", "mod"))
	}
	return layer
}

// reason is the part of a file error that is worth showing.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.Is(err, fs.ErrNotExist):
		return "it does not exist"
	case errors.Is(err, world.ErrTooLarge):
		return fmt.Sprintf("it is larger than %d MiB", world.MaxFile>>20)
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
