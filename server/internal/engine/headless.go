package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/version"
	"maps"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/headless"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Headless says how to run a gopls without an editor.
type Headless struct {
	Program string        // absolute path of gopls; "" to find it as the Go extension does
	Online  bool          // let it use the network, as it would in the editor
	Timeout time.Duration // how long it may take; 0 means headless.DefaultTimeout
}

// Shown is what is to be said of a gopls that was run.
type Shown struct {
	Program    string // absolute path
	Version    string // such as "v0.23.0"; "" if unknown
	GoVersion  string // the Go that built it
	Env        model.EnvName
	Notes      []string // sentences for people: what was not looked at, what was undone
	Incomplete string   // one sentence: why what it showed may not be all; "" if it is. It may quote gopls.
}

// ErrNoGopls means that there is no gopls that could be asked.
var ErrNoGopls = errors.New("gopls could not be asked")

// Show runs a gopls without an editor, in the environment that gopls has or
// would have, and takes a snapshot with what it shows. That environment stays
// the one of the user: what we forbid our own gopls is not part of it.
//
// The environment is a captured one of gopls, of tools or of the editor, else
// that of a gopls that runs for the folder, else the one the user builds with.
// The error wraps ErrNoGopls, or is that of Observe.
func Show(ctx context.Context, w *world.World, req Request, how Headless) (*model.Snapshot, Shown, error) {
	before := req
	before.Facts, before.Probe, before.Logs = false, false, nil
	s, err := take(ctx, w, before, askStartUp(ctx, w, before))
	if err != nil {
		return nil, Shown{}, err
	}
	env, err := goplsEnvironment(s, req.Captured)
	if err != nil {
		return nil, Shown{}, fmt.Errorf("%w: %w; say which one is meant with --env gopls=FILE", ErrNoGopls, err)
	}
	shown := Shown{Program: how.Program, Env: env.Name}
	r, err := shown.run(ctx, w, s, env, headless.Options{Overlays: req.Overlays, GoplsEnv: req.GoplsEnv, BuildFlags: req.GoplsFlags, Timeout: how.Timeout}, how.Online)
	if err != nil {
		return nil, shown, err
	}
	req.Problems, req.Views = r.Problems, r.Views
	req.Gopls = &model.GoplsProcess{PID: r.PID, Exe: shown.Program, Version: r.Version, GoVersion: r.GoVersion, Started: r.Started, Dir: req.Dir}
	if env.Name != model.EnvGopls {
		req.Captured = maps.Clone(req.Captured)
		if req.Captured == nil {
			req.Captured = Captured{}
		}
		req.Captured[model.EnvGopls] = env.Process()
		req.GoplsWhy = fmt.Sprintf("gopls was run in the %s environment", env.Name)
	}
	s, err = Observe(ctx, w, req)
	return s, shown, err
}

// run runs gopls in an environment of a snapshot, and leaves the module files as
// they were. The error wraps ErrNoGopls.
func (shown *Shown) run(ctx context.Context, w *world.World, s *model.Snapshot, env model.Env, opt headless.Options, online bool) (headless.Result, error) {
	if shown.Program == "" {
		if shown.Program = findGopls(w, s, env); shown.Program == "" {
			return headless.Result{}, fmt.Errorf("%w: it was not found on the PATH of the %s environment, nor where “go install” puts it; install it with “go install golang.org/x/tools/gopls@latest”%s", ErrNoGopls, env.Name, orByFlag(s))
		}
	}
	opt.Program, opt.Env, opt.Dir = shown.Program, env.Process(), s.Dir
	if !online {
		forbidNetwork(&opt, env)
	}
	files := headless.GoFiles(w, s.Dir, build(s, env))
	if opt.Open = files.Open; files.Why != "" {
		shown.Notes = append(shown.Notes, files.Why+".")
	}
	kept := keepModuleFiles(w, s, files.Modules)
	r, err := headless.Run(ctx, w, opt)
	shown.Notes = append(shown.Notes, restore(w, kept)...)
	if err != nil {
		return r, fmt.Errorf("%w: %w", ErrNoGopls, err)
	}
	shown.Version, shown.GoVersion, shown.Incomplete = r.Version, r.GoVersion, r.Incomplete
	return r, nil
}

