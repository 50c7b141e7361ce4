package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// plain is an editor that only speaks LSP: it tells no problems, settings or
// environment.
type plain struct {
	*editor
	trusted bool
}

// newPlain starts one whose language servers get more variables than the shell
// has. The real gopls is on its PATH.
func newPlain(t *testing.T, lab *worldtest.Lab, vars ...string) *plain {
	path := filepath.Dir(worldtest.Gopls(t, "")) + string(filepath.ListSeparator) + lab.Env["PATH"]
	lab.Env["PATH"] = path
	p := &plain{editor: newEditor(t, lab), trusted: true}
	p.w.Clock = world.Real().Clock // gopls takes its time
	p.w.Environ = world.Environ(lab.With(append(vars, "SHELL=/bin/sh", "XDG_CACHE_HOME="+t.TempDir())...))
	p.loop = engine.NewLoop(p.w, func(engine.Update) {})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.loop.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return p
}

func (p *plain) tell() {
	p.loop.Facts(engine.EditorFacts{
		Trusted: p.trusted, ClientPID: clientPID, Folders: []string{p.Dir},
		Editor: model.Editor{Name: "Helix", RunsGopls: true}, Untold: true,
	})
}

// show asks for verdicts.
func (p *plain) show() engine.Update {
	p.t.Helper()
	u, err := p.loop.Show(p.t.Context(), p)
	if err != nil {
		p.t.Fatal(err)
	}
	return u
}

// verdicts are the problems of a report with a verdict.
func verdicts(u engine.Update, kind string) (out []report.Problem) {
	for _, p := range u.Report.Problems {
		if p.Verdict == kind {
			out = append(out, p)
		}
	}
	return out
}

func unknown(u engine.Update, rule string) string {
	for _, k := range u.Report.Unknown {
		if k.Rule == rule {
			return k.Why
		}
	}
	return ""
}

// TestVerdictsWithoutBeingTold judges for an editor that runs gopls and tells
// nothing of it.
func TestVerdictsWithoutBeingTold(t *testing.T) {
	lab := worldtest.NewLab(t)
	lab.Go(lab.Dir, map[string]string{"GOPROXY": "file://" + lab.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	p := newPlain(t, lab, "GOFLAGS=-mod=vendor")
	p.tell()

	// Nobody has asked yet: that is not "healthy", and not "stale" either.
	u, err := p.loop.Recheck(t.Context())
	if err != nil || len(u.Report.Problems) != 0 || !strings.Contains(unknown(u, "gopls"), "Helix") {
		t.Fatalf("before anyone asked: %v, %+v", err, u.Report)
	}

	u = p.show()
	found := verdicts(u, "phantom")
	if len(found) == 0 || found[0].Cause != "env" || len(found[0].Guilty) != 1 || found[0].Guilty[0] != "GOFLAGS" {
		t.Fatalf("%+v\n%+v", u.Report.Problems, u.Report.Unknown)
	}
	if why := unknown(u, "gopls"); why != "" {
		t.Errorf("unknown: %s", why)
	}

	// The same with a gopls that runs in the editor, which has what it was started with.
	p.mu.Lock()
	p.host = lab.With()
	p.mu.Unlock()
	p.startGopls()
	if found := verdicts(p.show(), "phantom"); len(found) != 0 {
		t.Errorf("with a healthy gopls in the editor: %+v", found)
	}
	p.mu.Lock()
	p.host = lab.With("GOFLAGS=-mod=vendor")
	p.mu.Unlock()
	p.startGopls()
	u = p.show()
	if len(verdicts(u, "phantom")) == 0 {
		t.Errorf("with a gopls of the editor that has GOFLAGS: %+v", u.Report.Problems)
	}

	// What was written since is not what gopls has seen.
	lab.Write(lab.File, "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Hello()) } // changed\n")
	u, err = p.loop.Recheck(t.Context())
	if err != nil || slices.ContainsFunc(verdicts(u, "phantom"), func(q report.Problem) bool { return strings.HasSuffix(q.URI, "main.go") }) {
		t.Errorf("after the file was written: %v, %+v", err, u.Report.Problems)
	}

	// What is red on both sides is real.
	p.mu.Lock()
	p.gopls = nil
	p.mu.Unlock()
	p.w.Environ = slices.DeleteFunc(p.w.Environ, func(pair string) bool { return strings.HasPrefix(pair, "GOFLAGS=") })
	lab.Write(lab.File, "package main\n\nfunc main() { nothing() }\n")
	u = p.show()
	if len(verdicts(u, "real")) == 0 || len(verdicts(u, "phantom")) != 0 {
		t.Errorf("an error of the code: %+v", u.Report.Problems)
	}
}

// TestNothingRunsUntold: a workspace that is not trusted gets no gopls.
func TestNothingRunsUntold(t *testing.T) {
	lab := worldtest.NewLab(t)
	p := newPlain(t, lab, "GOFLAGS=-mod=vendor")
	p.trusted = false
	p.w.Exec = forbidden{t}
	p.tell()
	if u := p.show(); len(u.Report.Problems) != 0 {
		t.Errorf("%+v", u.Report.Problems)
	}
}

// forbidden runs nothing.
type forbidden struct{ t *testing.T }

func (f forbidden) Run(_ context.Context, c world.Command) (world.Result, error) {
	f.t.Errorf("%s was run", c.Path)
	return world.Result{}, context.Canceled
}

func (f forbidden) Start(_ context.Context, c world.Command) (world.Child, error) {
	f.t.Errorf("%s was started", c.Path)
	return nil, context.Canceled
}

// TestCureWithoutBeingTold cures by an edit, which a gopls of our own then
// finds in order: the editor's language servers have a GOENV file of their own.
func TestCureWithoutBeingTold(t *testing.T) {
	lab := worldtest.NewLab(t)
	lab.Go(lab.Dir, map[string]string{"GOPROXY": "file://" + lab.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	goenv := filepath.Join(t.TempDir(), "env")
	lab.Write(goenv, "GOFLAGS=-mod=vendor\n")
	p := newPlain(t, lab, "GOENV="+goenv)
	p.tell()
	if u := p.show(); len(verdicts(u, "phantom")) == 0 {
		t.Fatalf("%+v\n%+v", u.Report.Problems, u.Report.Unknown)
	}
	r := p.loop.Cure(t.Context(), p)
	data, err := os.ReadFile(goenv)
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != "cured" || strings.Contains(string(data), "vendor") {
		t.Errorf("%+v; the file has %q", r, data)
	}
	if r := p.loop.Undo(t.Context(), p, ""); r.Outcome != "undone" {
		t.Errorf("%+v", r)
	}
	if u := p.show(); len(verdicts(u, "phantom")) == 0 {
		t.Errorf("after the undo: %+v", u.Report.Problems)
	}
}
