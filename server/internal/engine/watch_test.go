package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// watched is a workspace under engine.Watch, in a real directory.
type watched struct {
	t     *testing.T
	w     *world.World
	dir   string
	goenv string
	looks chan engine.Change
	end   func() error
}

// newWatched starts to watch and takes the first look.
func newWatched(t *testing.T, change func(*world.World)) (*watched, engine.Change) {
	t.Helper()
	lab := worldtest.NewLab(t)
	v := &watched{t: t, w: world.Real(), looks: make(chan engine.Change), dir: filepath.Join(lab.Home, "ws"), goenv: filepath.Join(lab.Home, "goenv")}
	v.write(filepath.Join(v.dir, "go.mod"), "module example.com/a\n\ngo 1.24\n")
	v.write(v.goenv, "GOPROXY=off\n")
	v.w.Environ = nil
	for name, value := range lab.With("GOENV=" + v.goenv) {
		v.w.Environ = append(v.w.Environ, name+"="+value)
	}
	v.w.Clock = &hurried{start: time.Now()}
	if change != nil {
		change(v.w)
	}
	if m, ok := v.w.Processes.(*mortal); ok {
		m.dir = v.dir
	}
	_, startUp := v.w.Exec.(*shells)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- engine.Watch(ctx, v.w, engine.Request{Dir: v.dir, StartUp: startUp}, func(c engine.Change) {
			select {
			case v.looks <- c:
			case <-ctx.Done():
			}
		})
	}()
	v.end = func() error { cancel(); return <-ended }
	t.Cleanup(func() { cancel() })
	return v, v.next()
}

func (v *watched) next() engine.Change {
	v.t.Helper()
	select {
	case c := <-v.looks:
		return c
	case <-time.After(20 * time.Second):
		v.t.Fatal("no look came")
		panic("unreachable")
	}
}

// until is the first look that fits: tools write a file in several steps.
func (v *watched) until(fits func(engine.Change) bool) engine.Change {
	v.t.Helper()
	for {
		if c := v.next(); fits(c) {
			return c
		}
	}
}

func (v *watched) write(file, text string) {
	v.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		v.t.Fatal(err)
	}
}

func proxyOf(c engine.Change) string {
	env, _ := c.Snapshot.Env(model.EnvShell)
	return env.Lookup("GOPROXY").Value.Reveal()
}

func TestWatchLooksAgainWhenAFileChanges(t *testing.T) {
	v, first := newWatched(t, nil)
	if first.Snapshot.Number != 1 || proxyOf(first) != "off" {
		t.Fatalf("the first look is #%d and sees GOPROXY=%s", first.Snapshot.Number, proxyOf(first))
	}
	v.write(v.goenv, "GOPROXY=https://proxy.example\n")
	second := v.until(func(c engine.Change) bool { return proxyOf(c) == "https://proxy.example" })
	if !slices.Contains(second.Files, v.goenv) || !strings.Contains(second.Snapshot.Reason, v.goenv+" changed") {
		t.Errorf("it does not say what changed: %q, %q", second.Files, second.Snapshot.Reason)
	}
	if second.Snapshot.Number <= first.Snapshot.Number {
		t.Errorf("the look after #%d is #%d", first.Snapshot.Number, second.Snapshot.Number)
	}
	if err := v.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

// shells counts the shells that are started.
type shells struct {
	world.Exec
	started atomic.Int32
}

func (s *shells) Run(ctx context.Context, c world.Command) (world.Result, error) {
	if filepath.Base(c.Path) == "sh" {
		s.started.Add(1)
	}
	return s.Exec.Run(ctx, c)
}

// TestWatchAsksTheShellAnewOnlyForStartUpFiles: a start-up file may take long.
func TestWatchAsksTheShellAnewOnlyForStartUpFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sh on Windows")
	}
	counted := &shells{Exec: world.Real().Exec}
	profile := ""
	v, _ := newWatched(t, func(w *world.World) {
		w.Exec = counted
		home := world.Variables(w.Environ)["HOME"]
		profile = filepath.Join(home, ".profile")
		w.Environ = append(w.Environ, "SHELL=/bin/sh")
	})
	first := counted.started.Load()
	v.write(v.goenv, "GOPROXY=https://proxy.example\n")
	v.until(func(c engine.Change) bool { return proxyOf(c) == "https://proxy.example" })
	if now := counted.started.Load(); first == 0 || now != first {
		t.Errorf("%d shells were started at first, %d in all after the GOENV file changed", first, now)
	}
	v.write(profile, "export GOPRIVATE=corp.example\n")
	v.until(func(c engine.Change) bool { return slices.Contains(c.StartUp, profile) })
	if now := counted.started.Load(); now == first {
		t.Error("no shell was started after a start-up file changed")
	}
}

// TestWatchSeesWhatComes makes what was missing, one thing after the other.
func TestWatchSeesWhatComes(t *testing.T) {
	v, _ := newWatched(t, nil)
	home := filepath.Dir(v.dir)
	says := func(rule string) func(engine.Change) bool {
		return func(c engine.Change) bool {
			return slices.ContainsFunc(c.Findings, func(f model.Finding) bool { return f.Rule == rule })
		}
	}
	silent := func(rule string) func(engine.Change) bool {
		return func(c engine.Change) bool { return !says(rule)(c) }
	}
	v.write(filepath.Join(v.dir, "go.mod"), "module example.com/a\n\ngo 1.24\n\nrequire example.com/lib v1.0.0\n\nreplace example.com/lib => ../lib\n")
	v.until(says("replacement-missing"))
	v.write(filepath.Join(home, "lib", "go.mod"), "module example.com/lib\n\ngo 1.24\n")
	v.until(silent("replacement-missing"))

	work := filepath.Join(home, "elsewhere", "go.work")
	v.write(v.goenv, "GOPROXY=off\nGOWORK="+work+"\n")
	v.until(says("workspace-broken"))
	v.write(work, "go 1.24\n\nuse "+filepath.ToSlash(v.dir)+"\n")
	v.until(func(c engine.Change) bool { return c.Snapshot.Work != nil && silent("workspace-broken")(c) })
	v.write(work+".sum", "<<<<<<< mine\n")
	v.until(func(c engine.Change) bool { return len(c.Snapshot.Work.Sum.Bad) > 0 })
}

