// Package observe turns the world into the facts of a snapshot: one file per
// layer or subject. It knows where values come from; it must not know which of
// them are wrong.
package observe

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/shell"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Input is what a snapshot is taken from, beside what the world shows.
type Input struct {
	Number  int
	Reason  string
	Dir     string // absolute path of the workspace folder
	Trusted bool   // false: execute nothing

	// Captured environments replace the observed ones.
	Captured map[model.EnvName]map[string]string
	// GoplsEnv and GoplsFlags are captured options of gopls, build.env and
	// build.buildFlags, over the captured environment of gopls.
	GoplsEnv   map[string]string
	GoplsFlags []string
	// Editor is nil on the command line; our own environment is then the one
	// the user builds with.
	Editor *EditorInput

	Problems []model.Problem
	Dirty    []string

	// Memory carries what was learned of executables over from earlier
	// snapshots; nil to learn anew.
	Memory *Memory
}

// EditorInput is what only an editor can tell.
type EditorInput struct {
	ClientPID int
	Env       map[string]string // the extension host's environment now; nil if it did not say
	Settings  []SettingsScope
	Extension *model.GoExtension
	Editor    model.Editor
	Shell     shell.Answer // of the shell in the workspace folder
	ShellHome shell.Answer // of the shell in the home directory
}

// Take observes everything and returns the snapshot. Within one snapshot every
// file is read once, so that environments that share a file agree on it even
// while somebody writes it.
func Take(ctx context.Context, w *world.World, in Input) *model.Snapshot {
	still := *w
	still.Files = &readOnce{Files: w.Files, read: map[string]content{}}
	w = &still
	s := &model.Snapshot{
		Number: in.Number, Reason: in.Reason, Taken: w.Clock.Now(), Dir: in.Dir, Trusted: in.Trusted,
		Problems: in.Problems, Dirty: in.Dirty,
	}
	o := &observer{ctx, w, in, s}
	if _, err := w.Files.Stat(in.Dir); err != nil {
		o.fault(model.Fault{
			Subject: "workspace", Hides: []string{"modules"},
			Text: fmt.Sprintf("The workspace folder %s cannot be looked at: %s.", in.Dir, reason(err)),
		})
	}
	if in.Editor != nil {
		o.editor()
	} else if _, captured := in.Captured[model.EnvShell]; !captured {
		o.process(model.EnvShell, keep(w.Environ), "the environment gophantom was started with")
	}
	for _, name := range model.EnvNames {
		if _, there := s.Env(name); !there {
			o.captured(name)
		}
	}
	o.modules()
	o.toolchains()
	return s
}

// readOnce answers every ReadFile of a name as the first one.
type readOnce struct {
	world.Files
	read map[string]content
}

type content struct {
	data []byte
	err  error
}

func (f *readOnce) ReadFile(name string) ([]byte, error) {
	c, ok := f.read[name]
	if !ok {
		c.data, c.err = f.Files.ReadFile(name)
		f.read[name] = c
	}
	return c.data, c.err
}

type observer struct {
	ctx context.Context
	w   *world.World
	in  Input
	s   *model.Snapshot
}

// complete fills a hand-written environment that has neither HOME nor PATH
// with our own, for no go command could run without them.
func complete(vars, own map[string]string) (map[string]string, string) {
	home, path := "HOME", "PATH"
	if vars[home] != "" || vars[path] != "" {
		return vars, "captured"
	}
	out := map[string]string{}
	for name, value := range own {
		if name == home || name == path || name == "XDG_CONFIG_HOME" || name == "USERPROFILE" || name == "APPDATA" {
			out[name] = value
		}
	}
	for name, value := range vars {
		out[name] = value
	}
	return out, "captured; HOME and PATH are those of gophantom itself"
}

// captured adds the environment that was given for the name, if one was.
func (o *observer) captured(name model.EnvName) bool {
	vars, ok := o.in.Captured[name]
	if !ok {
		return false
	}
	vars, why := complete(vars, keep(o.w.Environ))
	env := model.Env{Name: name, Complete: true, Why: why}
	if name == model.EnvGopls {
		overlay := assignments(o.in.GoplsEnv)
		env.Layers = []model.Layer{withFlags(model.Layer{Kind: model.LayerGoplsSettings, Vars: overlay}, vars, o.in.GoplsFlags)}
	}
	o.add(env, vars)
	return true
}

// process adds an environment that is a process environment over go's files.
func (o *observer) process(name model.EnvName, vars map[string]string, why string) {
	o.add(model.Env{Name: name, Complete: true, Why: why}, vars)
}

