package engine_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestMain lets the shell probe run this test binary as it runs gophantom.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "print-environment" {
		if world.PrintEnvironment(os.Stdout, os.Args[2], os.Environ()) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

const clientPID, goplsPID, secondPID = 100, 200, 300

// editor stands in for VS Code with the Go extension and gopls: gopls has the
// extension host's environment of the moment it was started, and shows the
// broken import as long as the real go command cannot load the package there.
type editor struct {
	*worldtest.Lab
	t      *testing.T
	w      *world.World
	loop   *engine.Loop
	launch map[string]string

	mu       sync.Mutex
	host     map[string]string // the extension host's environment
	gopls    map[string]string // what gopls was started with
	started  time.Time
	restarts int
	actions  []string // what it can do for a cure
	reloads  int
	spoiled  string            // a second file with the broken import; "": there is none
	second   map[string]string // the environment of a second gopls; nil: there is none
	fleet    string            // where counts are sent
	logs     string            // the folder of our own logs; "" if it is not known
	hidden   bool              // the environment of gopls cannot be read
	first    string            // a workspace folder before the lab's, whose main.go imports what does not exist; "": there is none
	updates  chan engine.Update
}

// newEditor starts an editor that was launched with env.
func newEditor(t *testing.T, lab *worldtest.Lab) *editor {
	// A login shell may reset PATH in /etc/profile.
	lab.Write(filepath.Join(lab.Home, ".profile"), "export PATH='"+lab.Env["PATH"]+"'\n")
	e := &editor{
		Lab: lab, t: t, w: world.Real(), launch: lab.With("SHELL=/bin/sh"), host: lab.With("SHELL=/bin/sh"),
		updates: make(chan engine.Update, 1000),
		actions: []string{model.ActionUnsetEnv, model.ActionSetEnv, model.ActionRestartGopls, model.ActionSave},
	}
	// The undo journal of a test is its own.
	e.w.Environ = append([]string{"XDG_CACHE_HOME=" + t.TempDir()}, e.w.Environ...)
	e.w.Processes = e
	e.w.Clock = &hurried{start: time.Now()}
	return e
}

// run starts the loop and ends it with the test.
func (e *editor) run() {
	e.loop = engine.NewLoop(e.w, func(u engine.Update) { e.updates <- u })
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { e.loop.Run(ctx) })
	e.t.Cleanup(func() { cancel(); wg.Wait() })
	e.tell()
}

// hurried is a clock that runs twelve times as fast as the real one: a cure has five
// seconds then, in which real go commands run on a machine that is busy.
type hurried struct{ start time.Time }

const hurry = 12

func (c *hurried) Now() time.Time                         { return c.start.Add(time.Since(c.start) * hurry) }
func (c *hurried) After(d time.Duration) <-chan time.Time { return time.After(d / hurry) }

// Descendants, Environ and Alive are the processes of the editor.
func (e *editor) Descendants(context.Context, int) ([]world.Process, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []world.Process
	if e.gopls != nil {
		out = append(out, world.Process{PID: goplsPID, PPID: clientPID, Exe: "/usr/bin/gopls", Args: []string{"gopls"}, Started: e.started})
	}
	if e.second != nil {
		out = append(out, world.Process{PID: secondPID, PPID: clientPID, Exe: "/usr/bin/gopls", Args: []string{"gopls"}, Started: e.started})
	}
	return out, nil
}

func (e *editor) Environ(_ context.Context, pid int) ([]string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	vars := e.launch
	switch pid {
	case goplsPID:
		if e.hidden {
			return nil, fs.ErrPermission
		}
		vars = e.gopls
	case secondPID:
		vars = e.second
	}
	var out []string
	for k, v := range vars {
		out = append(out, k+"="+v)
	}
	return out, nil
}

func (e *editor) Alive(int) bool { return true }

func (e *editor) List(ctx context.Context, _ func(string) bool) ([]world.Process, error) {
	return e.Descendants(ctx, clientPID)
}

func (e *editor) WorkDir(context.Context, int) (string, error) { return e.Dir, nil }

func (e *editor) Wait(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }

// startGopls starts gopls with the environment of the extension host.
func (e *editor) startGopls() {
	e.mu.Lock()
	e.gopls, e.started = maps.Clone(e.host), e.w.Clock.Now()
	e.restarts++
	e.mu.Unlock()
}

// tell sends the facts that the extension would send.
func (e *editor) tell() { e.loop.Facts(e.facts()) }

