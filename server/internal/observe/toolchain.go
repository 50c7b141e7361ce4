package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// toolchain finds the Go that an environment resolves "go" to. Files tell as
// a rule; a command runs only where "go" is a version manager's shim, and
// only if run is true.
func toolchain(ctx context.Context, w *world.World, name model.EnvName, vars map[string]string, run bool) model.Toolchain {
	t := model.Toolchain{Env: name, Go: w.LookPath(vars["PATH"], "go")}
	if t.Go == "" {
		t.Why = "no go command on PATH; install Go or correct PATH"
		if t.GOROOT = vars["GOROOT"]; t.GOROOT != "" {
			t.Version = gorootVersion(w, t.GOROOT)
		}
		return t
	}
	if root := vars["GOROOT"]; root != "" {
		t.GOROOT = filepath.Clean(root)
	} else if real, err := w.Files.EvalSymlinks(t.Go); err == nil {
		if root := filepath.Dir(filepath.Dir(real)); gorootVersion(w, root) != "" {
			t.GOROOT = root
		}
	}
	if gorootVersion(w, t.GOROOT) == "" && run { // a shim, a Go without VERSION, or no Go at all
		res, err := w.Exec.Run(ctx, world.Command{Path: t.Go, Args: []string{"env", "-json", "GOROOT", "GOVERSION"}, Dir: w.Dir, Env: world.Environ(vars)})
		var out struct{ GOROOT, GOVERSION string }
		if err == nil && res.Code == 0 && json.Unmarshal(res.Stdout, &out) == nil {
			t.GOROOT, t.Version = out.GOROOT, out.GOVERSION
		}
	}
	if t.Version == "" {
		t.Version = gorootVersion(w, t.GOROOT)
	}
	if t.Version == "" {
		t.Why = fmt.Sprintf("a go command, %s, that does not say which Go it is", t.Go)
		if vars["GOROOT"] != "" {
			t.Why = fmt.Sprintf("GOROOT set to %s, where there is no Go; unset GOROOT or correct it", vars["GOROOT"])
		}
	}
	return t
}

// gorootVersion is the first line of GOROOT/VERSION; "" if dir is no GOROOT.
func gorootVersion(w *world.World, dir string) string {
	if dir == "" {
		return ""
	}
	data, err := w.Files.ReadFile(filepath.Join(dir, "VERSION"))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(line)
}

// toolchains completes what every environment resolves: its tools, and the
// toolchain that really runs in the workspace folder. It needs the complete
// environments.
func (o *observer) toolchains() {
	f := &finder{o, o.in.Memory, map[[2]string]string{}}
	for i := range o.s.Toolchain {
		t := &o.s.Toolchain[i]
		env, _ := o.s.Env(t.Env)
		t.Host = f.host(t.Go)
		t.Tools = f.tools(env, *t)
		f.selectToolchain(env, t)
		t.Release = f.release(env, *t)
	}
	if ext := o.s.Extension; ext != nil && filepath.IsAbs(ext.GoPath) {
		known := *ext
		known.Go = model.Tool{Name: "go", Path: ext.GoPath, Target: ext.GoPath}
		if target, err := o.w.Files.EvalSymlinks(ext.GoPath); err == nil {
			known.Go.Target = target
		}
		f.describe(&known.Go, nil, model.Toolchain{})
		o.s.Extension = &known
	}
}

// host tells for what a go command builds unless it is told otherwise: for
// what it was built itself.
func (f *finder) host(file string) string {
	target, err := f.w.Files.EvalSymlinks(file)
	if file == "" || err != nil {
		return ""
	}
	build := f.memory.look(f.w, target, nil).build
	if build == nil || build.Path != "cmd/go" {
		return ""
	}
	settings := map[string]string{}
	for _, s := range build.Settings {
		settings[s.Key] = s.Value
	}
	if settings["GOOS"] == "" || settings["GOARCH"] == "" {
		return ""
	}
	return settings["GOOS"] + "/" + settings["GOARCH"]
}

