package observe

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// goFiles returns the layers below a process environment: the GOENV file, the
// go.env of its GOROOT, and the defaults that the go command computes.
func goFiles(w *world.World, vars map[string]string, tool model.Toolchain) (layers []model.Layer) {
	goenv := model.Layer{Kind: model.LayerGOENV, File: goenvFile(w, vars)}
	goenv.Vars, _ = readGoEnv(w, goenv.File)
	layers = []model.Layer{goenv}
	if tool.Version != "" { // else there is no Go whose defaults could be known
		goroot := model.Layer{Kind: model.LayerGoroot, File: filepath.Join(tool.GOROOT, "go.env")}
		goroot.Vars, _ = readGoEnv(w, goroot.File)
		layers = append(layers, goroot)
	}
	return append(layers, defaults(w, vars, layers, tool))
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

// envFileOf looks at the file that "go env -w" writes for a go command started
// with vars, whether go reads it or not. Its name is "" if there is no such
// file; the fault is that we cannot read what go may well read.
func envFileOf(w *world.World, vars map[string]string) (f model.EnvFile, fault *model.Fault) {
	f.File, f.Off = goenvFile(w, vars), vars["GOENV"] == "off"
	if f.Off {
		written := maps.Clone(vars)
		delete(written, "GOENV")
		f.File = goenvFile(w, written)
	}
	if f.File == "" {
		return f, nil
	}
	data, err := w.Files.ReadFile(f.File)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	f.Exists = true
	if err != nil {
		info, statErr := w.Files.Stat(f.File)
		if isDir := statErr == nil && info.IsDir(); isDir {
			f.Why = "it is a directory"
		} else if errors.Is(err, fs.ErrPermission) {
			f.Why = reason(err)
		} else if !f.Off {
			fault = &model.Fault{
				Subject:  "GOENV file",
				Location: &model.Location{File: f.File},
				Text:     fmt.Sprintf("The GOENV file %s is not read here (%s), so what go takes from it is not known; make it an ordinary, small file.", f.File, reason(err)),
			}
		}
		return f, fault
	}
	set, _ := readGoEnv(w, f.File)
	f.Set = slices.Sorted(maps.Keys(set))
	f.Odd = oddLines(string(data))
	return f, nil
}

// readGoEnv reads a file in the format of "go env -w" as the go command does:
// only lines that begin with an upper-case letter and have a "=" count,
// nothing is trimmed or unquoted, and the last line of a name wins. A file that
// cannot be read counts as empty; err then says why.
func readGoEnv(w *world.World, file string) (map[string]model.Assignment, error) {
	if file == "" {
		return nil, nil
	}
	data, err := w.Files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	vars := map[string]model.Assignment{}
	for i, line := range bytes.Split(data, []byte("\n")) {
		name, value, ok := strings.Cut(string(line), "=")
		if !ok || line[0] < 'A' || 'Z' < line[0] || name == "GOENV" {
			continue // go looks for GOENV in the process environment only
		}
		vars[name] = model.Assignment{Value: model.NewValue(value), File: file, Line: i + 1}
	}
	return vars, nil
}

// oddLines finds the lines that look like an assignment to a Go variable and
// that go ignores or reads differently from what they look like.
func oddLines(text string) (odd []model.EnvLine) {
	for i, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")), "export "), "=")
		if name = strings.TrimSpace(name); !ok || !model.IsGoVariable(strings.ToUpper(name)) {
			continue
		}
		kind := ""
		switch {
		case !strings.HasPrefix(line, name+"=") || name != strings.ToUpper(name):
			kind = model.EnvLineIgnored
		case strings.HasSuffix(line, "\r"):
			kind = model.EnvLineReturn
		case quoted(value) && !splitsQuotes[name]:
			kind = model.EnvLineQuoted
		default:
			continue
		}
		odd = append(odd, model.EnvLine{Line: i + 1, Variable: strings.ToUpper(name), Kind: kind})
	}
	return odd
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