func TestWatchOutlivesTheFolder(t *testing.T) {
	v, _ := newWatched(t, nil)
	away := v.dir + "-away"
	if err := os.Rename(v.dir, away); err != nil {
		t.Fatal(err)
	}
	gone := v.until(func(c engine.Change) bool { return c.Gone })
	if len(gone.Snapshot.Faults) == 0 || len(gone.Snapshot.Envs) > 0 {
		t.Errorf("a folder that is gone looks like one: %+v", gone.Snapshot)
	}
	if err := os.Rename(away, v.dir); err != nil {
		t.Fatal(err)
	}
	back := v.until(func(c engine.Change) bool { return !c.Gone })
	if len(back.Snapshot.Modules) != 1 {
		t.Errorf("the folder is back, with modules %+v", back.Snapshot.Modules)
	}
	if err := v.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

func TestWatchTellsWhatOnlyANewShellSees(t *testing.T) {
	v, _ := newWatched(t, func(w *world.World) { w.Environ = append(w.Environ, "SHELL=/bin/zsh") })
	zshrc := filepath.Join(filepath.Dir(v.dir), ".zshrc")
	v.write(zshrc, "export GOPROXY=direct\n")
	c := v.until(func(c engine.Change) bool { return slices.Contains(c.Files, zshrc) })
	if !slices.Contains(c.StartUp, zshrc) || proxyOf(c) != "off" {
		t.Errorf("start-up files are %q, GOPROXY is %s", c.StartUp, proxyOf(c))
	}
	settings := filepath.Join(v.dir, ".vscode", "settings.json")
	v.write(settings, "{}")
	if c := v.until(func(c engine.Change) bool { return slices.Contains(c.Files, settings) }); len(c.StartUp) > 0 {
		t.Errorf("settings are called a start-up file: %q", c.StartUp)
	}
}

// mortal is a gopls of the workspace that ends when told to, and a second one
// that takes its place later.
type mortal struct {
	world.Processes
	dir string

	mu      sync.Mutex
	running []world.Process
	ended   chan struct{}
}

func (m *mortal) List(context.Context, func(string) bool) ([]world.Process, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.running), nil
}

func (m *mortal) WorkDir(context.Context, int) (string, error)   { return m.dir, nil }
func (m *mortal) Environ(context.Context, int) ([]string, error) { return []string{"GOPROXY=off"}, nil }

func (m *mortal) Wait(ctx context.Context, _ int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-m.end():
		return nil
	}
}

func (m *mortal) end() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ended
}

func (m *mortal) run(pids ...int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = nil
	for _, pid := range pids {
		m.running = append(m.running, world.Process{PID: pid, PPID: 1, Exe: "/usr/bin/gopls", Args: []string{"gopls", "serve"}, Started: time.Unix(int64(pid), 0)})
	}
}

func TestWatchFollowsGopls(t *testing.T) {
	m := &mortal{ended: make(chan struct{})}
	m.run(goplsPID)
	v, first := newWatched(t, func(w *world.World) {
		m.Processes = w.Processes
		w.Processes = m
	})
	if len(first.Snapshot.Gopls) != 1 || first.Snapshot.Gopls[0].PID != goplsPID {
		t.Fatalf("gopls is %+v", first.Snapshot.Gopls)
	}
	m.run()
	close(m.ended)
	if c := v.next(); !slices.Equal(c.Ended, []int{goplsPID}) || len(c.Snapshot.Gopls) != 0 {
		t.Fatalf("ended are %v, running %+v", c.Ended, c.Snapshot.Gopls)
	}
	m.mu.Lock()
	m.ended = make(chan struct{})
	m.mu.Unlock()
	m.run(secondPID)
	if c := v.next(); len(c.Ended) > 0 || len(c.Snapshot.Gopls) != 1 || c.Snapshot.Gopls[0].PID != secondPID {
		t.Fatalf("ended are %v, running %+v", c.Ended, c.Snapshot.Gopls)
	}
}

func TestWatchNeedsAWorkspaceAtFirst(t *testing.T) {
	w := world.Real()
	err := engine.Watch(t.Context(), w, engine.Request{Dir: filepath.Join(t.TempDir(), "missing")}, func(engine.Change) { t.Error("a look") })
	if err == nil || errors.Is(err, engine.ErrUnwatched) {
		t.Errorf("the error is %v", err)
	}
}

type unwatchable struct{}

func (unwatchable) Files(context.Context) (world.FileWatch, error) {
	return nil, errors.New("no more watches")
}

func TestWatchSaysThatNothingCanBeWatched(t *testing.T) {
	w := world.Real()
	w.Watch = unwatchable{}
	err := engine.Watch(t.Context(), w, engine.Request{Dir: t.TempDir()}, func(engine.Change) { t.Error("a look") })
	if !errors.Is(err, engine.ErrUnwatched) {
		t.Errorf("the error is %v", err)
	}
}