// add completes env, whose layers above the process are set already, with the
// process layer and what lies below.
func (o *observer) add(env model.Env, vars map[string]string) {
	env.Layers = append(env.Layers, model.Layer{Kind: model.LayerProcess, Vars: assignments(vars)})
	merged := env.Process()
	tool := toolchain(o.ctx, o.w, env.Name, merged, o.in.Trusted)
	below, faults := goFiles(o.w, merged, tool)
	env.Layers = append(env.Layers, below...)
	o.s.Envs = append(o.s.Envs, env)
	o.s.Toolchain = append(o.s.Toolchain, tool)
	for _, f := range faults {
		o.fault(f)
	}
}

// fault records a fault once, however many environments run into it.
func (o *observer) fault(f model.Fault) {
	if !slices.ContainsFunc(o.s.Faults, func(g model.Fault) bool { return g.Text == f.Text }) {
		o.s.Faults = append(o.s.Faults, f)
	}
}

// missing adds an environment that could not be observed.
func (o *observer) missing(name model.EnvName, why string) {
	o.s.Envs = append(o.s.Envs, model.Env{Name: name, Why: why})
}

func (o *observer) editor() {
	ed := o.in.Editor
	o.s.Editor, o.s.Extension = &ed.Editor, ed.Extension

	if o.captured(model.EnvEditorLaunch) {
	} else if launch, err := processEnviron(o.ctx, o.w, ed.ClientPID); err != nil {
		o.missing(model.EnvEditorLaunch, "the environment the editor was started with cannot be read")
	} else {
		o.process(model.EnvEditorLaunch, launch, "the environment the extension host was started with")
	}
	now, why := ed.Env, "the environment of the extension host now"
	if now == nil {
		now, why = keep(o.w.Environ), "the environment the editor started gophantom with"
	}
	if !o.captured(model.EnvEditor) {
		o.process(model.EnvEditor, now, why)
	}
	editor, _ := o.s.Env(model.EnvEditor)
	now = editor.Process()

	settings, faults := readSettings(o.w, ed.Settings)
	for _, f := range faults {
		o.fault(f)
	}
	if ed.Extension != nil {
		tools := model.Env{
			Name: model.EnvTools, Complete: true, Predicted: true, Why: "what the Go extension would start a tool with now (predicted)",
			Layers: toolsLayers(settings, now, o.in.Dir),
		}
		for _, f := range faults {
			if slices.Contains(f.Hides, string(model.EnvTools)) {
				tools.Complete, tools.Why = false, f.Text
			}
		}
		o.add(tools, now)
	}
	o.gopls(settings)
	o.shell()
}

func (o *observer) gopls(settings effectiveSettings) {
	if vars, ok := o.in.Captured[model.EnvGopls]; ok {
		vars, why := complete(vars, keep(o.w.Environ))
		o.add(model.Env{Name: model.EnvGopls, Complete: true, Why: why, Layers: []model.Layer{goplsLayer(settings)}}, vars)
		return
	}
	seen, faults := findGopls(o.ctx, o.w, o.in.Editor.ClientPID)
	for _, f := range faults {
		o.fault(f)
	}
	for _, g := range seen {
		o.s.Gopls = append(o.s.Gopls, g.GoplsProcess)
		if g.Replaced {
			o.fault(model.Fault{Subject: "gopls", Text: fmt.Sprintf("The binary of gopls was replaced since it started (process %d); restart it to run the new one.", g.PID)})
		}
	}
	switch {
	case len(seen) == 0:
		o.missing(model.EnvGopls, o.noGopls())
		return
	case seen[0].Shared:
		o.missing(model.EnvGopls, fmt.Sprintf("gopls (process %d) is a daemon shared with other editors, or forwards to one (-remote), so what it runs go with is not known", seen[0].PID))
		return
	case seen[0].Environ == nil:
		o.missing(model.EnvGopls, fmt.Sprintf("gopls runs (process %d), but its environment cannot be read", seen[0].PID))
		return
	}
	for _, other := range seen[1:] {
		if !sameGo(seen[0].Environ, other.Environ) {
			o.missing(model.EnvGopls, fmt.Sprintf("two gopls run in this editor (processes %d and %d) with different environments; stop one of them", seen[0].PID, other.PID))
			return
		}
	}
	o.add(model.Env{
		Name: model.EnvGopls, Complete: true, Why: fmt.Sprintf("the environment gopls was started with (process %d)", seen[0].PID),
		Layers: []model.Layer{goplsLayer(settings)},
	}, seen[0].Environ)
}

