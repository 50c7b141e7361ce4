// Package observe turns the world into the facts of a snapshot: one file per
// layer or subject. It knows where values come from; it must not know which of
// them are wrong.
package observe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/shell"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Input is what a snapshot is taken from, beside what the world shows.
type Input struct {
	Number  int
	Reason  string
	Dir     string   // absolute path of the workspace folder
	Folders []string // every folder of the workspace; nil means Dir alone
	Trusted bool     // false: execute nothing

	// Captured environments replace the observed ones.
	Captured map[model.EnvName]map[string]string
	// GoplsEnv and GoplsFlags are captured options of gopls, build.env and
	// build.buildFlags, over the captured environment of gopls.
	GoplsEnv   map[string]string
	GoplsFlags []string
	// Views and Gopls are captured too: what gopls said, and the gopls that
	// showed the problems, instead of one that is found. GoplsWhy says how its
	// captured environment is known; "" means that it was simply captured.
	Views    []model.GoplsView
	Gopls    *model.GoplsProcess
	GoplsWhy string
	// Editor is nil on the command line; our own environment is then the one
	// the user builds with.
	Editor *EditorInput
	// StartUp is what a new shell of the user's makes of its start-up files,
	// without an editor: it only tells which lines the values come from.
	StartUp shell.Answer

	Problems []model.Problem
	Dirty    []string
	Overlays map[string]string // the texts of dirty documents, as far as they are known

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
	Shell     shell.Answer        // of the shell in the workspace folder
	ShellHome shell.Answer        // of the shell in the home directory
	Views     []model.GoplsView   // what gopls.views answered; nil if it was not asked
	Loads     []model.GoplsModule // what gopls.modules answered
	// Logged is what the log of gopls says of its environment since a time, the
	// newest; nil if nobody reads logs. It is asked only where no process tells.
	Logged func(since time.Time) (model.Env, bool)
	// OwnGopls says that the problems are those of a gopls of our own, run with what
	// the editor would give its gopls if it has none.
	OwnGopls bool
}

// Take observes everything and returns the snapshot. Within one snapshot every
// file is read once, so that environments that share a file agree on it even
// while somebody writes it.
func Take(ctx context.Context, w *world.World, in Input) *model.Snapshot {
	still := *w
	still.Files = &readOnce{Files: w.Files, read: map[string]content{}}
	w = &still
	s := &model.Snapshot{
		Number: in.Number, Reason: in.Reason, Taken: w.Clock.Now(), Dir: in.Dir, Folders: in.Folders, Trusted: in.Trusted, GOOS: w.GOOS,
		Problems: in.Problems, Dirty: in.Dirty, Overlays: in.Overlays, Views: in.Views,
	}
	if len(s.Folders) == 0 {
		s.Folders = []string{in.Dir}
	}
	s.Repository = repository(w, in.Dir)
	if in.Memory == nil {
		in.Memory = &Memory{}
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
	} else {
		s.StartUp = startUpFiles(in.StartUp)
		if _, captured := in.Captured[model.EnvGopls]; !captured && in.Trusted {
			o.running()
		}
		if _, captured := in.Captured[model.EnvShell]; !captured {
			o.process(model.EnvShell, keep(w.Environ), "the environment gophantom was started with")
		}
	}
	if in.Gopls != nil {
		s.Gopls = []model.GoplsProcess{*in.Gopls}
	}
	for _, name := range model.EnvNames {
		if _, there := s.Env(name); !there {
			o.captured(name)
		}
	}
	s.Contract = contract(w, s)
	o.modules()
	// A module cache takes a few looks for each requirement, and most of the
	// time of the rest is waiting for git.
	caches := make(chan []model.ModuleCache, 1)
	go func(envs []model.Env) { caches <- moduleCaches(w, envs, s.Modules, s.Work) }(s.Envs)
	o.toolchains()
	o.places()
	o.credentials()
	o.gits()
	s.Caches = <-caches
	return s
}

// readOnce answers every ReadFile of a name as the first one. It may be used from
// several goroutines.
type readOnce struct {
	world.Files
	mu   sync.Mutex
	read map[string]content
}

type content struct {
	data []byte
	err  error
}

func (f *readOnce) ReadFile(name string) ([]byte, error) {
	f.mu.Lock()
	c, ok := f.read[name]
	f.mu.Unlock()
	if ok {
		return c.data, c.err
	}
	c.data, c.err = f.Files.ReadFile(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if first, ok := f.read[name]; ok {
		return first.data, first.err
	}
	f.read[name] = c
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
		env.Why = cmp.Or(o.in.GoplsWhy, why)
		overlay := assignments(o.in.GoplsEnv)
		env.Layers = []model.Layer{o.withFlags(model.Layer{Kind: model.LayerGoplsSettings, Vars: overlay}, vars, buildFlags{list: o.in.GoplsFlags, note: "with the build flags of gopls"})}
	}
	o.add(env, vars)
	return true
}

// process adds an environment that is a process environment over go's files.
func (o *observer) process(name model.EnvName, vars map[string]string, why string) {
	layer := model.Layer{Kind: model.LayerProcess, Vars: assignments(vars)}
	o.likeShell(layer)
	o.resolve(model.Env{Name: name, Complete: true, Why: why, Layers: []model.Layer{layer}})
}

// add adds env, whose layers above the process are set already, with the
// process layer and what lies below.
func (o *observer) add(env model.Env, vars map[string]string) {
	env.Layers = append(env.Layers, model.Layer{Kind: model.LayerProcess, Vars: assignments(vars)})
	o.resolve(env)
}

// resolve adds env, which has all layers that make its process environment,
// with what lies below them.
func (o *observer) resolve(env model.Env) {
	env.Layers = oneName(o.w, env.Layers)
	merged := env.Process()
	tool := toolchain(o.ctx, o.w, env.Name, merged, o.in.Trusted)
	env.Layers = append(env.Layers, goFiles(o.w, merged, tool)...)
	o.s.Envs = append(o.s.Envs, env)
	o.s.Toolchain = append(o.s.Toolchain, tool)
	file, fault := envFileOf(o.w, merged)
	if fault != nil {
		o.fault(*fault)
	}
	if file.File != "" && env.Complete {
		file.Env = env.Name
		o.s.EnvFiles = append(o.s.EnvFiles, file)
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

func (o *observer) modules() {
	var gowork model.Setting
	for _, name := range []model.EnvName{model.EnvShell, model.EnvGopls, model.EnvTools, model.EnvEditor} {
		if env, ok := o.s.Env(name); ok && env.Complete {
			gowork = env.Lookup("GOWORK")
			break
		}
	}
	var faults []model.Fault
	o.s.Modules, o.s.Work, o.s.Dormant, faults = modules(o.w, o.in.Dir, gowork)
	if len(o.s.Modules) == 0 && o.s.Work == nil {
		o.s.Stray = stray(o.w, o.in.Dir)
	}
	for _, f := range faults {
		o.fault(f)
	}
	o.s.Replacing = replacing(o.w, o.s.Modules, o.s.Work)
}