// orByFlag is what the command line offers beside.
func orByFlag(s *model.Snapshot) string {
	if s.Editor != nil {
		return ""
	}
	return ", or name it with --gopls"
}

// goplsEnvironment is the environment to run gopls in.
func goplsEnvironment(s *model.Snapshot, captured Captured) (model.Env, error) {
	for _, name := range []model.EnvName{model.EnvGopls, model.EnvTools, model.EnvEditor} {
		if _, given := captured[name]; given {
			env, _ := s.Env(name)
			return env, nil
		}
	}
	if env, there := s.Env(model.EnvGopls); there && env.Complete {
		return env, nil
	} else if there && len(s.Gopls) > 0 {
		return env, fmt.Errorf("the environment of gopls is not known (%s)", env.Why)
	}
	if editor, there := s.Env(model.EnvEditor); there && editor.Complete && s.Editor != nil {
		return editor, nil // an editor that starts a gopls now gives it this
	}
	env, there := s.Env(model.EnvShell)
	if !there || !env.Complete {
		return env, errors.New("no environment to run gopls in is known")
	}
	return env, nil
}

// findGopls returns the gopls of an environment: the one that runs, else the one
// that the Go extension would start.
func findGopls(w *world.World, s *model.Snapshot, env model.Env) string {
	if env.Name == model.EnvGopls && len(s.Gopls) > 0 {
		if exe := s.Gopls[0].Exe; filepath.IsAbs(exe) {
			if _, err := w.Files.Stat(exe); err == nil {
				return exe
			}
		}
	}
	for _, name := range []model.EnvName{env.Name, model.EnvTools, model.EnvEditor, model.EnvShell} {
		if t, ok := s.ToolchainOf(name); ok && t.Tool("gopls").Path != "" {
			return t.Tool("gopls").Path
		}
	}
	return ""
}

// build is what an environment builds for.
func build(s *model.Snapshot, env model.Env) (b headless.Build) {
	t, _ := s.ToolchainOf(env.Name)
	goos, goarch, _ := strings.Cut(cmp.Or(t.Host, runtime.GOOS+"/"+runtime.GOARCH), "/")
	b.GOOS, b.GOARCH = cmp.Or(env.Lookup("GOOS").Value.Reveal(), goos), cmp.Or(env.Lookup("GOARCH").Value.Reveal(), goarch)
	if minor, ok := strings.CutPrefix(version.Lang(cmp.Or(t.Selected, t.Version)), "go1."); ok {
		b.Release, _ = strconv.Atoi(minor)
	}
	for _, flag := range route.Flags(env.Lookup("GOFLAGS").Value.Reveal()) {
		if tags, ok := strings.CutPrefix(strings.TrimPrefix(flag, "-"), "-tags="); ok || strings.HasPrefix(flag, "-tags=") {
			b.Tags = strings.FieldsFunc(strings.TrimPrefix(tags, "-tags="), func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	return b
}

// forbidNetwork keeps gopls and what it runs from the network, as ground truth
// is kept from it. File proxies are no network: what go would take from them it
// may take.
func forbidNetwork(opt *headless.Options, env model.Env) {
	proxies := ""
	if env.Lookup("GONOPROXY").Value.Empty() && env.Lookup("GOPRIVATE").Value.Empty() {
		for _, e := range route.Entries(env.Lookup("GOPROXY").Value.Reveal()) {
			if e.Err != "" || !strings.HasPrefix(e.URL, "file:///") {
				break
			}
			proxies += e.URL + ","
		}
	}
	forbidden := map[string]string{
		"GOPROXY": proxies + "off", "GONOPROXY": "none", "GOVCS": "*:off", "GOSUMDB": "off", "GIT_TERMINAL_PROMPT": "0",
	}
	// The setting build.env lies over the environment.
	opt.GoplsEnv = maps.Clone(opt.GoplsEnv)
	if opt.GoplsEnv == nil {
		opt.GoplsEnv = map[string]string{}
	}
	maps.Copy(opt.Env, forbidden)
	maps.Copy(opt.GoplsEnv, forbidden)
}
