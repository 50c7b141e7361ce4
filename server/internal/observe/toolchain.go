package observe

import (
	"context"
	"encoding/json"
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
	memory := o.in.Memory
	if memory == nil {
		memory = &Memory{}
	}
	f := &finder{o, memory, map[[2]string]string{}}
	for i := range o.s.Toolchain {
		t := &o.s.Toolchain[i]
		env, _ := o.s.Env(t.Env)
		t.Host = f.host(t.Go)
		t.Tools = f.tools(env, *t)
		f.selectToolchain(env, t)
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
		if toolchainVersion(least) == "" || plus && mode != "auto" && mode != "path" {
			t.Selected, t.SelectedWhy = "", "go refuses the value of GOTOOLCHAIN"
			return
		}
		want, why = least, "GOTOOLCHAIN names it"
	} else if plus && mode != "auto" && mode != "path" {
		t.Selected, t.SelectedWhy = "", "go refuses the value of GOTOOLCHAIN"
		return
	}
	file, goLine, toolchainLine := f.demands(env)
	name := filepath.Base(file)
	needed := "go" + goLine
	switch {
	case mode == "" || toolchainLine == "default":
	case toolchainLine != "" && toolchainVersion(toolchainLine) == "":
		t.Selected, t.SelectedWhy = "", "go refuses the toolchain line of "+name
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
		t.SelectedWhy += f.supply(env, t.Host, want, mode)
	} else if goLine != "" && version.Compare(needed, local) > 0 {
		t.SelectedWhy = "GOTOOLCHAIN keeps it although " + name + " asks for a newer Go, so commands in the module fail"
	}
}

// supply tells where go takes a toolchain from that it is to hand over to, if
// that may fail.
func (f *finder) supply(env model.Env, host, toolchain, mode string) string {
	if f.lookPath(env.Process()["PATH"], toolchain) != "" {
		return ""
	}
	if mode == "path" {
		return "; PATH does not have it, so go fails"
	}
	goos, goarch, _ := strings.Cut(host, "/")
	dir := filepath.Join(env.Lookup("GOMODCACHE").Value.Reveal(), "golang.org", "toolchain@v0.0.1-"+toolchain+"."+goos+"-"+goarch)
	if _, err := f.w.Files.Stat(dir); err == nil || host == "" {
		return ""
	}
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