// noGopls says why no gopls may be running.
func (o *observer) noGopls() string {
	ext := o.in.Editor.Extension
	switch {
	case !o.in.Trusted:
		return "gopls is not running: the workspace is not trusted; trust it if you know where it comes from"
	case ext == nil && o.in.Editor.Env != nil:
		return "gopls is not running: the Go extension (golang.go) is not installed or is disabled; install or enable it"
	case ext != nil && !ext.UseLanguageServer:
		return "gopls is not running: it is switched off; set go.useLanguageServer to true"
	case ext != nil && !ext.Active:
		return "gopls is not running yet: the Go extension has not started; open a Go file"
	}
	return "gopls is not running; install it with “Go: Install/Update Tools”, or look into the output “gopls (server)” for why it ended"
}

// sameGo reports whether two environments agree on everything that go reads.
func sameGo(a, b map[string]string) bool {
	for _, pair := range [][2]map[string]string{{a, b}, {b, a}} {
		for name, value := range pair[0] {
			if (model.IsGoVariable(name) || name == "PATH") && pair[1][name] != value {
				return false
			}
		}
	}
	return true
}

func (o *observer) shell() {
	if o.captured(model.EnvShell) {
		return
	}
	sh := o.in.Editor.Shell
	switch {
	case !o.in.Trusted:
		o.missing(model.EnvShell, "the shell is not asked in a workspace that is not trusted")
	case !sh.Done:
		o.missing(model.EnvShell, "the shell has not answered yet")
	case sh.Vars == nil:
		o.missing(model.EnvShell, sh.Fault.Text)
		o.fault(*sh.Fault)
	default:
		if sh.Fault != nil {
			o.fault(*sh.Fault)
		}
		o.process(model.EnvShell, sh.Vars, "a login and interactive shell")
	}
}

func (o *observer) modules() {
	var gowork model.Setting
	for _, name := range []model.EnvName{model.EnvShell, model.EnvGopls, model.EnvTools, model.EnvEditor} {
		if env, ok := o.s.Env(name); ok && env.Complete {
			gowork = env.Lookup("GOWORK")
			break
		}
	}
	var faults []model.Fault
	o.s.Modules, o.s.Work, faults = modules(o.w, o.in.Dir, gowork)
	for _, f := range faults {
		o.fault(f)
	}
	for _, env := range o.s.Envs {
		dir := env.Lookup("GOMODCACHE").Value.Reveal()
		if !env.Complete || dir == "" || slices.ContainsFunc(o.s.Caches, func(c model.ModuleCache) bool { return c.Dir == dir }) {
			continue
		}
		o.s.Caches = append(o.s.Caches, moduleCache(o.w, dir, o.s.Modules, o.s.Work))
	}
}

// withFlags adds build flags of gopls to its overlay. gopls puts them on the
// command line of go, which has the effect of GOFLAGS with the flags behind.
func withFlags(overlay model.Layer, process map[string]string, flags []string) model.Layer {
	if len(flags) == 0 {
		return overlay
	}
	all := process["GOFLAGS"]
	if a, ok := overlay.Vars["GOFLAGS"]; ok {
		all = a.Value.Reveal()
	}
	for _, flag := range flags {
		if strings.ContainsAny(flag, " \t\"'") {
			flag = "'" + flag + "'"
		}
		all = strings.TrimSpace(all + " " + flag)
	}
	vars := make(map[string]model.Assignment, len(overlay.Vars)+1)
	maps.Copy(vars, overlay.Vars)
	vars["GOFLAGS"] = model.Assignment{Value: model.NewValue(all), Note: "with the build flags of gopls"}
	overlay.Vars = vars
	return overlay
}

// WatchList names the files whose change makes a snapshot old.
func WatchList(s *model.Snapshot, scopes []SettingsScope) []string {
	var files []string
	add := func(file string) {
		if file != "" && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	for _, env := range s.Envs {
		for _, l := range env.Layers {
			if l.Kind == model.LayerGOENV || l.Kind == model.LayerGoroot {
				add(l.File)
			}
		}
	}
	for _, scope := range scopes {
		add(scope.File)
	}
	add(filepath.Join(s.Dir, "go.mod"))
	add(filepath.Join(s.Dir, "go.work"))
	for _, m := range s.Modules {
		dir := filepath.Dir(m.File)
		add(m.File)
		add(filepath.Join(dir, "go.sum"))
		add(filepath.Join(dir, "vendor", "modules.txt"))
	}
	if s.Work != nil {
		add(s.Work.File)
	}
	for _, c := range s.Caches {
		for _, file := range arrivals(c) {
			add(file)
		}
	}
	return files
}
