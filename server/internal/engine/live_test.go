package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// restartable is an editor whose gopls can end, as the system would tell.
type restartable struct {
	*editor
	mu    sync.Mutex
	ended map[int]chan struct{}
	pid   int
}

func newRestartable(e *editor) *restartable {
	m := &restartable{editor: e, ended: map[int]chan struct{}{}, pid: goplsPID}
	e.w.Processes = m
	return m
}

func (m *restartable) end(pid int) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended[pid] == nil {
		m.ended[pid] = make(chan struct{})
	}
	return m.ended[pid]
}

func (m *restartable) Wait(ctx context.Context, pid int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-m.end(pid):
		return nil
	}
}

func (m *restartable) Descendants(ctx context.Context, root int) ([]world.Process, error) {
	all, err := m.editor.Descendants(ctx, root)
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range all {
		if all[i].PID == goplsPID {
			all[i].PID = m.pid
		}
	}
	return all, err
}

func (m *restartable) Environ(ctx context.Context, pid int) ([]string, error) {
	if pid != clientPID {
		pid = goplsPID
	}
	return m.editor.Environ(ctx, pid)
}

// kill ends gopls; a new one has another number.
func (m *restartable) kill() {
	m.editor.mu.Lock()
	m.gopls = nil
	m.editor.mu.Unlock()
	m.mu.Lock()
	old := m.pid
	m.pid++
	m.mu.Unlock()
	close(m.end(old))
}

func reason(text string) func(engine.Update) bool {
	return func(u engine.Update) bool { return !u.Busy && strings.Contains(u.Report.Snapshot.Reason, text) }
}

func TestGoplsThatEndsAndStartsIsSeen(t *testing.T) {
	e := newEditor(t, worldtest.NewLab(t))
	e.startGopls()
	m := newRestartable(e)
	e.run()
	e.await("the first gopls", func(u engine.Update) bool { return slices.Equal(u.Gopls, []int{goplsPID}) })
	m.kill()
	u := e.await("its end", reason("gopls (process 200) ended"))
	if len(u.Gopls) != 0 || u.Report.Health == "ok" {
		t.Errorf("gopls %v, health %q", u.Gopls, u.Report.Health)
	}
	e.startGopls() // nobody tells
	if u := e.await("the next one", reason("gopls started (process 201)")); !slices.Equal(u.Gopls, []int{201}) {
		t.Errorf("gopls %v", u.Gopls)
	}
}

// TestStartUpFileIsSeen edits what only the shell reads.
func TestStartUpFileIsSeen(t *testing.T) {
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	profile := filepath.Join(lab.Home, ".profile")
	before := "export PATH='" + lab.Env["PATH"] + "'\nexport GOPROXY='file://" + lab.Proxy + "'\n"
	lab.Write(profile, before)
	e.host["GOPROXY"] = "file://" + lab.Proxy
	e.launch["GOPROXY"] = e.host["GOPROXY"]
	e.startGopls()
	e.run()
	e.await("the lines of the shell", reason("the start-up files of the shell were followed"))
	lab.Write(profile, before+"export GOPRIVATE=git.corp.example/team\n")
	u := e.await("the drift", func(u engine.Update) bool {
		return slices.ContainsFunc(u.Report.Findings, func(f report.Finding) bool { return f.Subject == "GOPRIVATE" && f.Rule == "env-drift" })
	})
	drift := u.Report.Findings[slices.IndexFunc(u.Report.Findings, func(f report.Finding) bool { return f.Subject == "GOPRIVATE" })]
	line := strings.Count(before, "\n") + 1
	places := append([]report.Origin{}, drift.Related...)
	if drift.Origin != nil {
		places = append(places, *drift.Origin)
	}
	if !slices.ContainsFunc(places, func(o report.Origin) bool { return o.File == profile && o.Line == line }) {
		t.Errorf("%s:%d is not in %+v", profile, line, places)
	}
	lab.Write(profile, before)
	e.await("its end", func(u engine.Update) bool { return !u.Busy && len(u.Report.Findings) == 0 })
}

// TestFocusIsACheapRecheck focuses the window: nothing changed, so no snapshot
// is taken; a file that changed without an event is found.
func TestFocusIsACheapRecheck(t *testing.T) {
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	e.host["GOPROXY"] = "file://" + lab.Proxy
	e.startGopls()
	e.w.Watch = deaf{}
	e.run()
	u := e.await("the lines of the shell", reason("followed"))
	if !slices.ContainsFunc(u.Details, func(d string) bool { return strings.Contains(d, "cannot be watched") }) {
		t.Errorf("details %q do not say that nothing is watched", u.Details)
	}
	facts := e.facts()
	facts.Focused = true
	e.loop.Facts(facts)
	focus := func() {
		for _, facts.Focused = range []bool{false, true} { // what it loses says nothing
			e.loop.Facts(facts)
		}
	}
	// The other shell may still be followed, which is a look of its own; in the
	// end a focus is none.
	number := 0
	for range 20 {
		focus()
		u = e.await("the recheck", func(engine.Update) bool { return true })
		if u.Report.Snapshot.Number == number {
			break
		}
		number = u.Report.Snapshot.Number
	}
	if u.Report.Snapshot.Number != number {
		t.Errorf("snapshot %d (%s), though nothing changed", u.Report.Snapshot.Number, u.Report.Snapshot.Reason)
	}
	goenv := filepath.Join(lab.Home, ".config", "go", "env")
	lab.Write(goenv, "GOPRIVATE=git.corp.example, github.com/acme\n")
	focus()
	u = e.await("the changed file", reason(goenv+" changed"))
	if u.Report.Snapshot.Number == number {
		t.Error("no new snapshot")
	}
}

