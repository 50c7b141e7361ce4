package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- engine.Watch(ctx, v.w, engine.Request{Dir: v.dir}, func(c engine.Change) {
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