// selectToolchain tells which toolchain works in the workspace folder, as
// cmd/go/internal/toolchain.Select decides.
func (f *finder) selectToolchain(env model.Env, t *model.Toolchain) {
	local := t.Tool("go").Version
	if local == "" || !version.IsValid(local) {
		return
	}
	t.Selected = local
	value := env.Lookup("GOTOOLCHAIN").Value.Reveal()
	switch {
	case env.Lookup("GO111MODULE").Value.Reveal() == "off":
		t.SelectedWhy = "GO111MODULE is off, so go does not look for another toolchain"
		return
	case value == "":
		t.SelectedWhy = "GOTOOLCHAIN is not set, not even in GOROOT/go.env, so go does not look for another toolchain"
		return
	}
	least, mode, plus := strings.Cut(value, "+")
	if value == "auto" || value == "path" {
		least, mode = "local", value
	}
	want, why := local, ""
	if least != "local" {
		if toolchainVersion(least) == "" {
			problem := ""
			if plus {
				problem = fmt.Sprintf(": invalid minimum toolchain %q", least)
			}
			t.Selected, t.SelectedWhy, t.Refusal = "", "go refuses the value of GOTOOLCHAIN", fmt.Sprintf("invalid GOTOOLCHAIN %q%s", value, problem)
			return
		}
		want, why = least, "GOTOOLCHAIN names it"
	}
	if plus && mode != "auto" && mode != "path" {
		t.Selected, t.SelectedWhy, t.Refusal = "", "go refuses the value of GOTOOLCHAIN", fmt.Sprintf("invalid GOTOOLCHAIN %q: only version suffixes are +auto and +path", value)
		return
	}
	file, goLine, toolchainLine := f.demands(env)
	name := filepath.Base(file)
	needed := "go" + goLine
	switch {
	case mode == "" || toolchainLine == "default":
	case toolchainLine != "" && toolchainVersion(toolchainLine) == "":
		if rel, err := filepath.Rel(f.in.Dir, file); err == nil && len(rel) < len(file) {
			file = rel
		}
		t.Selected, t.SelectedWhy, t.Refusal = "", "go refuses the toolchain line of "+name, fmt.Sprintf("invalid toolchain %q in %s", toolchainLine, file)
		return
	default:
		if toolchainLine != "" && version.Compare(toolchainVersion(toolchainLine), toolchainVersion(want)) > 0 {
			want, why = toolchainLine, "the toolchain line of "+name+" asks for it"
		}
		if goLine != "" && version.Compare(needed, toolchainVersion(want)) > 0 {
			want, why = needed, "the go line of "+name+" asks for it"
			if version.Lang(needed) == needed && version.Compare(needed, "go1.21") >= 0 {
				want += ".0" // since Go 1.21 a first release has a patch number
			}
		}
	}
	t.Selected, t.SelectedWhy = want, why
	if want != local {
		t.SelectedWhy += f.supply(env, t, mode)
	} else if goLine != "" && version.Compare(needed, local) > 0 {
		t.SelectedWhy = "GOTOOLCHAIN keeps it although " + name + " asks for a newer Go, so commands in the module fail"
	}
}

// supply tells where go takes the selected toolchain from, if that may fail.
func (f *finder) supply(env model.Env, t *model.Toolchain, mode string) string {
	if f.lookPath(env.Process()["PATH"], t.Selected) != "" {
		return ""
	}
	if mode == "path" {
		t.Refusal = fmt.Sprintf("cannot find %q in PATH", t.Selected)
		return "; PATH does not have it, so go fails"
	}
	// Where it is not known what the go command was built for, a toolchain for
	// any platform may be the one.
	at := toolchainDir(env, t.Host, t.Selected)
	entries, err := f.w.Files.ReadDir(filepath.Dir(at))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	for _, e := range entries {
		if e.Name() == filepath.Base(at) || t.Host == "" && strings.HasPrefix(e.Name(), filepath.Base(at)) {
			return ""
		}
	}
	t.Fetched = true
	return "; it is not on this machine, so go has to download it"
}

// toolchainVersion is cmd/go/internal/gover.FromToolchain, with "go" in front:
// the version that the name of a toolchain stands for; "" if it is no name.
func toolchainVersion(name string) string {
	if !strings.HasPrefix(name, "go1") || strings.ContainsAny(name, `\/`) {
		return ""
	}
	if i := strings.IndexAny(name, " \t-"); i >= 0 {
		name = name[:i]
	}
	if !version.IsValid(name) {
		return ""
	}
	return name
}

// demands returns the go and toolchain lines that count in the workspace
// folder, and the file they stand in: go.work if there is one, else go.mod.
func (f *finder) demands(env model.Env) (file, goLine, toolchainLine string) {
	switch gowork := env.Lookup("GOWORK").Value.Reveal(); gowork {
	case "", "auto":
		file = nearest(f.w, f.in.Dir, "go.work")
	case "off":
	default:
		file = gowork
	}
	data, err := []byte(nil), fs.ErrNotExist
	if file != "" {
		data, err = f.w.Files.ReadFile(file)
	}
	if err != nil {
		if file = nearest(f.w, f.in.Dir, "go.mod"); file == "" {
			return "", "", ""
		}
		if data, err = f.w.Files.ReadFile(file); err != nil {
			return file, "", ""
		}
	}
	return file, directive(data, "go"), directive(data, "toolchain")
}

// directive finds the argument of a directive as go does before it parses the
// file, so that a file of a later Go is no obstacle.
func directive(data []byte, name string) string {
	for line := range strings.SplitSeq(string(data), "\n") {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), name)
		if ok && rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
			rest, _, _ = strings.Cut(rest, "//")
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