func (e *editor) facts() engine.EditorFacts {
	e.mu.Lock()
	gopls, host := maps.Clone(e.gopls), maps.Clone(e.host)
	e.mu.Unlock()
	f := engine.EditorFacts{
		Trusted: true, ClientPID: clientPID, Env: host, Folders: []string{e.Dir},
		Extension: &model.GoExtension{Version: "0.52.0", Active: true, UseLanguageServer: true},
		Editor:    model.Editor{Name: "test", Actions: e.actions}, FleetEndpoint: e.fleet, LogFolder: e.logs,
	}
	if gopls != nil && !e.loads(gopls) {
		f.Problems = []model.Problem{{
			Location: model.Location{File: e.File, Range: model.Range{Start: model.Position{Line: 2, Character: 7}, End: model.Position{Line: 2, Character: 26}}},
			Severity: 1, Source: "compiler", Code: "BrokenImport",
			Message: `could not import example.com/greet (no required module provides package "example.com/greet")`,
		}}
		if e.spoiled != "" {
			more := f.Problems[0]
			more.File = e.spoiled
			f.Problems = append(f.Problems, more)
		}
	}
	if e.first != "" {
		f.Folders = []string{e.first, e.Dir}
		f.Problems = append(f.Problems, model.Problem{
			Location: model.Location{File: filepath.Join(e.first, "main.go"), Range: model.Range{Start: model.Position{Line: 2, Character: 7}, End: model.Position{Line: 2, Character: 28}}},
			Severity: 1, Source: "compiler", Code: "BrokenImport",
			Message: `could not import example.com/nowhere (no required module provides package "example.com/nowhere")`,
		})
	}
	return f
}

// loads asks the real go command whether the package loads, as gopls does.
func (e *editor) loads(env map[string]string) bool {
	cmd := exec.Command("go", "list", "-deps", ".")
	cmd.Dir = e.Dir
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Env = append(cmd.Env, "GOFLAGS=-modcacherw")
	return cmd.Run() == nil
}

// await returns the first update that satisfies ok.
func (e *editor) await(what string, ok func(engine.Update) bool) engine.Update {
	e.t.Helper()
	timeout := time.After(time.Minute)
	var last engine.Update
	for {
		select {
		case last = <-e.updates:
			if ok(last) {
				return last
			}
		case <-timeout:
			e.t.Fatalf("%s did not come; the last update was %+v", what, last)
		}
	}
}

// UnsetEnv and the rest are the editor's side of a cure.
func (e *editor) UnsetEnv(_ context.Context, names []string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range names {
		delete(e.host, name)
	}
	return nil
}

func (e *editor) SetEnv(_ context.Context, values map[string]string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.Copy(e.host, values)
	return nil
}

func (e *editor) RestartGopls(context.Context) error {
	e.startGopls()
	e.tell()
	return nil
}

func (e *editor) ReloadGopls(_ context.Context, folders []string) error {
	e.mu.Lock()
	e.reloads++
	e.mu.Unlock()
	if !slices.Equal(folders, []string{e.Dir}) {
		e.t.Errorf("gopls is to load %q", folders)
	}
	e.tell()
	return nil
}

func (e *editor) InstallGopls(context.Context) error         { return errors.New("no network") }
func (e *editor) RestartExtensionHost(context.Context) error { return nil }
func (e *editor) AddFolder(context.Context, string) error    { return nil }

func (e *editor) ApplyEdit(context.Context, engine.Edit) (bool, error) { return false, nil }
func (e *editor) Confirm(context.Context, string, string, []engine.Edit) (bool, error) {
	return true, nil
}
func (e *editor) Progress(string) {}

var _ engine.Host = (*editor)(nil)

// masked is an editor with the most instructive phantom: GOPROXY=off was in
// the GOENV file when the Go extension copied it, and the file was repaired.
func masked(t *testing.T) *editor {
	lab := worldtest.NewLab(t)
	lab.Write(filepath.Join(lab.Home, ".config", "go", "env"), "GOPROXY=file://"+lab.Proxy+"\n")
	e := newEditor(t, lab)
	e.host["GOPROXY"] = "off"
	e.startGopls()
	e.run()
	return e
}

func phantom(u engine.Update) bool {
	return !u.Busy && len(u.Report.Problems) == 1 && u.Report.Problems[0].Verdict == string(model.Phantom)
}

