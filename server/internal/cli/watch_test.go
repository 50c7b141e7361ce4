package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// look is one look at a shell with the given GOPROXY.
func look(number int, reason, proxy string) engine.Change {
	layer := model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{"GOPROXY": {Value: model.NewValue(proxy)}}}
	return engine.Change{Assessment: engine.Assessment{Snapshot: &model.Snapshot{
		Number: number, Reason: reason, Dir: "/ws", Taken: time.Unix(int64(number), 0), Envs: []model.Env{{Name: model.EnvShell, Complete: true, Layers: []model.Layer{layer}}},
	}}}
}

// watching is an app whose engine has the given looks, and is interrupted then.
func watching(t *testing.T, looks ...engine.Change) (a *app, ctx context.Context, out func() (stdout, stderr string)) {
	a, stdout, stderr := fake(report.Report{})
	ctx, cancel := context.WithCancel(t.Context())
	a.engine.watch = func(ctx context.Context, _ *world.World, _ engine.Request, report func(engine.Change)) error {
		for _, l := range looks {
			report(l)
		}
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	return a, ctx, func() (string, string) { return stdout.String(), stderr.String() }
}

func TestWatchPrintsWhatChanges(t *testing.T) {
	zshrc := look(3, "/home/gopher/.zshrc changed", "direct")
	zshrc.StartUp = []string{"/home/gopher/.zshrc"}
	gone := look(4, "/ws changed", "")
	gone.Snapshot.Envs, gone.Gone = nil, true
	gone.Snapshot.Faults = []model.Fault{{Text: "The folder is gone."}}
	a, ctx, out := watching(t, look(1, "asked", "off"), look(2, "/ws/go.mod changed", "direct"), zshrc, gone, look(5, "/ws changed", "direct"))
	if code := run(ctx, a, []string{"env", "--watch"}); code != exitInterrupted {
		t.Errorf("exit %d, want %d", code, exitInterrupted)
	}
	rest, stderr := out()
	for _, want := range []string{
		"Only one environment", "#2  go.mod changed", "GOPROXY in shell", "was  off", "is   direct",
		"#3", "/home/gopher/.zshrc changed: open a new terminal", "#4", "The folder is gone.", "#5", "as before",
	} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("no %q (in its place) in\n%s", want, rest)
		}
		rest = after
	}
	if !strings.Contains(stderr, "Ctrl-C ends it") {
		t.Errorf("stderr is %q", stderr)
	}
}

func TestWatchPrintsOneObjectALine(t *testing.T) {
	a, ctx, out := watching(t, look(1, "asked", "off"), look(2, "/ws/go.mod changed", "https://u:hunter2@proxy.example"))
	run(ctx, a, []string{"env", "--watch", "--format", "json"})
	stdout, _ := out()
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(lines) != 2 || strings.Contains(stdout, "hunter2") {
		t.Fatalf("%d lines:\n%s", len(lines), stdout)
	}
	for i, line := range lines {
		var c report.Change
		if err := json.Unmarshal([]byte(line), &c); err != nil || c.Snapshot.Number != i+1 || (c.Env != nil) != (i == 0) || len(c.Values) != i {
			t.Errorf("line %d (%v): %s", i+1, err, line)
		}
	}
}

func TestWatchThatFails(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{fmt.Errorf("%w: no more watches", engine.ErrUnwatched), exitUndecided},
		{errors.New("/ws is not a directory"), exitUsage},
	} {
		a, _, _ := fake(report.Report{})
		a.engine.watch = func(context.Context, *world.World, engine.Request, func(engine.Change)) error { return c.err }
		if code := run(t.Context(), a, []string{"env", "--watch"}); code != c.want {
			t.Errorf("%v: exit %d, want %d", c.err, code, c.want)
		}
	}
	a, ctx, _ := watching(t, look(1, "asked", "off"))
	a.stdout = fullDisk{}
	if code := run(context.WithoutCancel(ctx), a, []string{"env", "--watch"}); code != exitUndecided {
		t.Errorf("a report that cannot be written: exit %d, want %d", code, exitUndecided)
	}
}