// deaf is a system that tells of no change.
type deaf struct{}

func (deaf) Files(context.Context) (world.FileWatch, error) {
	return nil, errors.New("too many watches")
}

// TestEveryFolderHasItsPicture opens two modules, of which only the second has
// a phantom.
func TestEveryFolderHasItsPicture(t *testing.T) {
	lab := worldtest.NewLab(t)
	lab.Write(filepath.Join(lab.Home, ".config", "go", "env"), "GOPROXY=file://"+lab.Proxy+"\n")
	e := newEditor(t, lab)
	first := t.TempDir()
	lab.Write(filepath.Join(first, "go.mod"), "module example.com/first\n\ngo 1.21\n")
	lab.Write(filepath.Join(first, "main.go"), "package main\n\nimport \"example.com/nowhere\"\n\nfunc main() { nowhere.F() }\n")
	e.host["GOPROXY"] = "off"
	e.startGopls()
	e.first = first
	e.run()
	u := e.await("both verdicts", func(u engine.Update) bool {
		return !u.Busy && len(u.Report.Problems) == 2 && !slices.ContainsFunc(u.Report.Problems, func(p report.Problem) bool { return p.Verdict == string(model.Unknown) })
	})
	verdicts := map[string]string{}
	for _, p := range u.Report.Problems {
		verdicts[filepath.Dir(report.FileOf(p.URI))] = p.Verdict
	}
	if verdicts[first] != string(model.Real) || verdicts[e.Dir] != string(model.Phantom) {
		t.Errorf("verdicts %v, want a real problem in %s and a phantom in %s", verdicts, first, e.Dir)
	}
	masks := 0
	for _, f := range u.Report.Findings {
		if f.Rule == "masked-variable" {
			masks++
			if f.Folder != "" {
				t.Errorf("what both folders have names %s", f.Folder)
			}
		}
	}
	if masks != 1 {
		t.Errorf("%d findings of one mask: %+v", masks, u.Report.Findings)
	}
	if r := e.loop.Cure(t.Context(), e); r.Outcome != "cured" || !r.Undoable {
		t.Errorf("the cure: %+v", r)
	}
}

// TestUndoGoesBackCureByCure: a cure does not lose the undo of the one before,
// and a file that a cure has created goes with it.
func TestUndoGoesBackCureByCure(t *testing.T) {
	e := drifted(t)
	e.await("the phantom", phantom)
	user := &asked{editor: e, agree: true}
	settings := filepath.Join(e.Dir, ".vscode", "settings.json")
	e.loop.Fix(t.Context(), user, engine.FixRequest{Fix: fix.UseShellValue, Args: map[string]string{"variable": "GOPROXY"}})
	if _, err := os.Stat(settings); err != nil {
		t.Fatal(err)
	}
	r := e.loop.Fix(t.Context(), user, engine.FixRequest{Fix: fix.RestartGopls})
	if !r.Undoable {
		t.Errorf("after %+v nothing can be undone", r)
	}
	if r := e.loop.Undo(t.Context(), user, ""); r.Outcome != "undone" || r.Undoable {
		t.Errorf("undo: %+v", r)
	}
	if _, err := os.Stat(settings); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", settings, err)
	}
}

// TestCostsAreKept looks at a workspace that is in order: what its shell, go list
// and, as the log of the editor says, the load of gopls take is kept with its
// baseline.
func TestCostsAreKept(t *testing.T) {
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	lab.Write(filepath.Join(lab.Home, ".profile"), "export PATH='"+lab.Env["PATH"]+"' GOPROXY='file://"+lab.Proxy+"'\n")
	e.host["GOPROXY"] = "file://" + lab.Proxy
	e.launch["GOPROXY"] = e.host["GOPROXY"]
	e.startGopls()
	window := t.TempDir()
	e.logs = filepath.Join(window, "gophantom.gophantom")
	loaded := e.started.Add(time.Second)
	log := filepath.Join(window, "golang.go", "gopls (server).log")
	lab.Write(log,
		fmt.Sprintf("%s [info] %s go/packages.Load #1\n\tdirectory=%s\n\tduration=321ms\n\n", loaded.Format("2006-01-02 15:04:05.000"), loaded.Format("2006/01/02 15:04:05"), e.Dir))
	if err := os.Chtimes(log, loaded, loaded); err != nil { // by the clock of this editor
		t.Fatal(err)
	}
	e.run()
	u := e.await("the lines of the shell", reason("the start-up files of the shell were followed"))
	if u.Report.Health != "ok" {
		t.Fatalf("%s: %+v %+v", u.Report.Health, u.Report.Findings, u.Report.Unknown)
	}
	var costs map[string]baseline.Costs
	for range 20 { // until gopls is old enough for its log to be read
		if _, err := e.loop.Recheck(t.Context()); err != nil {
			t.Fatal(err)
		}
		if costs = engine.CostsOf(e.w, e.Dir); len(costs[model.CostGoplsLoad].Samples) > 0 {
			break
		}
	}
	if samples := costs[model.CostGoplsLoad].Samples; len(samples) != 1 || samples[0].Millis != 321 {
		t.Errorf("gopls load: %+v", samples)
	}
	for _, what := range []string{model.CostShell, model.CostGoList} {
		samples := costs[what].Samples
		if len(samples) == 0 || slices.ContainsFunc(samples, func(s baseline.Sample) bool { return s.Millis <= 0 || s.Millis > 120_000 }) {
			t.Errorf("%s: %+v", what, samples)
		}
	}
}
