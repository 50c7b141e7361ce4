package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// listings counts the runs of go that list every package of a module.
type listings struct {
	world.Exec
	mu sync.Mutex
	n  int
}

func (l *listings) Run(ctx context.Context, cmd world.Command) (world.Result, error) {
	if slices.Contains(cmd.Args, "./...") {
		l.mu.Lock()
		l.n++
		l.mu.Unlock()
	}
	return l.Exec.Run(ctx, cmd)
}

func (l *listings) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

func hasRef(ref string) func(engine.Update) bool {
	return func(u engine.Update) bool {
		return !u.Busy && slices.ContainsFunc(u.Report.Findings, func(f report.Finding) bool { return f.Ref == ref })
	}
}

// TestLoopHearsGo has a go.sum without a line that go needs: only go itself
// says that. It is asked once, until something changes that its answer depends
// on.
func TestLoopHearsGo(t *testing.T) {
	lab := worldtest.NewLab(t)
	lab.Go(lab.Dir, map[string]string{"GOPROXY": "file://" + lab.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	sum := filepath.Join(lab.Dir, "go.sum")
	data, err := os.ReadFile(sum)
	if err != nil {
		t.Fatal(err)
	}
	lab.Write(sum, "")
	e := newEditor(t, lab)
	runs := &listings{Exec: e.w.Exec}
	e.w.Exec = runs
	e.startGopls()
	e.run()
	e.await("what go says", hasRef("GS-MISSING"))
	if _, err := e.loop.Recheck(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The shell has answered and go too: from here on nothing is news.
	before := runs.count()
	if u, err := e.loop.Recheck(t.Context()); err != nil || !hasRef("GS-MISSING")(u) {
		t.Errorf("another look forgot what go said: %v", err)
	}
	if n := runs.count() - before; n != 0 {
		t.Errorf("another look without news lists packages %d times", n)
	}
	lab.Write(sum, string(data))
	e.tell()
	e.await("a look after go.sum was mended", func(u engine.Update) bool { return !u.Busy && !hasRef("GS-MISSING")(u) })
	u, err := e.loop.Recheck(t.Context())
	if err != nil || hasRef("GS-MISSING")(u) {
		t.Errorf("go is still said to miss lines of go.sum: %v", err)
	}
	if runs.count() == before {
		t.Errorf("go was not asked again after go.sum changed")
	}
}

// TestSaidByGopls knows that gopls itself forbids downloads when it loads a
// second time: that is no fault of the user's.
func TestSaidByGopls(t *testing.T) {
	lab := worldtest.NewLab(t)
	at := model.Location{File: lab.File}
	problems := []model.Problem{
		{Location: at, Source: "go list", Message: "initialization failed: packages.Load error: err: exit status 1: stderr: go: parsing $GOFLAGS: unknown flag -foo"},
		{Location: at, Source: "go list", Message: "example.com/greet@v1.0.0: module lookup disabled by GOPROXY=off"},
		{Location: at, Source: "compiler", Message: "undefined: greet"},
		{Location: at, Source: "go list", Message: "go: unknown GOEXPERIMENT foo", Stale: true},
	}
	for proxy, want := range map[string]string{"https://proxy.example": "GF-UNKNOWN", "off": "GF-UNKNOWN PX-OFF-COLD"} {
		s, err := engine.Observe(t.Context(), world.Real(), engine.Request{
			Dir: lab.Dir, Problems: problems, Captured: engine.Captured{model.EnvShell: lab.With(), model.EnvGopls: lab.With("GOPROXY=" + proxy)},
		})
		if err != nil {
			t.Fatal(err)
		}
		var refs []string
		for _, said := range s.Said {
			if said.Env != model.EnvGopls || said.Command != "gopls" || said.Location.File != lab.File {
				t.Errorf("said by %s in %s at %+v", said.Command, said.Env, said.Location)
			}
			for _, m := range said.Messages {
				refs = append(refs, m.Refs[0])
			}
		}
		if got := strings.Join(refs, " "); got != want {
			t.Errorf("GOPROXY=%s: %q, want %q", proxy, got, want)
		}
	}
}

// TestReadLogKeepsLittle reads a log with more different messages than anybody
// needs.
func TestReadLogKeepsLittle(t *testing.T) {
	var b strings.Builder
	const many = 5000
	for i := range many {
		b.WriteString("go: unknown GOEXPERIMENT x" + strings.Repeat("y", i%2500) + "\n")
	}
	said, count, err := engine.ReadLog(strings.NewReader(b.String()), model.EnvShell)
	if err != nil || len(said) == 0 || len(said) >= 2500 {
		t.Fatalf("%d texts kept of %d different ones, %v", len(said), 2500, err)
	}
	if count.Known != many || count.Unknown != 0 || count.Left == 0 || strings.Join(count.Refs, " ") != "GEXP" {
		t.Errorf("count %+v", count)
	}
}