func TestCureOfMaskedProxy(t *testing.T) {
	e := masked(t)
	u := e.await("the phantom", phantom)
	p := u.Report.Problems[0]
	if p.Cause != "env" || strings.Join(p.Guilty, " ") != "GOPROXY" || !strings.Contains(p.TrueReason, "GOPROXY=off") {
		t.Errorf("verdict %+v", p)
	}
	if u.Report.Health != "warning" || !strings.Contains(u.Cure, "GOPROXY") {
		t.Errorf("health %q, cure %q", u.Report.Health, u.Cure)
	}

	before := e.restarts
	r := e.loop.Cure(t.Context(), e)
	if r.Outcome != "cured" {
		t.Fatalf("the cure: %+v", r)
	}
	if _, still := e.host["GOPROXY"]; still || e.restarts != before+1 {
		t.Errorf("GOPROXY is still in the extension host (%v), or gopls was restarted %d times", still, e.restarts-before)
	}
	u = e.await("health ok", func(u engine.Update) bool { return !u.Busy && u.Report.Health == "ok" })
	if len(u.Report.Findings) != 0 || u.Cure != "" {
		t.Errorf("after the cure: %+v", u)
	}

	if r := e.loop.Undo(t.Context(), e, ""); r.Outcome != "undone" || e.host["GOPROXY"] != "off" {
		t.Errorf("undo: %+v, GOPROXY=%q", r, e.host["GOPROXY"])
	}
	if r := e.loop.Undo(t.Context(), e, ""); r.Outcome != "nothing" {
		t.Errorf("a second undo: %+v", r)
	}
}

// stubborn ignores what a cure asks of it, as a broken Go extension would.
type stubborn struct{ *editor }

func (s stubborn) RestartGopls(context.Context) error { return nil }

func TestCureThatDoesNotHelpSaysSo(t *testing.T) {
	e := masked(t)
	u := e.await("the phantom", phantom)
	r := e.loop.Cure(t.Context(), stubborn{e})
	if r.Outcome != "not-cured" || r.Next == u.Cure {
		t.Errorf("the cure: %+v; it must not be offered again", r)
	}
}

func TestFixOfAnOlderPictureIsRefused(t *testing.T) {
	e := masked(t)
	e.await("the phantom", phantom)
	r := e.loop.Fix(t.Context(), e, engine.FixRequest{Fix: "unmask", Args: map[string]string{"variable": "GOBIN"}, Snapshot: 1})
	if r.Outcome != "refused" || r.Message == "" {
		t.Errorf("the fix: %+v", r)
	}
}

func TestRealProblemIsNoPhantom(t *testing.T) {
	lab := worldtest.NewLab(t)
	lab.Write(filepath.Join(lab.Home, ".config", "go", "env"), "GOPROXY=off\n")
	e := newEditor(t, lab)
	e.host["GOPROXY"] = "off"
	e.startGopls()
	e.run()
	u := e.await("the verdict", func(u engine.Update) bool {
		return !u.Busy && len(u.Report.Problems) == 1 && u.Report.Problems[0].Verdict != string(model.Unknown)
	})
	if p := u.Report.Problems[0]; p.Verdict != string(model.Real) || len(p.Fixes) > 0 {
		t.Errorf("verdict %q with %d fixes, want a real problem with none", p.Verdict, len(p.Fixes))
	}
	if !slices.ContainsFunc(u.Report.Findings, func(f report.Finding) bool { return f.Rule == "goproxy-off" }) {
		t.Errorf("nothing says why the module cannot be had: %+v", u.Report.Findings)
	}
}

// untouchable runs nothing.
type untouchable struct{ t *testing.T }

func (u untouchable) Run(_ context.Context, cmd world.Command) (world.Result, error) {
	u.t.Errorf("%s was run in a workspace that is not trusted", cmd.Path)
	return world.Result{}, world.ErrNotFound
}

func (u untouchable) Start(_ context.Context, cmd world.Command) (world.Child, error) {
	u.t.Errorf("%s was started in a workspace that is not trusted", cmd.Path)
	return nil, world.ErrNotFound
}

func TestUntrustedWorkspaceRunsNothing(t *testing.T) {
	e := newEditor(t, worldtest.NewLab(t))
	e.host["GOPROXY"] = "off"
	e.startGopls()
	e.w.Exec = untouchable{t}
	e.loop = engine.NewLoop(e.w, func(u engine.Update) { e.updates <- u })
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { e.loop.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	e.loop.Facts(engine.EditorFacts{
		ClientPID: clientPID, Env: e.host, Folders: []string{e.Dir},
		Problems: []model.Problem{{Location: model.Location{File: e.File}, Severity: 1, Source: "compiler", Message: "could not import example.com/greet (x)"}},
	})
	u := e.await("a judged snapshot", func(u engine.Update) bool { return u.Ready && !u.Busy })
	if u.Trusted || u.Report.Health == "ok" || u.Report.Problems[0].Verdict != string(model.Unknown) {
		t.Errorf("trusted %v, health %q, problems %+v", u.Trusted, u.Report.Health, u.Report.Problems)
	}
}

func TestChangedFileIsSeen(t *testing.T) {
	lab := worldtest.NewLab(t)
	goenv := filepath.Join(lab.Home, ".config", "go", "env")
	e := newEditor(t, lab)
	e.host["GOPROXY"] = "file://" + lab.Proxy
	e.launch["GOPROXY"] = e.host["GOPROXY"]
	e.startGopls()
	e.run()
	e.await("the first look", func(u engine.Update) bool { return u.Ready && !u.Busy && u.Report.Snapshot.Go != "" })
	lab.Write(goenv, "GOPRIVATE=git.corp.example, github.com/acme\n")
	e.await("the finding", func(u engine.Update) bool {
		return len(u.Report.Findings) == 1 && u.Report.Findings[0].Rule == "private-pattern-never-matches"
	})
	if err := os.Remove(goenv); err != nil {
		t.Fatal(err)
	}
	e.await("its end", func(u engine.Update) bool { return !u.Busy && len(u.Report.Findings) == 0 })
}

// TestWhatIsMissingIsSaid goes through what an editor may lack: each gives a
// sentence, and never "ok".
func TestWhatIsMissingIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(*editor, *engine.EditorFacts)
		want    string
	}{
		"no folder":         {func(_ *editor, f *engine.EditorFacts) { f.Folders = nil }, "No folder is open"},
		"no Go extension":   {func(e *editor, f *engine.EditorFacts) { f.Extension, e.gopls = nil, nil }, "golang.go"},
		"gopls is off":      {func(e *editor, f *engine.EditorFacts) { f.Extension.UseLanguageServer, e.gopls = false, nil }, "go.useLanguageServer"},
		"no gopls":          {func(e *editor, _ *engine.EditorFacts) { e.gopls = nil }, "gopls is not running"},
		"two gopls":         {func(e *editor, _ *engine.EditorFacts) { e.second = e.With("GOFLAGS=-tags=other") }, "two gopls run"},
		"deleted workspace": {func(_ *editor, f *engine.EditorFacts) { f.Folders = []string{filepath.Join(f.Folders[0], "gone")} }, "does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEditor(t, worldtest.NewLab(t))
			e.startGopls()
			e.loop = engine.NewLoop(e.w, func(u engine.Update) { e.updates <- u })
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Go(func() { e.loop.Run(ctx) })
			t.Cleanup(func() { cancel(); wg.Wait() })
			f := engine.EditorFacts{
				Trusted: true, ClientPID: clientPID, Env: e.host, Folders: []string{e.Dir},
				Extension: &model.GoExtension{Version: "0.52.0", Active: true, UseLanguageServer: true},
			}
			test.prepare(e, &f)
			e.loop.Facts(f)
			u := e.await("what is missing", func(u engine.Update) bool {
				return u.Ready && !u.Busy && slices.ContainsFunc(u.Report.Unknown, func(n report.Unknown) bool { return strings.Contains(n.Why, test.want) })
			})
			if u.Report.Health == "ok" {
				t.Errorf("health is ok: %+v", u.Report)
			}
		})
	}
}

// slowGo lets the first run of go that compiles wait until it is ended.
type slowGo struct {
	world.Exec
	once    sync.Once
	started chan struct{}
	ended   chan error
}

func (g *slowGo) Run(ctx context.Context, cmd world.Command) (r world.Result, err error) {
	if len(cmd.Args) > 0 && cmd.Args[0] == "list" && slices.Contains(cmd.Args, "-export") {
		g.once.Do(func() {
			close(g.started)
			<-ctx.Done()
			err = ctx.Err()
			g.ended <- err
		})
		if err != nil {
			return r, err
		}
	}
	return g.Exec.Run(ctx, cmd)
}

// TestNewsEndAJudgement changes a document while go is asked about it: that run
// ends, and what is published is about the document as it is now.
func TestNewsEndAJudgement(t *testing.T) {
	lab := worldtest.NewLab(t)
	lab.Write(filepath.Join(lab.Home, ".config", "go", "env"), "GOPROXY=off\n")
	e := newEditor(t, lab)
	slow := &slowGo{Exec: e.w.Exec, started: make(chan struct{}), ended: make(chan error, 1)}
	e.w.Exec = slow
	e.startGopls()
	e.run()
	select {
	case <-slow.started:
	case <-time.After(time.Minute):
		t.Fatal("go was not asked")
	}
	f := e.facts()
	f.Dirty = []string{e.File}
	e.loop.Facts(f)
	select {
	case err := <-slow.ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the run ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the run did not end")
	}
	e.await("the newer verdict", func(u engine.Update) bool {
		return !u.Busy && len(u.Report.Problems) == 1 && u.Report.Problems[0].Verdict == string(model.Unknown) && strings.Contains(u.Report.Problems[0].Why, "unsaved")
	})
}
